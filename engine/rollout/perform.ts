import { saidOf } from '../failure/index.ts'
import type { HostRun } from '../host/index.ts'
import {
  checkHost,
  converge,
  factsSeen,
  gateHoldsNow,
  type HostPlan,
  leaveAll,
  mustAllBeShown,
  mustBeAgreed,
  namesOfItems,
  notePending,
  planHost,
  stopwatch,
} from '../host/index.ts'
import type { WorkItem } from '../plan/index.ts'
import { ownWork } from '../plan/index.ts'
import type { HostView } from '../role/index.ts'
import type { Batch } from './batch.ts'
import { attempt, finish } from './outcome.ts'
import type { Planned } from './planned.ts'
import { settles, unlessDrifted } from './resumed.ts'
import type { HostResult, Stop } from './verdict.ts'

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
      batch.session.unsettled.set(
        host.name,
        [...plan.pending].filter(name => !settles(run, name)),
      )
      const planned = { run, plan, items: batch.workOf(host).items }
      const left = batch.wasDone(host.name) ? unlessDrifted(planned, batch.session.before?.run) : planned
      mustBeAgreed(left.run, left.plan)
      return left
    } catch (error) {
      sayTime(run)
      throw error
    }
  })
}

/** Where the time of the host has gone in this play. */
export const sayTime = (run: HostRun): void =>
  run.emit({ kind: 'spent', host: run.host.name, play: run.play.name, seconds: run.clock.spent() })

async function hostRun(
  { session, ready, number, uses, flight, workOf, owners }: Batch,
  host: HostView,
): Promise<HostRun> {
  const work = ownWork(workOf(host), host.name, owners)
  const channel = await session.channel(host.name)
  const { run, emit, diff, check, isSecret, view: inventory } = session
  const agreed = check ? undefined : session.agreed?.on(number, host.name)
  return {
    run,
    play: ready.play,
    number,
    ...(uses === undefined ? {} : { uses }),
    host,
    inventory,
    work,
    channel,
    reconnect: () => session.reconnect(host.name),
    channelOf: session.channel,
    ask: flight.ask,
    emit,
    diff,
    check,
    isSecret,
    ...(agreed && { agreed }),
    ...(session.agreed && { names: namesOfItems(workOf(host).items) }),
    signal: session.signal,
    clock: stopwatch(),
  }
}

/** `also` is what runs once and has come to this host, because the one that was to run it could not be looked at. */
export async function inCheckMode(
  { session, ready, number }: Batch,
  { run, plan }: Planned,
  also: readonly WorkItem[],
): Promise<HostResult> {
  const outcome = await attempt(session, ready, run.host, async () => {
    const own = checkHost(run, plan)
    const others = also.length === 0 ? [] : checkHost(...(await planAlso(run, also)))
    session.agreed?.show(number, run.host.name, { own, others, facts: () => factsSeen(run, plan) })
    return own.length + others.length
  })
  sayTime(run)
  if ('result' in outcome) return outcome.result
  return finish(session, ready, run.host.name, outcome.value > 0 ? 'changed' : 'ok', outcome.value)
}

async function planAlso(run: HostRun, items: readonly WorkItem[]): Promise<readonly [HostRun, HostPlan]> {
  const more = { ...run, work: { items, handlers: run.work.handlers } }
  return [more, { ...(await planHost(more)), pending: new Set() }]
}

/** Why no host of a batch is begun: what runs once has come to one where it is not what was shown. */
export async function onceNotAgreed(batch: Batch, planned: readonly Planned[]): Promise<Stop | undefined> {
  if (batch.session.agreed === undefined) return undefined
  for (const [{ run }, items] of orphansOf(batch, planned)) {
    try {
      if (items.length > 0) mustAllBeShown(...(await planAlso(run, items)))
    } catch (error) {
      return { reason: `what runs once is not done on ${run.host.name}: ${saidOf(error).message}` }
    }
  }
  return undefined
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

/**
 * What runs once and was to run on a host that could not be attempted at, with the first host that can run it instead.
 */
export function orphansOf({ owners }: Batch, planned: readonly Planned[]): ReadonlyMap<Planned, readonly WorkItem[]> {
  const alive = new Set(planned.map(({ run }) => run.host.name))
  const taken = new Set<string>()
  return new Map(
    planned.map(item => [
      item,
      item.items.filter(({ once }) => {
        if (once === undefined || taken.has(once) || alive.has(owners.get(once) ?? '')) return false
        taken.add(once)
        return true
      }),
    ]),
  )
}
