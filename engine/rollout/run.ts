import { setMaxListeners } from 'node:events'
import type { Emit, HostTotal, Outcome, RunEvent } from '../journal/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { Serial, TagSelection } from '../playbook/index.ts'
import { rollOut } from './rollout.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'

export interface RunOptions extends SessionOptions {
  readonly playbook: string
  readonly serial?: Serial
  readonly tags: TagSelection
}

/** Runs plays in order and returns the exit code. */
export async function runPlays(plays: readonly ReadyPlay[], options: RunOptions): Promise<number> {
  const started = Date.now()
  const totals = new Map<string, Total>()
  let checksFailed = false
  const emit: Emit = event => {
    count(totals, event)
    if (event.kind === 'check' && !event.ok) checksFailed = true
    options.emit(event)
  }
  setMaxListeners(0, options.signal)
  const session = openSession({ ...options, emit })
  emit({
    kind: 'runStarted',
    run: options.run,
    playbook: options.playbook,
    check: options.check,
    diff: options.diff,
    after: process.uptime(),
  })
  let stopped = false
  for (const [index, ready] of plays.entries()) {
    const stop = await rollOut(session, ready, options)
    if (!stop) continue
    stopped = true
    const rest = plays.slice(index + 1).filter(later => later.hosts.length > 0)
    const left = rest.length > 0 ? `; not run: ${rest.map(later => later.play.name).join(', ')}` : ''
    emit({ kind: 'stopped', reason: `${stop.reason}${left}` })
    break
  }
  const hosts = await hostTotals(session, totals, plays)
  await session.close()
  const exitCode = options.signal.aborted ? 130 : exitCodeOf(hosts, stopped, checksFailed)
  const notRun = plays.flatMap(({ play, notRun: why }) => (why === undefined ? [] : [{ play: play.name, why }]))
  const seconds = (Date.now() - started) / 1000
  emit({ kind: 'runFinished', run: options.run, hosts, ...(notRun.length > 0 && { notRun }), seconds, exitCode })
  return exitCode
}

interface Total {
  outcome: Outcome
  ok: number
  changed: number
  failed: number
}

const rank: readonly Outcome[] = ['skipped', 'ok', 'changed', 'unreachable', 'failed']
const worse = (a: Outcome, b: Outcome): Outcome => (rank.indexOf(a) > rank.indexOf(b) ? a : b)

function count(totals: Map<string, Total>, event: RunEvent): void {
  if (event.kind !== 'task' && event.kind !== 'planned' && event.kind !== 'hostFinished' && event.kind !== 'check')
    return
  if (event.host === undefined) return
  const total = totals.get(event.host) ?? { outcome: 'skipped', ok: 0, changed: 0, failed: 0 }
  totals.set(event.host, total)
  if (event.kind === 'planned') total.ok += event.tasks - event.changes
  if (event.kind === 'task' && (event.status === 'changed' || event.status === 'would change')) total.changed += 1
  if (event.kind === 'task' && event.status === 'failed') total.failed += 1
  if (event.kind === 'check') total[event.ok ? 'ok' : 'failed'] += 1
  if (event.kind === 'hostFinished') {
    total.outcome = worse(total.outcome, event.outcome)
    if (event.outcome === 'failed' && total.failed === 0) total.failed = 1
  }
}

async function hostTotals(
  session: Session,
  totals: ReadonlyMap<string, Total>,
  plays: readonly ReadyPlay[],
): Promise<readonly HostTotal[]> {
  const names = new Set([...plays.flatMap(({ hosts }) => hosts.map(host => host.name)), ...totals.keys()])
  const none: Total = { outcome: 'skipped', ok: 0, changed: 0, failed: 0 }
  return Promise.all(
    [...names].map(async host => {
      const opening = session.channels().get(host)
      const channel = await opening?.catch(() => undefined)
      const { programs, roundTrips } = channel?.stats() ?? { programs: 0, roundTrips: 0 }
      return { host, ...(totals.get(host) ?? none), programs, roundTrips, connections: opening ? 1 : 0 }
    }),
  )
}

function exitCodeOf(hosts: readonly HostTotal[], stopped: boolean, checksFailed: boolean): number {
  if (checksFailed || hosts.some(({ outcome }) => outcome === 'failed')) return 2
  if (hosts.some(({ outcome }) => outcome === 'unreachable')) return 4
  return stopped ? 2 : 0
}
