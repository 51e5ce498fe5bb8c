import type { Origin } from '../../failure/index.ts'
import type { Node } from '../../python/index.ts'
import { type Decrypt, findNode, originOf, someScalar, toNode, toValue } from '../../python/index.ts'
import type { Setting, Variable } from '../types.ts'

export type Variables = ReadonlyMap<string, Variable>

/**
 * A copy of `base` with the settings on top, list by list, each remembering what it overrode. `firstRank` is the rank
 * of the first list; those after it have the next ones.
 */
export function override(
  base: Variables,
  lists: Iterable<readonly Setting[]>,
  decrypt: Decrypt,
  firstRank: number,
): Map<string, Variable> {
  const result = new Map(base)
  let rank = firstRank
  for (const settings of lists) {
    for (const setting of settings) {
      result.set(setting.name, toVariable(setting, result.get(setting.name), decrypt, rank))
    }
    rank += 1
  }
  return result
}

/** The rank of extra variables. */
const strongest = Number.MAX_SAFE_INTEGER

export const toVariable = (
  setting: Setting,
  overrides: Variable | undefined,
  decrypt: Decrypt,
  rank: number,
): Variable => new SettingVariable(setting, overrides, decrypt, rank)

/**
 * Makes variables of settings that all hosts have. What such a one overrides is the same on most of them, and so it is
 * one variable: what follows from it is worked out once.
 */
export function sharedVariables(decrypt: Decrypt): (setting: Setting, overrides: Variable | undefined) => Variable {
  const known = new Map<Setting, Map<Variable | undefined, Variable>>()
  return (setting, overrides) => {
    const byOverridden = known.get(setting) ?? new Map<Variable | undefined, Variable>()
    known.set(setting, byOverridden)
    const variable = byOverridden.get(overrides) ?? toVariable(setting, overrides, decrypt, strongest)
    byOverridden.set(overrides, variable)
    return variable
  }
}

/**
 * The value is made when it is read: most variables of a big inventory never are, and a vault may need a password. A
 * class, because there are hundreds of thousands, and each as an object with getters of its own was most of the time
 * that a large inventory took.
 */
class SettingVariable implements Variable {
  private readonly setting: Setting
  private readonly decrypt: Decrypt
  private made: { readonly plain: unknown } | undefined
  private readonly before: Variable | undefined
  readonly rank: number

  constructor(setting: Setting, before: Variable | undefined, decrypt: Decrypt, rank: number) {
    this.setting = setting
    this.before = before
    this.decrypt = decrypt
    this.rank = rank
    this.made = undefined
  }

  get value(): unknown {
    const { node, file, secret } = this.setting
    const isPlain = node.kind === 'scalar' && node.type !== 'vault'
    if (isPlain && secret !== true) return node.value
    this.made ??= { plain: isPlain ? node.value : toValue(node, file, this.decrypt) }
    if (secret === true) this.decrypt.opened?.(this.made.plain)
    return this.made.plain
  }

  get origin(): Origin {
    return originOf(this.setting.node, this.setting.file)
  }

  get source(): string {
    return this.setting.source
  }

  get secret(): boolean {
    return this.setting.secret === true || someScalar(this.setting.node, scalar => scalar.type === 'vault')
  }

  get fromVault(): boolean {
    return this.setting.secret === true
  }

  get overrides(): Variable | undefined {
    return this.before
  }

  get node(): Node {
    return this.setting.node
  }

  locate(path: readonly (string | number)[]): Origin {
    return originOf(findNode(this.setting.node, path), this.setting.file)
  }
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

/** Every word in the templates of a value, names of variables among them. Nothing is decrypted for it. */
export function wordsInTemplates(variable: Variable): readonly string[] {
  const words: string[] = []
  someScalar(variable.node ?? toNode(variable.value), scalar => {
    if (isTemplateScalar(scalar)) words.push(...(String(scalar.value).match(/[A-Za-z_]\w*/g) ?? []))
    return false
  })
  return words
}
