import type { Facts } from '../facts/index.ts'
import { failure } from '../failure/index.ts'
import type { HostRun } from '../host/index.ts'
import { enterAll, type HostPlan, holdsGate, leaveAll, planHost, requestsFrom, willChange } from '../host/index.ts'
import type { WorkItem } from '../plan/index.ts'
import { nextOnce, untilOnce } from '../plan/index.ts'
import type { Batch } from './batch.ts'
import { attempt, finish } from './outcome.ts'
import { orPutBack, type Planned, putBack, sayTime } from './perform.ts'
import type { HostResult, Stop } from './verdict.ts'

/** A host on its way through a play. */
interface Walker {
  readonly planned: Planned
  /** What is left; where it waits for the others, that is what runs once. */
  readonly rest: readonly WorkItem[]
  readonly made: number
  /** Taken out of service by this run. */
  readonly entered: boolean
  /** Absent where something has changed since. */
  readonly facts: Facts | undefined
}

/**
 * The changes of some hosts, side by side, with everything around them. Where something runs once they wait for each
 * other: the first that is still alive runs it, then all go on. When it fails there, none does.
 */
export async function performAll(
  batch: Batch,
  hosts: readonly Planned[],
): Promise<{ readonly results: readonly HostResult[]; readonly stop?: Stop }> {
  const results: HostResult[] = []
  let walkers: readonly Walker[] = hosts.map(planned => ({
    planned,
    rest: planned.items.filter(({ once }) => once === undefined || !batch.done.has(once)),
    made: 0,
    entered: false,
    facts: planned.plan.facts,
  }))
  for (;;) {
    const before = madeBy(walkers)
    const walked = await batch.session.each(walkers, walker => walk(batch, walker))
    results.push(...walked.flatMap(outcome => ('result' in outcome ? [outcome.result] : [])))
    const waiting = walked.flatMap(outcome => ('walker' in outcome ? [outcome.walker] : []))
    const name = nextOnce(waiting.map(({ rest }) => rest))
    if (name === undefined) return { results }
    const hasChanged = madeBy(waiting) > before || waiting.length < walkers.length
    const met = await meet(batch, hasChanged ? waiting.map(stale) : waiting, name)
    if ('stop' in met) return { results: [...results, ...met.results], stop: met.stop }
    walkers = met.walkers
  }
}

const madeBy = (walkers: readonly Walker[]): number => walkers.reduce((sum, { made }) => sum + made, 0)

/** What others have done may be what the rest of its work depends on. */
const stale = (walker: Walker): Walker => ({ ...walker, facts: undefined })

type Walked = { readonly walker: Walker } | { readonly result: HostResult }

/** Up to where it has to wait for the others, or to the end. */
async function walk({ session, ready }: Batch, walker: Walker): Promise<Walked> {
  const { run, plan } = walker.planned
  const { name } = run.host
  if (session.signal.aborted && walker.made === 0 && !walker.entered)
    return { result: finish(session, ready, name, 'skipped', 0, 'not started: interrupted') }
  const outcome = await attempt(session, ready, run.host, async () => {
    const there = await segment(walker)
    if (there.rest.length > 0) return there
    const whole: HostPlan = { ...plan, disrupts: there.entered, dirty: plan.dirty || there.made > 0 }
    await run.clock.time('gates', () => holdsGate(run, whole, session.signal))
    await run.clock.time('around', () => leaveAll(run, whole))
    return there
  })
  if ('result' in outcome) {
    sayTime(run)
    return outcome
  }
  const { rest, made } = outcome.value
  if (rest.length > 0) return { walker: outcome.value }
  sayTime(run)
  return { result: finish(session, ready, name, made > 0 ? 'changed' : 'ok', made) }
}

async function segment(walker: Walker): Promise<Walker> {
  const { run, plan } = walker.planned
  const items = untilOnce(walker.rest)
  const rest = walker.rest.slice(items.length)
  // As the probe found it, and nothing to do: nothing is sent.
  const isClean = walker.facts === plan.facts && !plan.dirty
  if (isClean || (items.length === 0 && rest.length > 0)) return { ...walker, rest }
  const part: HostRun = { ...run, work: { ...run.work, items, goesOn: rest.length > 0 } }
  const facts = walker.facts ?? (await probeRest(walker))
  const disrupts = walker.facts === plan.facts ? plan.disrupts : willChange(part, facts)
  const entered = await enter(walker, disrupts)
  const made = await orPutBack(part, { ...plan, facts, disrupts: entered }, walker.made > 0)
  return { ...walker, rest, entered, made: walker.made + made, facts: made > 0 ? undefined : facts }
}

async function probeRest({ planned: { run }, rest }: Walker): Promise<Facts> {
  return run.clock.time('probe', () =>
    run.channel.probe(requestsFrom({ ...run, work: { ...run.work, items: rest } }, 0)),
  )
}

async function enter({ planned: { run }, entered }: Walker, disrupts: boolean): Promise<boolean> {
  if (!entered && disrupts) await run.clock.time('around', () => enterAll(run))
  return entered || disrupts
}

type Met = { readonly walkers: readonly Walker[] } | { readonly results: readonly HostResult[]; readonly stop: Stop }

/** All that had to come have come to what runs once: the first of them runs it. */
async function meet(batch: Batch, walkers: readonly Walker[], name: string): Promise<Met> {
  const here = walkers.filter(({ rest }) => rest[0]?.once === name)
  const [first] = here
  const item = first?.rest[0]
  if (!first || !item) return { walkers }
  const { session, ready } = batch
  const { host } = first.planned.run
  const outcome = await attempt(session, ready, host, () => runOnce(first, item, batch.owners.get(name) === host.name))
  if ('result' in outcome) {
    const reason = `"${item.unit.title}" runs once for all, and it failed on ${host.name}`
    const others = await session.each(
      walkers.filter(walker => walker !== first),
      walker => giveUp(batch, walker, reason),
    )
    return { results: [outcome.result, ...others], stop: { reason: `${ready.play.name}: ${reason}` } }
  }
  batch.done.add(name)
  const hasChanged = outcome.value.made > first.made
  const gone = (walker: Walker): Walker => ({ ...walker, rest: walker.rest.slice(1) })
  return {
    walkers: walkers.map(walker => {
      if (walker === first) return gone(outcome.value)
      const next = here.includes(walker) ? gone(walker) : walker
      return hasChanged ? stale(next) : next
    }),
  }
}

async function runOnce(walker: Walker, item: WorkItem, isOwner: boolean): Promise<Walker> {
  const { run, plan } = walker.planned
  const part: HostRun = { ...run, work: { ...run.work, items: [item], goesOn: true } }
  const found = isOwner ? { ...plan, facts: walker.facts ?? (await probeRest(walker)) } : await planHost(part)
  const disrupts = willChange(part, found.facts)
  const entered = await enter(walker, disrupts)
  const made = await orPutBack(part, { ...found, disrupts: entered }, walker.made > 0)
  return { ...walker, entered, made: walker.made + made, facts: made > 0 ? undefined : walker.facts }
}

/** A host that can't go on, for what should have been done before was not. What it owes stays written down on it. */
async function giveUp(
  { session, ready }: Batch,
  { planned, entered, made }: Walker,
  reason: string,
): Promise<HostResult> {
  const { run, plan } = planned
  const outcome = await attempt(session, ready, run.host, async (): Promise<never> => {
    await putBack(run, { ...plan, disrupts: entered })
    sayTime(run)
    throw failure(`not finished, after ${made} changes: ${reason}`)
  })
  return 'result' in outcome ? outcome.result : outcome.value
}
