/** The nodes of nunjucks' syntax tree that can be evaluated here. Lines and columns count from 0. */
export type Ast = { readonly lineno: number; readonly colno: number } & (
  | {
      readonly typename: 'Root' | 'NodeList' | 'Output' | 'Group' | 'Array' | 'Dict' | 'KeywordArgs'
      readonly children: readonly Ast[]
    }
  | { readonly typename: 'TemplateData' | 'Literal'; readonly value: unknown }
  | { readonly typename: 'Symbol'; readonly value: string }
  | { readonly typename: 'Pair'; readonly key: Ast; readonly value: Ast }
  | { readonly typename: 'LookupVal'; readonly target: Ast; readonly val: Ast }
  | { readonly typename: 'Slice'; readonly start: Ast; readonly stop: Ast; readonly step: Ast }
  | { readonly typename: 'If' | 'InlineIf'; readonly cond: Ast; readonly body: Ast; readonly else_: Ast | null }
  | { readonly typename: 'For'; readonly arr: Ast; readonly name: Ast; readonly body: Ast; readonly else_: Ast | null }
  | { readonly typename: 'Set'; readonly targets: readonly Ast[]; readonly value: Ast | null; readonly body?: Ast }
  | { readonly typename: 'Capture'; readonly body: Ast }
  | { readonly typename: 'FunCall' | 'Filter'; readonly name: Ast; readonly args: Ast }
  | { readonly typename: Binary; readonly left: Ast; readonly right: Ast }
  | { readonly typename: 'Not' | 'Neg' | 'Pos'; readonly target: Ast }
  | {
      readonly typename: 'Compare'
      readonly expr: Ast
      readonly ops: readonly { readonly expr: Ast; readonly type: string }[]
    }
)

export type Binary = 'In' | 'Is' | 'And' | 'Or' | 'Add' | 'Sub' | 'Mul' | 'Div' | 'FloorDiv' | 'Mod' | 'Pow' | 'Concat'
