import type { FactMap, FactRequest, Facts, FactValues } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'

/** What a check saw, beside what it expected; both in a few words. */
export interface Finding {
  readonly ok: boolean
  readonly expected: string
  readonly saw: string
  /**
   * What stops nobody, but will be missed if nobody reads it: each with what to do about it. They stand in the table,
   * and all of a run once more at its end.
   */
  readonly warnings?: readonly string[]
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
  /** What has to be known beside the host's facts, such as what this machine can reach. */
  readonly beside?: (facts: Facts) => Promise<unknown>
  readonly judge: (facts: Facts, beside?: unknown) => Finding
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
 * `beside` looks from the control machine at what the facts make worth a look.
 */
export function hostCheck<M extends FactMap, B = undefined>(options: {
  readonly name: string
  readonly facts: M
  readonly beside?: (values: FactValues<M>) => Promise<B>
  readonly verdict: (values: FactValues<M>, beside: B) => Finding
}): HostCheck {
  const { name, facts: requests, beside, verdict } = options
  return {
    type: 'host',
    name,
    facts: Object.values(requests),
    ...(beside && { beside: (facts: Facts) => beside(valuesOf(requests, facts)) }),
    judge: (facts, seen) => verdict(valuesOf(requests, facts), seen as B),
  }
}

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
