import type { FactMap, FactRequest, Facts, FactValues } from '../facts/fact.ts'
import { valuesOf } from '../facts/fact.ts'
import type { HostView, InventoryView } from './view.ts'

/** What a gate saw: it holds, or what was expected and what was seen instead. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly expected: string; readonly saw: string }

export const holds: Verdict = { ok: true }

/**
 * A condition on a host that must hold before the rollout goes on. It is facts and a function of them, so it is probed with the
 * tasks at no cost, counts which hosts are available, and is polled after a change.
 */
export interface Gate {
  readonly name: string
  /** Inventory variables it reads, so that `-e` may set them. */
  readonly vars: readonly string[]
  readonly facts: (host: HostView, inventory: InventoryView) => readonly FactRequest[]
  readonly check: (facts: Facts, host: HostView, inventory: InventoryView) => Verdict
  /** Seconds: how long a changed host may take. */
  readonly timeout: number
  /** Seconds between two looks. */
  readonly interval: number
}

export function gate<M extends FactMap>(options: {
  readonly name: string
  readonly vars?: readonly string[]
  readonly facts: (host: HostView, inventory: InventoryView) => M
  readonly check: (values: FactValues<M>, host: HostView) => Verdict
  readonly timeout?: number
  readonly interval?: number
}): Gate {
  return {
    name: options.name,
    vars: options.vars ?? [],
    timeout: options.timeout ?? 300,
    interval: options.interval ?? 2,
    facts: (host, inventory) => Object.values(options.facts(host, inventory)),
    check: (facts, host, inventory) => options.check(valuesOf(options.facts(host, inventory), facts), host),
  }
}
