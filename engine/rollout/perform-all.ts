import type { Facts } from '../facts/index.ts'
import { failure } from '../failure/index.ts'
import type { HostRun } from '../host/index.ts'
import {
  announceAll,
  enterAll,
  type HostPlan,
  holdsGate,
  leaveAll,
  planHost,
  refuseBefore,
  requestsFrom,
  willChange,
} from '../host/index.ts'
import type { WorkItem } from '../plan/index.ts'
import { nextOnce, untilOnce } from '../plan/index.ts'
import type { Batch } from './batch.ts'
import { attempt, finish } from './outcome.ts'
import { orPutBack, putBack, sayTime } from './perform.ts'
import type { Planned } from './planned.ts'
import type { HostResult, Stop } from './verdict.ts'

/** A host on its way through a play. */
interface Progress {
  readonly planned: Planned
  /** What is left; where it waits for the others, that is what runs once. */
  readonly rest: readonly WorkItem[]
  readonly made: number
  /** What comes before all of a turn has been done: it is to be left, whatever becomes of it. */
  readonly announced: boolean
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
  const begun = await batch.session.each(hosts, planned => begin(batch, planned))
  batch.flight.announced(batch)
  await batch.flight.othersAnnounced()
  const results: HostResult[] = begun.flatMap(outcome => ('result' in outcome ? [outcome.result] : []))
  let underway: readonly Progress[] = begun.flatMap(outcome => ('progress' in outcome ? [outcome.progress] : []))
  for (;;) {
    const before = madeBy(underway)
    const advanced = await batch.session.each(underway, progress => advance(batch, progress))
    results.push(...advanced.flatMap(outcome => ('result' in outcome ? [outcome.result] : [])))
    const waiting = advanced.flatMap(outcome => ('progress' in outcome ? [outcome.progress] : []))
    const name = nextOnce(waiting.map(({ rest }) => rest))
    if (name === undefined) return { results }
    const hasChanged = madeBy(waiting) > before || waiting.length < underway.length
    const after = await runOnceForAll(batch, hasChanged ? waiting.map(withoutFacts) : waiting, name)
    if ('stop' in after) return { results: [...results, ...after.results], stop: after.stop }
    underway = after.underway
  }
}

const madeBy = (underway: readonly Progress[]): number => underway.reduce((sum, { made }) => sum + made, 0)

/** One that will change says so, where a hook wants it, before any of the others is taken out of service. */
async function begin({ session, ready, done }: Batch, planned: Planned): Promise<Advanced> {
  const { run, plan, items } = planned
  const progress: Progress = {
    planned,
    rest: items.filter(({ once }) => once === undefined || !done.has(once)),
    made: 0,
    announced: false,
    entered: false,
    facts: plan.facts,
  }
  if (!plan.disrupts || session.signal.aborted) return { progress }
  const outcome = await attempt(session, ready, run.host, () => {
    // What comes after something that runs once may depend on it.
    refuseBefore({ ...run, work: { ...run.work, items: untilOnce(progress.rest) } }, plan.facts)
    return run.clock.time('around', () => announceAll(run))
  })
  if ('result' in outcome) {
    sayTime(run)
    return outcome
  }
  return { progress: { ...progress, announced: outcome.value } }
}

/** What others have done may be what the rest of its work depends on. */
const withoutFacts = (progress: Progress): Progress => ({ ...progress, facts: undefined })

type Advanced = { readonly progress: Progress } | { readonly result: HostResult }

/** Up to where it has to wait for the others, or to the end. */
async function advance({ session, ready }: Batch, progress: Progress): Promise<Advanced> {
  const { run, plan } = progress.planned
  const { name } = run.host
  if (session.signal.aborted && progress.made === 0 && !progress.entered) {
    // What is owed to it stays written down on the host where it can't be done now.
    if (progress.announced) await putBack(run, { ...plan, disrupts: true }).catch(() => {})
    return { result: finish(session, ready, name, 'skipped', 0, 'not begun: interrupted') }
  }
  const outcome = await attempt(session, ready, run.host, async () => {
    const there = await runUpToOnce(progress)
    if (there.rest.length > 0) return there
    const disrupts = there.entered || there.announced
    const whatWasDone: HostPlan = { ...plan, disrupts, dirty: plan.dirty || there.made > 0 }
    await run.clock.time('gates', () => holdsGate(run, whatWasDone, session.signal))
    await run.clock.time('around', () => leaveAll(run, whatWasDone))
    return there
  })
  if ('result' in outcome) {
    sayTime(run)
    return outcome
  }
  const { rest, made } = outcome.value
  if (rest.length > 0) return { progress: outcome.value }
  sayTime(run)
  return { result: finish(session, ready, name, made > 0 ? 'changed' : 'ok', made) }
}

