import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../journal/events.ts'
import type { HostView } from '../role/view.ts'
import { UnreachableError } from '../transport/types.ts'
import { nextTurn } from './availability.ts'
import { type Availability, availabilityOf } from './available.ts'
import { buildWork, type PeersOf } from './build.ts'
import { checkHost } from './check-mode.ts'
import { HostFailure } from './failure.ts'
import { holdsGate } from './gates.ts'
import { enterAll, leaveAll } from './hooks.ts'
import { converge, type HostPlan, type HostRun, planHost } from './host-run.ts'
import { readPeers } from './peers.ts'
import type { ReadyPlay } from './ready.ts'
import { batchesOf, type Serial } from './serial.ts'
import type { Session } from './session.ts'
import type { TagSelection } from './tags.ts'

/** Why a rollout goes no further. */
export interface Stop {
  readonly reason: string
}

interface HostResult {
  readonly host: string
  readonly outcome: Outcome
}

interface Ready {
  readonly run: HostRun
  readonly plan: HostPlan
}

/** One play over its hosts, batch by batch. Returns why the playbook must stop, if it must. */
export async function rollOut(
  session: Session,
  ready: ReadyPlay,
  options: { readonly serial?: Serial; readonly tags: TagSelection },
): Promise<Stop | undefined> {
  const { play } = ready
  const hosts = ready.hosts.filter(host => !session.out.has(host.name))
  if (hosts.length === 0) return undefined
  const peers = await readPeers(session, ready.roles, hosts)
  const ordered = play.keepAvailable ? await brokenFirst(session, ready, hosts) : hosts
  const serial = play.serial === undefined ? undefined : (options.serial ?? play.serial)
  const batches = batchesOf(ordered, serial)
  session.emit({ kind: 'playStarted', play: play.name, hosts: ordered.map(host => host.name), batches: batches.length })
  for (const [index, batch] of batches.entries()) {
    if (session.signal.aborted) return { reason: 'interrupted' }
    const names = batch.map(host => host.name)
    if (batches.length > 1)
      session.emit({ kind: 'batchStarted', play: play.name, number: index + 1, of: batches.length, hosts: names })
    const stop = await runBatch(session, ready, batch, peers, options.tags)
    if (stop) return stop
  }
  return undefined
}

/** Hosts that are out of service come first: bringing them back costs nobody anything. */
async function brokenFirst(
  session: Session,
  ready: ReadyPlay,
  hosts: readonly HostView[],
): Promise<readonly HostView[]> {
  const { available } = await availabilityOf(session, ready)
  return [...hosts.filter(host => !available.has(host.name)), ...hosts.filter(host => available.has(host.name))]
}

async function runBatch(
  session: Session,
  ready: ReadyPlay,
  batch: readonly HostView[],
  peers: PeersOf,
  tags: TagSelection,
): Promise<Stop | undefined> {
  const results: HostResult[] = []
  const planned = await session.each(batch, async host => {
    const outcome = await attempt(session, ready, host, async () => {
      const run = await hostRun(session, ready, host, peers, tags)
      return { run, plan: await planHost(run) }
    })
    if ('result' in outcome) results.push(outcome.result)
    return 'value' in outcome ? outcome.value : undefined
  })
  const waiting = planned.filter(item => item !== undefined)
  let stop: Stop | undefined
  if (session.check) {
    results.push(...(await session.each(waiting, item => inCheckMode(session, ready, item))))
  } else {
    stop = await inTurns(session, ready, waiting, results)
  }
  for (const { host, outcome } of results)
    if (outcome === 'failed' || outcome === 'unreachable') session.out.set(host, outcome)
  return stop ?? verdictOn(ready, results, batch.length)
}

/** Runs the hosts of a batch, in as many turns as the availability rule asks for. */
async function inTurns(
  session: Session,
  ready: ReadyPlay,
  waiting: readonly Ready[],
  results: HostResult[],
): Promise<Stop | undefined> {
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
    const done = await session.each(turn.hosts, item => perform(session, ready, item))
    results.push(...done)
    left = left.filter(item => !turn.hosts.includes(item))
    if (left.length === 0) break
    const stop = session.signal.aborted
      ? { reason: 'interrupted' }
      : play.gate && verdictOn({ play: { ...play, anyErrorsFatal: true } }, done, done.length)
    if (stop) {
      for (const { run } of left)
        results.push(finish(session, ready, run.host.name, 'skipped', 0, `not started: ${stop.reason}`))
      return stop
    }
  }
  return undefined
}

