import type { FactMap, FactRequest, Facts, FactValues } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'
import type { HostView, InventoryView } from './view.ts'

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
  /** Inventory variables it reads, so that `-e` may set them. */
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
  readonly facts: (host: HostView, inventory: InventoryView) => readonly FactRequest[]
  readonly check: (facts: Facts, host: HostView, inventory: InventoryView) => Verdict
}

interface Options<M extends FactMap> {
  readonly facts: (host: HostView, inventory: InventoryView) => M
  readonly check: (values: FactValues<M>, host: HostView) => Verdict
}

/**
 * What must hold on a host before the rollout goes on: asked each `interval` seconds (2) until it holds. After
 * `timeout` seconds (300) the host has failed. `available` says when a host counts as up for `keepAvailable`, where
 * that is less.
 */
export function gate<M extends FactMap, A extends FactMap = M>(options: {
  readonly name: string
  readonly vars?: readonly string[]
  readonly facts: (host: HostView, inventory: InventoryView) => M
  readonly check: (values: FactValues<M>, host: HostView) => Verdict
  readonly available?: Options<A>
  readonly timeout?: number
  readonly interval?: number
}): Gate {
  return {
    name: options.name,
    vars: options.vars ?? [],
    timeout: options.timeout ?? 300,
    interval: options.interval ?? 2,
    ...conditionOf(options),
    ...(options.available === undefined ? {} : { available: conditionOf(options.available) }),
  }
}

const conditionOf = <M extends FactMap>({ facts, check }: Options<M>): Condition => ({
  facts: (host, inventory) => Object.values(facts(host, inventory)),
  check: (values, host, inventory) => check(valuesOf(facts(host, inventory), values), host),
})