async function runUpToOnce(progress: Progress): Promise<Progress> {
  const { run, plan } = progress.planned
  const items = untilOnce(progress.rest)
  const rest = progress.rest.slice(items.length)
  // As the probe found it, and nothing to do: nothing is sent.
  const isClean = progress.facts === plan.facts && !plan.dirty
  if (isClean || (items.length === 0 && rest.length > 0)) return { ...progress, rest }
  const part: HostRun = { ...run, work: { ...run.work, items, goesOn: rest.length > 0 } }
  const facts = progress.facts ?? (await probeRest(progress))
  const disrupts = progress.facts === plan.facts ? plan.disrupts : willChange(part, facts)
  const entered = await enter(progress, disrupts)
  const made = await orPutBack(part, { ...plan, facts, disrupts: entered }, progress.made > 0)
  return { ...progress, rest, entered, made: progress.made + made, facts: made > 0 ? undefined : facts }
}

async function probeRest({ planned: { run }, rest }: Progress): Promise<Facts> {
  return run.clock.time('probe', () =>
    run.channel.probe(requestsFrom({ ...run, work: { ...run.work, items: rest } }, 0)),
  )
}

async function enter({ planned: { run }, announced, entered }: Progress, disrupts: boolean): Promise<boolean> {
  if (!entered && disrupts) await run.clock.time('around', () => enterAll(run, { announced }))
  return entered || disrupts
}

type AfterOnce =
  | { readonly underway: readonly Progress[] }
  | { readonly results: readonly HostResult[]; readonly stop: Stop }

/** All that had to come have come to what runs once: the first of them runs it. */
async function runOnceForAll(batch: Batch, underway: readonly Progress[], name: string): Promise<AfterOnce> {
  const here = underway.filter(({ rest }) => rest[0]?.once === name)
  const [first] = here
  const item = first?.rest[0]
  if (!first || !item) return { underway }
  const { session, ready, flight } = batch
  const { host } = first.planned.run
  const isOwner = batch.owners.get(name) === host.name
  const outcome = await flight.alone(() => attempt(session, ready, host, () => runOnce(first, item, isOwner)))
  if ('result' in outcome) {
    const reason = `"${item.unit.title}" runs once for all, and it failed on ${host.name}`
    const others = await session.each(
      underway.filter(progress => progress !== first),
      progress => giveUp(batch, progress, reason),
    )
    return { results: [outcome.result, ...others], stop: { reason: `${ready.play.name}: ${reason}` } }
  }
  batch.done.add(name)
  const hasChanged = outcome.value.made > first.made
  const pastOnce = (progress: Progress): Progress => ({ ...progress, rest: progress.rest.slice(1) })
  return {
    underway: underway.map(progress => {
      if (progress === first) return pastOnce(outcome.value)
      const next = here.includes(progress) ? pastOnce(progress) : progress
      return hasChanged ? withoutFacts(next) : next
    }),
  }
}

async function runOnce(progress: Progress, item: WorkItem, isOwner: boolean): Promise<Progress> {
  const { run, plan } = progress.planned
  const part: HostRun = { ...run, work: { ...run.work, items: [item], goesOn: true } }
  const found = isOwner ? { ...plan, facts: progress.facts ?? (await probeRest(progress)) } : await planHost(part)
  const disrupts = willChange(part, found.facts)
  const entered = await enter(progress, disrupts)
  const made = await orPutBack(part, { ...found, disrupts: entered }, progress.made > 0)
  return { ...progress, entered, made: progress.made + made, facts: made > 0 ? undefined : progress.facts }
}

/** A host that can't go on, for what should have been done before was not. What it owes stays written down on it. */
async function giveUp(
  { session, ready }: Batch,
  { planned, announced, entered, made }: Progress,
  reason: string,
): Promise<HostResult> {
  const { run, plan } = planned
  const outcome = await attempt(session, ready, run.host, async (): Promise<never> => {
    await putBack(run, { ...plan, disrupts: entered || announced })
    sayTime(run)
    throw failure(`not finished, after ${made} changes: ${reason}`)
  })
  return 'result' in outcome ? outcome.result : outcome.value
}
