import type { FactMap, FactRequest, Facts, FactValues } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'
import { commandGate } from './command-gate.ts'
import { httpGate } from './http-gate.ts'
import { holds, type Verdict } from './verdict.ts'
import type { AnyCluster, HostContext } from './view.ts'

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
  /** Of those that are available, who is worked on after the others: the one that leads them. */
  readonly last?: Condition
  /** Seconds: how long a changed host may take. */
  readonly timeout: number
  /** Seconds between two looks. */
  readonly interval: number
  /** Seconds for which it must hold without a break, as far as the looks can tell. */
  readonly holdFor: number
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
 * `timeout` seconds (300) the host has failed. With `holdFor` it must hold for so many seconds. `available` says when a
 * host counts as up for `keepAvailable`, where that is less; `last`, who of those that are up is worked on after the
 * others.
 *
 * `gate.command` and `gate.http` are of `afterBatch`: what must hold after a batch before the next one is begun.
 */
export function gate<M extends FactMap, A extends FactMap = M, C extends AnyCluster | undefined = undefined>(
  options: Options<M, C> & {
    readonly name: string
    readonly cluster?: C
    readonly vars?: readonly string[]
    readonly available?: Options<A, C>
    readonly last?: (values: FactValues<M>, context: HostContext<C>) => boolean
    readonly timeout?: number
    readonly interval?: number
    readonly holdFor?: number
  },
): Gate {
  const { name, cluster, vars = [], timeout = 300, interval = 2, holdFor = 0, available, last } = options
  return {
    name,
    vars,
    timeout,
    interval,
    holdFor,
    ...(cluster === undefined ? {} : { cluster }),
    ...conditionOf(options),
    ...(available === undefined ? {} : { available: conditionOf(available) }),
    ...(last === undefined ? {} : { last: conditionOf({ ...options, check: goesLast(last) }) }),
  }
}

gate.command = commandGate
gate.http = httpGate

const conditionOf = <M extends FactMap, C>({ facts, check }: Options<M, C>): Condition => ({
  facts: (context: HostContext<C>) => Object.values(facts(context)),
  check: (values, context: HostContext<C>) => check(valuesOf(facts(context), values), context),
})

const goesLast =
  <M extends FactMap, C>(last: (values: FactValues<M>, context: HostContext<C>) => boolean) =>
  (values: FactValues<M>, context: HostContext<C>): Verdict =>
    last(values, context) ? holds : { ok: false, expected: 'one that goes last', saw: 'another' }
