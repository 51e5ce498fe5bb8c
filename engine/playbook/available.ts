import type { HostView } from '../role/view.ts'
import type { ReadyPlay } from './ready.ts'
import type { Session } from './session.ts'

export interface Availability {
  readonly total: number
  readonly available: ReadonlySet<string>
}

/** Looks at every host of the play's pattern, also those that `--limit` leaves out: on which does the gate hold now? */
export async function availabilityOf(session: Session, { play, everyone }: ReadyPlay): Promise<Availability> {
  const looked = await session.each(everyone, async host =>
    (await isAvailable(session, play.gate, host)) ? [host.name] : [],
  )
  return { total: everyone.length, available: new Set(looked.flat()) }
}

async function isAvailable(session: Session, gate: ReadyPlay['play']['gate'], host: HostView): Promise<boolean> {
  if (!gate) return true
  try {
    const channel = await session.channel(host.name)
    return gate.check(await channel.probe(gate.facts(host, session.view)), host, session.view).ok
  } catch {
    // It can't be reached, so it can't be counted on; whoever needs the host itself says why.
    return false
  }
}
