import type { HostView } from '../role/view.ts'
import { buildWork, type PeersOf } from './build.ts'
import { checkHost } from './check-mode.ts'
import { HostFailure } from './failure.ts'
import { gateHoldsNow, holdsGate } from './gates.ts'
import { enterAll, leaveAll } from './hooks.ts'
import { converge, type HostPlan, type HostRun, planHost } from './host-run.ts'
import { attempt, finish } from './outcome.ts'
import type { ReadyPlay } from './ready.ts'
import type { Session } from './session.ts'
import { stopwatch } from './stopwatch.ts'
import type { TagSelection } from './tags.ts'
import type { HostResult } from './verdict.ts'

/** A host of a batch that has been looked at: what is to be done there, and what the plan says. */
export interface Planned {
  readonly run: HostRun
  readonly plan: HostPlan
}

/** What all hosts of a batch share. */
export interface Batch {
  readonly session: Session
  readonly ready: ReadyPlay
  readonly peers: PeersOf
  readonly tags: TagSelection
  readonly ask: (question: string) => Promise<boolean>
}

/** Probes and plans a host: what it needs, or how it failed. */
export async function look(
  batch: Batch,
  host: HostView,
): Promise<{ readonly value: Planned } | { readonly result: HostResult }> {
  return attempt(batch.session, batch.ready, host, async () => {
    const run = await hostRun(batch, host)
    try {
      return { run, plan: await planHost(run) }
    } catch (error) {
      sayTime(run)
      throw error
    }
  })
}

const sayTime = (run: HostRun): void =>
  run.emit({ kind: 'spent', host: run.host.name, play: run.play.name, seconds: run.clock.spent() })

async function hostRun({ session, ready, peers, tags, ask }: Batch, host: HostView): Promise<HostRun> {
  const { work, problems } = buildWork(ready.play, ready.roles, host, session.view, tags, peers)
  const [problem] = problems
  if (problem) throw new HostFailure({ task: '', role: '', message: problem.message })
  const channel = await session.channel(host.name)
  const { run, emit, diff, check, view: inventory } = session
  return {
    run,
    play: ready.play,
    host,
    inventory,
    work,
    channel,
    channelOf: session.channel,
    ask,
    emit,
    diff,
    check,
    signal: session.signal,
    clock: stopwatch(),
  }
}

export async function inCheckMode(session: Session, ready: ReadyPlay, { run, plan }: Planned): Promise<HostResult> {
  const outcome = await attempt(session, ready, run.host, async () => checkHost(run, plan))
  sayTime(run)
  if ('result' in outcome) return outcome.result
  return finish(session, ready, run.host.name, outcome.value > 0 ? 'changed' : 'ok', outcome.value)
}

/** Makes the changes. Where they are interrupted, the host is put back into service if it can serve; otherwise it is said that it is not. */
async function orPutBack(run: HostRun, plan: HostPlan): Promise<number> {
  try {
    return await converge(run, plan)
  } catch (error) {
    const { around = [] } = run.play
    if (!run.signal.aborted || !plan.disrupts || around.length === 0) throw error
    if (await gateHoldsNow(run)) await leaveAll(run, plan)
    else
      run.emit({ kind: 'warning', host: run.host.name, text: 'it is left out of service: run again to bring it back' })
    throw error
  }
}

/** The changes of one host with everything around them. */
export async function perform(session: Session, ready: ReadyPlay, { run, plan }: Planned): Promise<HostResult> {
  if (session.signal.aborted) return finish(session, ready, run.host.name, 'skipped', 0, 'not started: interrupted')
  const outcome = await attempt(session, ready, run.host, async () => {
    if (plan.disrupts) await run.clock.time('around', () => enterAll(run))
    const made = plan.dirty ? await orPutBack(run, plan) : 0
    await run.clock.time('gates', () => holdsGate(run, plan, session.signal))
    await run.clock.time('around', () => leaveAll(run, plan))
    return made
  })
  sayTime(run)
  if ('result' in outcome) return outcome.result
  return finish(session, ready, run.host.name, outcome.value > 0 ? 'changed' : 'ok', outcome.value)
}
