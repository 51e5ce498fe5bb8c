import { setMaxListeners } from 'node:events'
import { isHook } from '../host/index.ts'
import type { Asked, CheckWarning, Emit, HostTotal, Outcome, RunEvent } from '../journal/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { Serial, TagSelection } from '../playbook/index.ts'
import { rollOut } from './rollout.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'
import { lookBack, type Reverting } from './take-back.ts'
import { timeKeeper, type Until } from './until.ts'

export interface RunOptions extends SessionOptions {
  readonly playbook: string
  /** What becomes of a play's own batches. */
  readonly paced?: (own: Serial) => Serial
  readonly tags: TagSelection
  /** For the journal: how the run was started. */
  readonly asked?: Asked
  /** The run that is taken back, the last play first. */
  readonly reverting?: Reverting
  /** Nothing is begun from then on. */
  readonly until?: Until
}

/** Runs plays in order and returns the exit code. */
export async function runPlays(plays: readonly ReadyPlay[], options: RunOptions): Promise<number> {
  const started = Date.now()
  const totals = new Map<string, Total>()
  const warned = new Map<string, Warned>()
  let checksFailed = false
  const emit: Emit = event => {
    time?.hear(event)
    count(totals, event)
    if (event.kind === 'check' && !event.ok) checksFailed = true
    if (event.kind === 'check') keepWarnings(warned, event)
    options.emit(event)
  }
  setMaxListeners(0, options.signal)
  const { until, run, check } = options
  const time = until && timeKeeper(until, { run, emit, check })
  const session = openSession({ ...options, emit, ...(time && { time }) })
  emit({
    kind: 'runStarted',
    run: options.run,
    playbook: options.playbook,
    check: options.check,
    diff: options.diff,
    after: process.uptime(),
    ...(options.asked && { asked: options.asked }),
  })
  const inOrder = plays.map((ready, index) => ({ ready, number: index + 1 }))
  const reverted = options.reverting && (await lookBack(session, inOrder, options.reverting))
  const refused = reverted && 'reason' in reverted ? reverted : undefined
  if (refused) emit({ kind: 'stopped', reason: refused.reason })
  let stopped = refused !== undefined
  const toRun = refused ? [] : reverted ? inOrder.reverse() : inOrder
  for (const [index, { ready, number }] of toRun.entries()) {
    const stop = await rollOut(session, ready, number, {
      ...options,
      ...(reverted && 'run' in reverted ? { reverted } : {}),
    })
    if (!stop) continue
    stopped = true
    const rest = toRun.slice(index + 1).filter(later => later.ready.hosts.length > 0)
    // They could not be planned.
    if (options.check) for (const { ready } of rest) for (const { name } of ready.hosts) session.agreed?.leaveOut(name)
    const left = rest.length > 0 ? `; not run: ${rest.map(later => later.ready.play.name).join(', ')}` : ''
    emit({ kind: 'stopped', reason: `${stop.reason}${left}` })
    break
  }
  sayUnsettled(session)
  const hosts = await hostTotals(session, totals, plays)
  await session.close()
  const exitCode = options.signal.aborted ? 130 : exitCodeOf(hosts, stopped, checksFailed)
  const notRun = plays.flatMap(({ play, notRun: why }) => (why === undefined ? [] : [{ play: play.name, why }]))
  const seconds = (Date.now() - started) / 1000
  const warnings = [...warned.values()]
  const more = { ...(notRun.length > 0 && { notRun }), ...(warnings.length > 0 && { warnings }) }
  emit({ kind: 'runFinished', run: options.run, hosts, ...more, seconds, exitCode })
  return exitCode
}

/** Whoever comes after a run that died shall know what it has left behind, though it is no work of theirs. */
function sayUnsettled({ unsettled, emit }: Session): void {
  for (const [host, names] of unsettled) {
    if (names.length === 0) continue
    const hooks = names.filter(isHook)
    const handlers = names.filter(name => !isHook(name))
    const out = hooks.length > 0 ? [`it may be out of service (${hooks.join(', ')})`] : []
    const owed = handlers.length > 0 ? [`what these handlers do is not done: ${handlers.join(', ')}`] : []
    const what = `an earlier run of Rota was broken off here: ${[...out, ...owed].join('; ')}`
    const how =
      'No play of this run sees to it: go on with that run (--resume; `rota runs` lists it), or run its playbook'
    emit({ kind: 'warning', host, text: `${what}. ${how}` })
  }
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

interface Warned extends CheckWarning {
  readonly hosts: string[]
}

/** What is said of many hosts is one warning. */
function keepWarnings(warned: Map<string, Warned>, event: Extract<RunEvent, { readonly kind: 'check' }>): void {
  const { check, host } = event
  for (const warning of event.warnings ?? []) {
    const key = JSON.stringify([check, warning])
    const known = warned.get(key) ?? { check, warning, hosts: [] }
    warned.set(key, known)
    if (host !== undefined && !known.hosts.includes(host)) known.hosts.push(host)
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
