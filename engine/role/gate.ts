import type { FactMap, FactRequest, Facts, FactValues } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'
import type { AnyCluster, HostContext } from './view.ts'

/** What a gate saw: it holds, or what was expected and what was seen instead. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly expected: string; readonly saw: string }

/** The verdict of a gate that holds. */
export const holds: Verdict = { ok: true }

/**
 * A condition on a host that must hold before the rollout goes on. It is facts and a function of them, so it is probed
 * with the tasks at no cost, counts which hosts are available, and is polled after a change.
 */
export interface Gate extends Condition {
  readonly name: string
  /** Its values are handed over as `cluster`. */
  readonly cluster?: AnyCluster
  /** Further inventory variables it reads, so that `-e` may set them. */
  readonly vars: readonly string[]
  /**
   * What counts a host as available, where that is less than what a changed host is waited for: one that serves, but
   * not yet as it shall, must not be taken for one that can be worked on at no cost. Default: the gate itself.
   */
  readonly available?: Condition
  /** Seconds: how long a changed host may take. */
  readonly timeout: number
  /** Seconds between two looks. */
  readonly interval: number
}

export interface Condition {
  readonly facts: (context: never) => readonly FactRequest[]
  readonly check: (facts: Facts, context: never) => Verdict
}

interface Options<M extends FactMap, C> {
  readonly facts: (context: HostContext<C>) => M
  readonly check: (values: FactValues<M>, context: HostContext<C>) => Verdict
}

/**
 * What must hold on a host before the rollout goes on: asked each `interval` seconds (2) until it holds. After
 * `timeout` seconds (300) the host has failed. `available` says when a host counts as up for `keepAvailable`, where
 * that is less.
 */
export function gate<M extends FactMap, A extends FactMap = M, C extends AnyCluster | undefined = undefined>(
  options: Options<M, C> & {
    readonly name: string
    readonly cluster?: C
    readonly vars?: readonly string[]
    readonly available?: Options<A, C>
    readonly timeout?: number
    readonly interval?: number
  },
): Gate {
  const { name, cluster, vars = [], timeout = 300, interval = 2, available } = options
  return {
    name,
    vars,
    timeout,
    interval,
    ...(cluster === undefined ? {} : { cluster }),
    ...conditionOf(options),
    ...(available === undefined ? {} : { available: conditionOf(available) }),
  }
}

const conditionOf = <M extends FactMap, C>({ facts, check }: Options<M, C>): Condition => ({
  facts: (context: HostContext<C>) => Object.values(facts(context)),
  check: (values, context: HostContext<C>) => check(valuesOf(facts(context), values), context),
})
