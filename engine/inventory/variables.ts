import { type Decrypt, findNode, originOf, someScalar, toValue } from './node.ts'
import type { Node, Setting, Variable } from './types.ts'

export type Variables = ReadonlyMap<string, Variable>

/** A copy of `base` with the settings on top, each remembering what it overrode. */
export function override(base: Variables, settings: Iterable<Setting>, decrypt: Decrypt): Map<string, Variable> {
  const result = new Map(base)
  for (const setting of settings) {
    result.set(setting.name, toVariable(setting, result.get(setting.name), decrypt))
  }
  return result
}

/** The value is made when it is read: most variables of a big inventory never are, and a vault may need a password. */
export function toVariable(setting: Setting, overrides: Variable | undefined, decrypt: Decrypt): Variable {
  const { node, file, source } = setting
  let value: { readonly plain: unknown } | undefined
  const variable: Variable = {
    get value() {
      const isPlain = node.kind === 'scalar' && node.type !== 'vault'
      if (isPlain && setting.secret !== true) return node.value
      value ??= { plain: isPlain ? node.value : toValue(node, file, decrypt) }
      if (setting.secret === true) decrypt.opened?.(value.plain)
      return value.plain
    },
    get origin() {
      return originOf(node, file)
    },
    source,
    get secret() {
      return setting.secret === true || someScalar(node, scalar => scalar.type === 'vault')
    },
    locate: path => originOf(findNode(node, path), file),
    node,
    ...(setting.secret === true && { fromVault: true }),
    ...(overrides !== undefined && { overrides }),
  }
  return variable
}

/** Text with `{{` or `{%` somewhere in it, which `resolveVar` evaluates. */
export function isTemplated(variable: Variable): boolean {
  return variable.node === undefined ? hasTemplate(variable.value) : someScalar(variable.node, isTemplateScalar)
}

function isTemplateScalar(scalar: Extract<Node, { kind: 'scalar' }>): boolean {
  return scalar.type === 'str' && hasTemplate(scalar.value)
}

function hasTemplate(value: unknown): boolean {
  return typeof value === 'string' && /\{[{%#]/.test(value)
}
