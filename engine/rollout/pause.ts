import { type Clock, clock } from '../host/index.ts'
import type { Session } from './session.ts'
import type { Next } from './until.ts'
import type { Stop } from './verdict.ts'

/**
 * Lets the time of `--pause` pass; the operator may end it. Where it would pass in vain, for nothing is begun after it,
 * it returns why at once.
 */
export async function pauseBefore(
  session: Session,
  what: string,
  next: Omit<Next, 'pause'>,
  { sleep }: Clock = clock,
): Promise<Stop | undefined> {
  const { pause: seconds, check, signal, time } = session
  if (seconds === undefined || check || signal.aborted) return undefined
  const late = time?.before({ ...next, pause: seconds })
  if (late) return late
  const about = { kind: 'pause', play: next.play, before: what, seconds } as const
  session.emit({ ...about, status: 'started' })
  await sleep(seconds, signal)
  session.emit({ ...about, status: 'ended' })
  return undefined
}
