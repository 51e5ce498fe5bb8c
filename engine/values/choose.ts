import type { Origin, Problem } from '../failure/index.ts'
import type { Variable } from '../inventory/index.ts'

/** The variable of a host by name, its template evaluated: the value and where it was set. */
export interface Lookup {
  (name: string): { readonly value: unknown; readonly variable: Variable } | undefined
  /** All names that any host of the inventory has, where that is known: no other need be asked for. */
  readonly names?: ReadonlySet<string>
  /** What counts of a name where nobody sets it, as written, or why that can't be evaluated. */
  readonly defaultOf?: (name: string) => Variable | { readonly why: Problem } | undefined
}

/** A value that a playbook gives to a param. */
export interface PlaybookValue {
  readonly value: unknown
  readonly site: Origin
  /** The role that is given it, and by which param. */
  readonly role: string
  readonly param: string
}

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'playbook'; readonly given: PlaybookValue }
  | { readonly kind: 'variable'; readonly named: string; readonly value: unknown; readonly variable: Variable }

/**
 * All that sets a param, the strongest first: extra variables under any of its names, the playbook, the other variables
 * by Ansible's precedence. Where two names are equally strong the one that comes first wins, and one that says
 * something beats one that is empty: every name of a param says the same thing, and sample inventories have `name: ""`.
 */
export function sourcesOf(
  names: readonly string[],
  lookup: Lookup,
  given: PlaybookValue | undefined,
): readonly Source[] {
  const variables: Hit[] = []
  for (const named of names) {
    const hit = lookup(named)
    if (hit !== undefined) variables.push({ kind: 'variable', named, ...hit })
  }
  const sorted = variables.length < 2 ? variables : variables.sort(byStrength)
  if (given === undefined) return sorted
  const extra = sorted.filter(({ variable }) => isExtra(variable))
  return [...extra, { kind: 'playbook', given }, ...sorted.slice(extra.length)]
}

export const isExtra = ({ source }: Variable): boolean => source === 'extra vars'

/** `name:` and `name: ""` set nothing, and what they override is not set either. */
export const isEmpty = (value: unknown): boolean => value === null || value === ''

/** A source that is a variable. */
export type Hit = Extract<Source, { kind: 'variable' }>

const byStrength = (a: Hit, b: Hit): number =>
  b.variable.rank - a.variable.rank || Number(isEmpty(a.value)) - Number(isEmpty(b.value))