/** Seconds for which a refusal is looked at again: a host may be not ready for a moment only. */
const patience = 30

async function patientTurn(
  session: Session,
  ready: ReadyPlay,
  left: readonly Ready[],
): Promise<ReturnType<typeof turnOf>> {
  const { timeout = patience, interval = 1 } = ready.play.gate ?? {}
  const end = Date.now() + Math.min(patience, timeout) * 1000
  for (let looks = 0; ; looks += 1) {
    const turn = turnOf(ready, left, await availabilityOf(session, ready))
    if (!('refused' in turn) || Date.now() > end || session.signal.aborted) return turn
    if (looks === 0) session.emit({ kind: 'note', text: `${ready.play.name}: ${turn.refused}; waiting for a moment` })
    await sleep(interval * 1000, undefined, { signal: session.signal }).catch(() => {})
  }
}

function turnOf(
  ready: ReadyPlay,
  left: readonly Ready[],
  { available, total }: Availability,
): { readonly hosts: readonly Ready[]; readonly reason?: string } | { readonly refused: string } {
  const candidates = left.map(({ run, plan }) => ({
    name: run.host.name,
    available: available.has(run.host.name),
    disrupted: plan.disrupts,
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

async function hostRun(
  session: Session,
  ready: ReadyPlay,
  host: HostView,
  peers: PeersOf,
  tags: TagSelection,
): Promise<HostRun> {
  const { work, problems } = buildWork(ready.play, ready.roles, host, session.view, tags, peers)
  const [problem] = problems
  if (problem) throw new HostFailure({ task: '', role: '', message: problem.message })
  const channel = await session.channel(host.name)
  const { run, emit, diff, check, view: inventory } = session
  return { run, play: ready.play, host, inventory, work, channel, channelOf: session.channel, emit, diff, check }
}

async function inCheckMode(session: Session, ready: ReadyPlay, { run, plan }: Ready): Promise<HostResult> {
  const outcome = await attempt(session, ready, run.host, async () => checkHost(run, plan))
  if ('result' in outcome) return outcome.result
  return finish(session, ready, run.host.name, outcome.value > 0 ? 'changed' : 'ok', outcome.value)
}

/** The changes of one host with everything around them. */
async function perform(session: Session, ready: ReadyPlay, { run, plan }: Ready): Promise<HostResult> {
  if (session.signal.aborted) return finish(session, ready, run.host.name, 'skipped', 0, 'not started: interrupted')
  const outcome = await attempt(session, ready, run.host, async () => {
    if (plan.disrupts) await enterAll(run)
    const made = plan.dirty ? await converge(run, plan) : 0
    await holdsGate(run, plan, session.signal)
    await leaveAll(run, plan)
    return made
  })
  if ('result' in outcome) return outcome.result
  return finish(session, ready, run.host.name, outcome.value > 0 ? 'changed' : 'ok', outcome.value)
}

/** Runs something on a host; what it throws becomes the host's outcome. */
async function attempt<T>(
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
    if (!(error instanceof Error) || error.name === 'RemoteError')
      return { result: finish(session, ready, host.name, 'failed', 0, message) }
    // A fault of ours or of a role: the place in the code is what helps.
    return {
      result: finish(session, ready, host.name, 'failed', 0, message, error.stack?.split('\n').slice(1, 4).join('\n')),
    }
  }
}

function finish(
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

/** Ansible's rules for going on after failures, except that hosts which could not be reached count (ansible#56265). */
function verdictOn({ play }: Pick<ReadyPlay, 'play'>, results: readonly HostResult[], total: number): Stop | undefined {
  const failed = results
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'unreachable')
    .map(({ host }) => host)
  if (failed.length === 0) return undefined
  const who = `${play.name}: failed on ${failed.join(', ')}`
  if (play.anyErrorsFatal) return { reason: who }
  if (failed.length >= total) return { reason: `${who}, the whole batch` }
  const percentage = (failed.length / total) * 100
  const limit = play.maxFailPercentage
  if (limit !== undefined && percentage > limit)
    return { reason: `${who}: ${percentage.toFixed(0)}% of the batch, more than ${limit}%` }
  return undefined
}
