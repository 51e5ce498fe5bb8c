import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadyPlay } from '../plan/index.ts'
import { nextTurn } from './availability-rule.ts'
import type { Batch } from './batch.ts'
import { finish } from './outcome.ts'
import type { Planned } from './perform.ts'
import { performAll } from './perform-all.ts'
import type { Session } from './session.ts'
import { type HostResult, type Stop, verdictOn } from './verdict.ts'
import { type Availability, availabilityOf } from './who-serves.ts'

/** Runs the hosts of a batch, in as many turns as the availability rule asks for. */
export async function inTurns(
  batch: Batch,
  waiting: readonly Planned[],
  results: HostResult[],
): Promise<Stop | undefined> {
  const { session, ready } = batch
  const { play } = ready
  let left = waiting
  while (left.length > 0) {
    const turn = play.keepAvailable ? await patientTurn(session, ready, left) : { hosts: left }
    if ('refused' in turn) {
      for (const { run } of left) results.push(finish(session, ready, run.host.name, 'skipped', 0, turn.refused))
      return { reason: `${play.name}: ${turn.refused}` }
    }
    if (turn.reason) {
      const hosts = turn.hosts.map(({ run }) => run.host.name)
      session.emit({ kind: 'note', text: `${play.name}: ${hosts.join(', ')} first, then the others: ${turn.reason}` })
    }
    const { results: done, stop: broken } = await performAll(batch, turn.hosts)
    results.push(...done)
    left = left.filter(item => !turn.hosts.includes(item))
    if (left.length === 0) return broken
    const otherwise = session.signal.aborted
      ? { reason: 'interrupted' }
      : play.gate && verdictOn({ ...play, anyErrorsFatal: true }, done, done.length)
    const stop = broken ?? otherwise
    if (stop) {
      for (const { run } of left)
        results.push(finish(session, ready, run.host.name, 'skipped', 0, `not started: ${stop.reason}`))
      return stop
    }
  }
  return undefined
}

/** Check mode: how the availability rule would split the batch, or that it would refuse it. */
export async function sayTurns(session: Session, ready: ReadyPlay, planned: readonly Planned[]): Promise<void> {
  if (!ready.play.keepAvailable || planned.length === 0) return
  const turn = turnOf(ready, planned, await availabilityOf(session, ready))
  if ('refused' in turn)
    session.emit({ kind: 'warning', text: `${ready.play.name}: a run would be refused: ${turn.refused}` })
  else if (turn.reason) session.emit({ kind: 'note', text: `${ready.play.name}: in turns, because ${turn.reason}` })
}

/** Seconds for which a refusal is looked at again: a host may be not ready for a moment only. */
const patience = 30

async function patientTurn(
  session: Session,
  ready: ReadyPlay,
  left: readonly Planned[],
): Promise<ReturnType<typeof turnOf>> {
  const { timeout = patience, interval = 1 } = ready.play.gate ?? {}
  const end = Date.now() + Math.min(patience, timeout) * 1000
  for (let looks = 0; ; looks += 1) {
    const found = await availabilityOf(session, ready)
    const turn = turnOf(ready, left, found)
    if (!('refused' in turn) || 'unknown' in found || Date.now() > end || session.signal.aborted) return turn
    if (looks === 0) session.emit({ kind: 'note', text: `${ready.play.name}: ${turn.refused}; waiting for a moment` })
    await sleep(interval * 1000, undefined, { signal: session.signal }).catch(() => {})
  }
}

function turnOf(
  ready: ReadyPlay,
  left: readonly Planned[],
  found: Availability,
): { readonly hosts: readonly Planned[]; readonly reason?: string } | { readonly refused: string } {
  if ('unknown' in found) return { refused: found.unknown }
  const { available, total } = found
  // What runs once may bring about changes on others that their own plan does not show yet.
  const mayFollow = left.some(({ plan }) => plan.dirty)
  const candidates = left.map(({ run, plan, items }) => ({
    name: run.host.name,
    available: available.has(run.host.name),
    disrupted: plan.disrupts || (mayFollow && items.some(({ once }) => once !== undefined)),
  }))
  const turn = nextTurn(candidates, { total, available: available.size }, ready.play.keepAvailable ?? (() => 0))
  if ('refused' in turn) return { refused: `${turn.refused}${whoIsDown(ready, available)}` }
  const names = new Set(turn.hosts.map(candidate => candidate.name))
  const hosts = left.filter(({ run }) => names.has(run.host.name))
  return turn.reason === undefined ? { hosts } : { hosts, reason: turn.reason }
}

function whoIsDown(ready: ReadyPlay, available: ReadonlySet<string>): string {
  const down = ready.everyone.filter(host => !available.has(host.name)).map(host => host.name)
  return down.length > 0 ? ` (not available now: ${down.join(', ')})` : ''
}
