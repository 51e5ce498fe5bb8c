import { setTimeout as sleep } from 'node:timers/promises'
import { pending } from '../facts/index.ts'
import { Failure, isFailure, messageOf, saidOf } from '../failure/index.ts'
import { isHook, judge } from '../host/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { Gate, HostView } from '../role/index.ts'
import type { Session } from './session.ts'

export type Availability =
  | Seen
  /** It can't be told: of whom nothing is known, nobody may say that working on it costs nothing. */
  | { readonly unknown: string }

interface Seen {
  readonly total: number
  readonly available: ReadonlySet<string>
  /** Those that go after the others. */
  readonly last: ReadonlySet<string>
}

/**
 * Looks at every host of the play's pattern, also those that `--limit` leaves out: which serve clients now? One that
 * seems not to is looked at again: what is down for a moment only must not be taken for something that can be worked on
 * at no cost. Who is worked on now is not asked, and not counted.
 */
export async function availabilityOf(
  session: Session,
  { play, everyone }: ReadyPlay,
  atWork: Pick<ReadonlyMap<string, unknown>, 'has'> = new Map(),
): Promise<Availability> {
  const total = everyone.length
  const { gate } = play
  const asked = everyone.filter(({ name }) => !atWork.has(name))
  if (!gate) return { total, available: new Set(asked.map(host => host.name)), last: new Set() }
  const first = await askGates(session, gate, asked)
  if ('unknown' in first) return first
  const silent = asked.filter(host => !first.available.has(host.name))
  if (silent.length === 0 || silent.length === asked.length || session.signal.aborted) return { ...first, total }
  await sleep(gate.interval * 1000, undefined, { signal: session.signal }).catch(() => {})
  const second = await askGates(session, gate, silent)
  if ('unknown' in second) return second
  const both = (of: 'available' | 'last') => new Set([...first[of], ...second[of]])
  return { total, available: both('available'), last: both('last') }
}

async function askGates(
  session: Session,
  gate: Gate,
  hosts: readonly HostView[],
): Promise<Omit<Seen, 'total'> | { readonly unknown: string }> {
  const looked = await session.each(hosts, async host => ({ host: host.name, ...(await askGate(session, gate, host)) }))
  const faults = looked.flatMap(one => ('fault' in one ? [one] : []))
  const [first] = faults
  if (first) {
    const others = faults.length > 1 ? ` (and of ${faults.length - 1} more)` : ''
    return { unknown: `whether ${first.host}${others} is available can't be told: ${first.fault}` }
  }
  const those = (of: 'serves' | 'last') =>
    new Set(looked.flatMap(one => ('serves' in one && one.serves && one[of] ? [one.host] : [])))
  return { available: those('serves'), last: those('last') }
}

/** Its gate counts it as available, and no earlier run has left it out of service. */
async function askGate(
  session: Session,
  gate: Gate,
  host: HostView,
): Promise<{ readonly serves: boolean; readonly last: boolean } | { readonly fault: string }> {
  const { requests, verdict } = judge(gate, gate.available ?? gate, host, session.view)
  try {
    const last = gate.last && judge(gate, gate.last, host, session.view)
    const wanted = [...requests(), ...(last?.requests() ?? []), pending({})]
    const facts = await (await session.channel(host.name)).probe(wanted)
    return { serves: !facts.get(pending({})).some(isHook) && verdict(facts).ok, last: last?.verdict(facts).ok ?? false }
  } catch (error) {
    // It can't be reached, so it can't be counted on; whoever needs the host itself says why.
    if (isFailure(error, 'unreachable')) return { serves: false, last: false }
    if (!(error instanceof Failure)) return { fault: messageOf(error) }
    const { message, hint } = saidOf(error)
    return { fault: [message, hint].filter(Boolean).join('\n') }
  }
}
