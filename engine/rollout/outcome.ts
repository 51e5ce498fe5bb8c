import { isFailure, saidOf } from '../failure/index.ts'
import type { Outcome } from '../journal/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { HostView } from '../role/index.ts'
import type { Session } from './session.ts'
import type { HostResult, Stop } from './verdict.ts'

/** Runs something on a host; what it throws becomes the host's outcome. */
export async function attempt<T>(
  session: Session,
  ready: ReadyPlay,
  host: HostView,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly result: HostResult }> {
  try {
    return { value: await work() }
  } catch (error) {
    const { message, hint } = saidOf(error)
    const outcome = isFailure(error, 'unreachable') ? 'unreachable' : 'failed'
    return { result: finish(session, ready, host.name, outcome, 0, message, hint) }
  }
}

/** A host that was worked on may have been changed before it failed. */
export const mayHaveChanged = (outcome: Outcome): boolean => outcome !== 'ok' && outcome !== 'skipped'

export function finish(
  session: Session,
  ready: ReadyPlay,
  host: string,
  outcome: Outcome,
  changes: number,
  message?: string,
  hint?: string,
): HostResult {
  session.emit({
    kind: 'hostFinished',
    host,
    play: ready.play.name,
    outcome,
    changes,
    ...(message === undefined ? {} : { message }),
    ...(hint === undefined ? {} : { hint }),
  })
  return { host, outcome }
}

/** Says of hosts that the rollout does not come to that nothing was done there. */
export function leaveOut(session: Session, ready: ReadyPlay, hosts: readonly HostView[], stop: Stop): Stop {
  for (const host of hosts) {
    if (session.check) session.agreed?.leaveOut(host.name)
    finish(session, ready, host.name, 'skipped', 0, notBegun(stop))
  }
  return stop
}

export const notBegun = ({ reason, brief = reason }: Stop): string => `not begun: ${brief}`
