import { setTimeout as sleep } from 'node:timers/promises'
import { pending } from '../facts/pending.ts'
import type { HostView } from '../role/view.ts'
import { isHook } from './hook-name.ts'
import type { ReadyPlay } from './ready.ts'
import type { Session } from './session.ts'

export interface Availability {
  readonly total: number
  readonly available: ReadonlySet<string>
}

/**
 * Looks at every host of the play's pattern, also those that `--limit` leaves out: which serve clients now? One that seems not to is
 * looked at again: what is down for a moment only must not be taken for something that can be worked on at no cost.
 */
export async function availabilityOf(session: Session, { play, everyone }: ReadyPlay): Promise<Availability> {
  const first = await lookAt(session, play.gate, everyone)
  const silent = everyone.filter(host => !first.has(host.name))
  if (silent.length === 0 || silent.length === everyone.length || session.signal.aborted) {
    return { total: everyone.length, available: first }
  }
  await sleep((play.gate?.interval ?? 1) * 1000, undefined, { signal: session.signal }).catch(() => {})
  const second = await lookAt(session, play.gate, silent)
  return { total: everyone.length, available: new Set([...first, ...second]) }
}

async function lookAt(
  session: Session,
  gate: ReadyPlay['play']['gate'],
  hosts: readonly HostView[],
): Promise<ReadonlySet<string>> {
  const looked = await session.each(hosts, async host => ((await isAvailable(session, gate, host)) ? [host.name] : []))
  return new Set(looked.flat())
}

/** Its gate counts it as available, and no earlier run has left it out of service. */
async function isAvailable(session: Session, gate: ReadyPlay['play']['gate'], host: HostView): Promise<boolean> {
  if (!gate) return true
  const { facts: wanted, check } = gate.available ?? gate
  try {
    const channel = await session.channel(host.name)
    const facts = await channel.probe([...wanted(host, session.view), pending({})])
    return !facts.get(pending({})).some(isHook) && check(facts, host, session.view).ok
  } catch {
    // It can't be reached, so it can't be counted on; whoever needs the host itself says why.
    return false
  }
}
