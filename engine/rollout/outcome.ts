import { HostFailure } from '../host/index.ts'
import type { Outcome } from '../journal/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { HostView } from '../role/index.ts'
import { AnswerError, UnreachableError } from '../transport/index.ts'
import type { Session } from './session.ts'
import type { HostResult } from './verdict.ts'

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
    if (error instanceof UnreachableError) {
      return { result: finish(session, ready, host.name, 'unreachable', 0, error.message, error.hint) }
    }
    if (error instanceof HostFailure) {
      const where = [error.role, error.task].filter(text => text !== '').join(': ')
      return {
        result: finish(
          session,
          ready,
          host.name,
          'failed',
          0,
          where ? `${where}: ${error.message}` : error.message,
          error.hint,
        ),
      }
    }
    const message = error instanceof Error ? error.message : String(error)
    if (!(error instanceof Error) || error.name === 'RemoteError' || error instanceof AnswerError)
      return { result: finish(session, ready, host.name, 'failed', 0, message) }
    // A fault of ours or of a role: the place in the code is what helps.
    return {
      result: finish(session, ready, host.name, 'failed', 0, message, error.stack?.split('\n').slice(1, 4).join('\n')),
    }
  }
}

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
