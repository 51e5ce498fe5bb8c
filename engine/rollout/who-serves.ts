import { setTimeout as sleep } from 'node:timers/promises'
import { pending } from '../facts/index.ts'
import { Failure, isFailure, messageOf, saidOf } from '../failure/index.ts'
import { isHook, judge } from '../host/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { Gate, HostView } from '../role/index.ts'
import type { Session } from './session.ts'

export type Availability =
  | { readonly total: number; readonly available: ReadonlySet<string> }
  /** It can't be told: of whom nothing is known, nobody may say that working on it costs nothing. */
  | { readonly unknown: string }

/**
 * Looks at every host of the play's pattern, also those that `--limit` leaves out: which serve clients now? One that
 * seems not to is looked at again: what is down for a moment only must not be taken for something that can be worked on
 * at no cost.
 */
export async function availabilityOf(session: Session, { play, everyone }: ReadyPlay): Promise<Availability> {
  const total = everyone.length
  const { gate } = play
  if (!gate) return { total, available: new Set(everyone.map(host => host.name)) }
  const first = await askGates(session, gate, everyone)
  if ('unknown' in first) return first
  const silent = everyone.filter(host => !first.available.has(host.name))
  if (silent.length === 0 || silent.length === total || session.signal.aborted) return { ...first, total }
  await sleep(gate.interval * 1000, undefined, { signal: session.signal }).catch(() => {})
  const second = await askGates(session, gate, silent)
  if ('unknown' in second) return second
  return { total, available: new Set([...first.available, ...second.available]) }
}

async function askGates(
  session: Session,
  gate: Gate,
  hosts: readonly HostView[],
): Promise<{ readonly available: ReadonlySet<string> } | { readonly unknown: string }> {
  const looked = await session.each(hosts, async host => ({ host: host.name, ...(await askGate(session, gate, host)) }))
  const faults = looked.flatMap(one => ('fault' in one ? [one] : []))
  const [first] = faults
  if (first) {
    const others = faults.length > 1 ? ` (and of ${faults.length - 1} more)` : ''
    return { unknown: `whether ${first.host}${others} is available can't be told: ${first.fault}` }
  }
  return { available: new Set(looked.flatMap(one => ('serves' in one && one.serves ? [one.host] : []))) }
}

/** Its gate counts it as available, and no earlier run has left it out of service. */
async function askGate(
  session: Session,
  gate: Gate,
  host: HostView,
): Promise<{ readonly serves: boolean } | { readonly fault: string }> {
  const { requests, verdict } = judge(gate, gate.available ?? gate, host, session.view)
  try {
    const wanted = [...requests(), pending({})]
    const facts = await (await session.channel(host.name)).probe(wanted)
    return { serves: !facts.get(pending({})).some(isHook) && verdict(facts).ok }
  } catch (error) {
    // It can't be reached, so it can't be counted on; whoever needs the host itself says why.
    if (isFailure(error, 'unreachable')) return { serves: false }
    if (!(error instanceof Failure)) return { fault: messageOf(error) }
    const { message, hint } = saidOf(error)
    return { fault: [message, hint].filter(Boolean).join('\n') }
  }
}
