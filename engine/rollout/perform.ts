import type { HostRun } from '../host/index.ts'
import {
  checkHost,
  converge,
  gateHoldsNow,
  type HostPlan,
  leaveAll,
  notePending,
  planHost,
  stopwatch,
} from '../host/index.ts'
import type { WorkItem } from '../plan/index.ts'
import { ownWork } from '../plan/index.ts'
import type { HostView } from '../role/index.ts'
import type { Batch } from './batch.ts'
import { attempt, finish } from './outcome.ts'
import type { HostResult } from './verdict.ts'

/** A host of a batch that has been looked at: what is to be done there, and what the plan says. */
export interface Planned {
  readonly run: HostRun
  readonly plan: HostPlan
  /** All of the play, also what runs once and another host is to run. */
  readonly items: readonly WorkItem[]
}

/** Probes and plans a host: what it needs, or how it failed. */
export async function probeAndPlan(
  batch: Batch,
  host: HostView,
): Promise<{ readonly value: Planned } | { readonly result: HostResult }> {
  return attempt(batch.session, batch.ready, host, async () => {
    const run = await hostRun(batch, host)
    try {
      const plan = await planHost(run)
      notePending(run, plan)
      return { run, plan, items: batch.workOf(host).items }
    } catch (error) {
      sayTime(run)
      throw error
    }
  })
}

/** Where the time of the host has gone in this play. */
export const sayTime = (run: HostRun): void =>
  run.emit({ kind: 'spent', host: run.host.name, play: run.play.name, seconds: run.clock.spent() })

async function hostRun({ session, ready, ask, workOf, owners }: Batch, host: HostView): Promise<HostRun> {
  const work = ownWork(workOf(host), host.name, owners)
  const channel = await session.channel(host.name)
  const { run, emit, diff, check, isSecret, view: inventory } = session
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
    isSecret,
    signal: session.signal,
    clock: stopwatch(),
  }
}

/** `also` is what runs once and has come to this host, because the one that was to run it could not be looked at. */
export async function inCheckMode(
  { session, ready }: Batch,
  { run, plan }: Planned,
  also: readonly WorkItem[],
): Promise<HostResult> {
  const outcome = await attempt(session, ready, run.host, async () => {
    const changes = checkHost(run, plan)
    if (also.length === 0) return changes
    const more = { ...run, work: { items: also, handlers: run.work.handlers } }
    return changes + checkHost(more, { ...(await planHost(more)), pending: new Set() })
  })
  sayTime(run)
  if ('result' in outcome) return outcome.result
  return finish(session, ready, run.host.name, outcome.value > 0 ? 'changed' : 'ok', outcome.value)
}

/**
 * Makes the changes. Where they are interrupted, the host is put back into service if it can serve; otherwise it is
 * said that it is not.
 */
export async function orPutBack(run: HostRun, plan: HostPlan, changed: boolean): Promise<number> {
  try {
    return await converge(run, plan, changed)
  } catch (error) {
    if (run.signal.aborted) await putBack(run, plan)
    throw error
  }
}

export async function putBack(run: HostRun, plan: HostPlan): Promise<void> {
  const { around = [] } = run.play
  if (!plan.disrupts || around.length === 0) return
  if (await gateHoldsNow(run)) await leaveAll(run, plan)
  else run.emit({ kind: 'warning', host: run.host.name, text: 'it is left out of service: run again to bring it back' })
}
