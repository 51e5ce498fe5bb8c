import type { ReadyPlay } from '../plan/index.ts'
import type { Batch } from './batch.ts'
import { finish, notBegun } from './outcome.ts'
import { performAll } from './perform-all.ts'
import type { Planned } from './planned.ts'
import { turnOf } from './room.ts'
import type { Session } from './session.ts'
import { type HostResult, type Stop, verdictOn } from './verdict.ts'
import { availabilityOf } from './who-serves.ts'

/** Runs the hosts of a batch, in as many turns as the availability rule asks for. */
export async function inTurns(
  batch: Batch,
  waiting: readonly Planned[],
  results: HostResult[],
): Promise<Stop | undefined> {
  const { session, ready, flight } = batch
  const { play } = ready
  const leave = (hosts: readonly Planned[], why: string) => {
    for (const { run } of hosts) results.push(finish(session, ready, run.host.name, 'skipped', 0, why))
  }
  const stopBefore = (hosts: readonly Planned[], stop: Stop): Stop => {
    leave(hosts, notBegun(stop))
    return stop
  }
  let left = waiting
  while (left.length > 0) {
    const turn = play.keepAvailable ? await flight.turnFor(batch, left) : { hosts: left }
    if ('refused' in turn) {
      leave(left, turn.refused)
      return { reason: `${play.name}: ${turn.refused}` }
    }
    if ('stop' in turn) return stopBefore(left, turn.stop)
    // Others of the window have broken a rule while this one was looked at, or it has waited for too long.
    const isBegun = left.length < waiting.length
    const late = flight.stopped() ?? (isBegun ? undefined : noTimeFor(batch, waiting))
    if (late) return stopBefore(left, late)
    if (turn.reason) {
      const hosts = turn.hosts.map(({ run }) => run.host.name)
      session.emit({ kind: 'note', text: `${play.name}: ${hosts.join(', ')} first, then the others: ${turn.reason}` })
    }
    const { results: done, stop: broken } = await performAll(batch, turn.hosts)
    results.push(...done)
    left = left.filter(item => !turn.hosts.includes(item))
    // Where none is left, once it is judged what has become of them.
    if (left.length === 0) return broken
    flight.back(turn.hosts.map(({ run }) => run.host.name))
    const otherwise = session.signal.aborted
      ? { reason: 'interrupted' }
      : play.gate && verdictOn({ ...play, anyErrorsFatal: true }, done, { batch: done.length })
    const stop = broken ?? otherwise
    if (stop) return stopBefore(left, stop)
  }
  return undefined
}

/** What is only looked at is no matter of time. */
function noTimeFor(batch: Batch, waiting: readonly Planned[]): Stop | undefined {
  const changed = waiting.filter(({ plan }) => plan.dirty || plan.disrupts).map(({ run }) => run.host.name)
  return changed.length > 0 ? batch.outOfTime(changed) : undefined
}

/** Check mode: how the availability rule would split the batch, or that it would refuse it. */
export async function sayTurns(session: Session, ready: ReadyPlay, planned: readonly Planned[]): Promise<void> {
  if (!ready.play.keepAvailable || planned.length === 0) return
  const turn = turnOf(ready, [planned], await availabilityOf(session, ready))
  if ('refused' in turn)
    session.emit({ kind: 'warning', text: `${ready.play.name}: a run would be refused: ${turn.refused}` })
  else if (turn.reason) session.emit({ kind: 'note', text: `${ready.play.name}: in turns, because ${turn.reason}` })
}
