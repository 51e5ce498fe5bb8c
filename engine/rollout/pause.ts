import { type Clock, clock } from '../host/index.ts'
import type { Play } from '../playbook/index.ts'
import { mayHaveChanged } from './outcome.ts'
import type { Session } from './session.ts'

/** Time that passes between the batches of a play. */
export interface Pauses {
  /** In it the hosts are worked on: it sees what becomes of them. */
  readonly session: Session
  /** Before a batch: after one that has changed something. */
  readonly before: (batch: string) => Promise<void>
}

/** So many seconds as the session has (`--pause`). */
export function pausesIn(session: Session, play: Play): Pauses {
  let hasChanged = false
  return {
    session: {
      ...session,
      emit: event => {
        if (event.kind === 'hostFinished' && mayHaveChanged(event.outcome)) hasChanged = true
        session.emit(event)
      },
    },
    before: async batch => {
      if (hasChanged) await pauseBefore(session, play, batch)
      hasChanged = false
    },
  }
}

/** Lets the time pass; the operator may end it. */
export async function pauseBefore(session: Session, play: Play, what: string, { sleep }: Clock = clock): Promise<void> {
  const { pause: seconds, check, signal } = session
  if (seconds === undefined || check || signal.aborted) return
  const about = { kind: 'pause', play: play.name, before: what, seconds } as const
  session.emit({ ...about, status: 'started' })
  await sleep(seconds, signal)
  session.emit({ ...about, status: 'ended' })
}
