import type { FactMap, FactValues } from '../facts/index.ts'
import type { Origin } from '../failure/index.ts'
import type { Web, WebOptions } from '../web/index.ts'
import { callSite } from './call-site.ts'
import type { RemoteShell } from './remote.ts'
import type { Verdict } from './verdict.ts'
import type { AnyCluster, HostContext, HostView, InventoryView } from './view.ts'

/** How long a gate is waited for; all in seconds. */
export interface GateTimes {
  /** In this time it must have held for as long as it shall; default 300. */
  readonly timeout?: number
  /** Between two looks; default 5. */
  readonly interval?: number
  /** How long it must hold without a break, as far as the looks can tell; default 0: one look is enough. */
  readonly holdFor?: number
}

/**
 * A condition on whatever a cluster serves that must hold after a batch before the next one is begun. It is asked from
 * outside: of any host, or of the web.
 */
export interface BatchGate extends Required<GateTimes> {
  readonly name: string
  /** What is expected, in a few words. */
  readonly expected: string
  /** Where it is said. */
  readonly origin: Origin
  /** What must never be seen. */
  readonly secrets: readonly string[]
  /** What a host's users can read while it is asked: no secret may be among it. */
  readonly seen: readonly string[]
  /** What is wrong with it: it is refused before any host is touched. */
  readonly wrong: readonly string[]
  /** A host that it is asked on, beside those of the batch. */
  readonly host?: string
  /** One look. What it throws counts as a gate that does not hold; an abort by `signal` is thrown. */
  readonly look: (context: BatchLook) => Promise<Verdict>
}

/** What a gate looks with. */
export interface BatchLook {
  /** Those of the batch that have not failed; before the first change of a play also those of batches before it. */
  readonly hosts: readonly HostView[]
  readonly inventory: InventoryView
  /** Facts of a host. */
  readonly probe: <M extends FactMap>(host: string, facts: M) => Promise<FactValues<M>>
  /** Remote `$` on a host. */
  readonly on: (host: string) => RemoteShell
  /** The web as the control machine sees it. */
  readonly web: (options?: WebOptions) => Promise<Web>
  readonly signal: AbortSignal
}

/** Gates that the inventory has for a host. Those of a batch are those of its hosts, each once. */
export interface BatchGates {
  /** Its values are handed over as `cluster`. */
  readonly cluster?: AnyCluster
  /** Throws a Failure (refused) with all that is wrong with them, before any host is touched. */
  readonly of: (context: never) => readonly BatchGate[]
}

/** Gates that a value of the cluster tells, host by host: what must hold after each batch in which such a host is. */
export const batchGates = <C extends AnyCluster | undefined = undefined>(options: {
  readonly cluster?: C
  readonly of: (context: HostContext<C>) => readonly BatchGate[]
}): BatchGates => options as BatchGates

/** A gate of one's own between batches: `look` says whether it holds. `gate.command` and `gate.http` are made of it. */
export function batchGate(
  options: GateTimes & {
    readonly name: string
    readonly expected: string
    readonly origin?: Origin
    /** What the playbook calls, where that is another function than this one: then the place is that of its call. */
    readonly maker?: (...args: never[]) => unknown
    readonly secrets?: readonly string[]
    readonly seen?: readonly string[]
    readonly wrong?: readonly string[]
    readonly host?: string
    readonly look: BatchGate['look']
  },
): BatchGate {
  const { maker = batchGate, ...given } = options
  const { timeout = 300, interval = 5, holdFor = 0, origin = callSite(maker) } = given
  const { secrets = [], seen = [], wrong = [] } = given
  return { ...given, timeout, interval, holdFor, origin, secrets, seen, wrong }
}
