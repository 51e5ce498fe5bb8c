/** What a pattern means, piece by piece; flags are already worked in. */
export type Tree =
  | { readonly kind: 'one'; readonly is: OneOf; readonly literal?: number }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Tree[] }
  | {
      readonly kind: 'repeat'
      readonly body: Tree
      readonly min: number
      readonly max: number
      readonly isGreedy: boolean
    }
  | { readonly kind: 'group'; readonly index: number; readonly body: Tree }
  | { readonly kind: 'atomic'; readonly body: Tree }
  | {
      readonly kind: 'look'
      readonly body: Tree
      readonly isNegative: boolean
      /** Characters to go back first; undefined looks ahead. */
      readonly back?: number
    }
  | { readonly kind: 'at'; readonly place: Place }
  | { readonly kind: 'same'; readonly index: number; readonly ignoresCase: boolean }
  | { readonly kind: 'if'; readonly index: number; readonly yes: Tree; readonly no: Tree }

/** Whether one character, as a code point, is meant. */
export type OneOf = (code: number) => boolean

export type Place =
  | 'start'
  | 'lineStart'
  | 'end'
  | 'lastLine'
  | 'lineEnd'
  | 'word'
  | 'noWord'
  | 'asciiWord'
  | 'noAsciiWord'

/** The fewest and the most characters that match. */
export function widthOf(tree: Tree, groups: ReadonlyMap<number, Tree>): readonly [number, number] {
  switch (tree.kind) {
    case 'one':
      return [1, 1]
    case 'sequence': {
      const widths = tree.parts.map(part => widthOf(part, groups))
      return widths.reduce<readonly [number, number]>(([a, b], [c, d]) => [a + c, b + d], [0, 0])
    }
    case 'choice': {
      const widths = tree.parts.map(part => widthOf(part, groups))
      return [Math.min(...widths.map(([min]) => min)), Math.max(...widths.map(([, max]) => max))]
    }
    case 'repeat': {
      const [min, max] = widthOf(tree.body, groups)
      return [min * tree.min, max === 0 || tree.max === 0 ? 0 : max * tree.max]
    }
    case 'group':
    case 'atomic':
      return widthOf(tree.body, groups)
    case 'same': {
      const group = groups.get(tree.index)
      return group === undefined ? [0, Number.POSITIVE_INFINITY] : widthOf(group, groups)
    }
    case 'if': {
      const [yes, no] = [widthOf(tree.yes, groups), widthOf(tree.no, groups)]
      return [Math.min(yes[0], no[0]), Math.max(yes[1], no[1])]
    }
    default:
      return [0, 0]
  }
}
