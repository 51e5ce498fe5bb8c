import type { FactMap, FactRequest, Facts, FactValues } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'

/** What a check saw, beside what it expected; both in a few words. */
export interface Finding {
  readonly ok: boolean
  readonly expected: string
  readonly saw: string
}

/**
 * Something that shall be so, looked at once. Like a gate it is facts and a function of them; unlike one it stops
 * nobody: all checks of a play are done, whatever the others say, and a table tells what they saw. It changes nothing.
 */
export type Check = HostCheck | SharedCheck

export interface HostCheck {
  readonly type: 'host'
  readonly name: string
  readonly facts: readonly FactRequest[]
  readonly judge: (facts: Facts) => Finding
}

/**
 * About several hosts together (exactly one of them has an address). Every host that takes part has one of the same
 * name, which reads a value there; the first host's then judges all of them.
 */
export interface SharedCheck {
  readonly type: 'shared'
  readonly name: string
  readonly facts: readonly FactRequest[]
  readonly read: (facts: Facts) => unknown
  /** Values by host, `undefined` of one that can't be reached. */
  readonly judge: (seen: ReadonlyMap<string, unknown>) => Finding
}

/**
 * A check of one host: `verdict` judges what its facts are, and changes nothing. `name` heads its column of the table.
 */
export const hostCheck = <M extends FactMap>(options: {
  readonly name: string
  readonly facts: M
  readonly verdict: (values: FactValues<M>) => Finding
}): HostCheck => ({
  type: 'host',
  name: options.name,
  facts: Object.values(options.facts),
  judge: facts => options.verdict(valuesOf(options.facts, facts)),
})

/**
 * A check of several hosts together: `read` makes one value of each host, `verdict` judges them all. A host that can
 * not be reached has no value.
 */
export const sharedCheck = <M extends FactMap, V>(options: {
  readonly name: string
  readonly facts: M
  readonly read: (values: FactValues<M>) => V
  readonly verdict: (seen: ReadonlyMap<string, V | undefined>) => Finding
}): SharedCheck => ({
  type: 'shared',
  name: options.name,
  facts: Object.values(options.facts),
  read: facts => options.read(valuesOf(options.facts, facts)),
  // Checks of one name are made by one role, so their values are of one type.
  judge: seen => options.verdict(seen as ReadonlyMap<string, V | undefined>),
})
