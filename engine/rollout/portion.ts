import { draftOf, onceItems } from '../plan/index.ts'
import type { Portion } from '../playbook/index.ts'
import type { HostView } from '../role/index.ts'
import { type Batch, type Given, isIdle, openBatch } from './batch.ts'
import type { BetweenBatches, GatesOfBatch } from './batch-gates.ts'
import { openFlight } from './flight.ts'
import { finish, leaveOut, mayHaveChanged, notBegun } from './outcome.ts'
import { pauseBefore } from './pause.ts'
import { inCheckMode, onceNotAgreed, orphansOf, probeAndPlan } from './perform.ts'
import type { LeftBehind } from './resumed.ts'
import { slide } from './slide.ts'
import { inTurns, sayTurns } from './turns.ts'
import { type HostResult, hasFailed, type Stop, verdictOn } from './verdict.ts'

/**
 * The hosts of a batch all together or, in a window, each as a batch of its own, so many at a time. Returns why the
 * playbook must stop, if it must: then nothing new is started, and what is in flight is brought to its end.
 */
export async function runPortion(
  given: Given,
  { hosts, window }: Portion<HostView>,
  between: {
    readonly name: string
    readonly gates: BetweenBatches
    readonly left: LeftBehind
  },
): Promise<Stop | undefined> {
  const { session, ready } = given
  const flight = openFlight(session, ready)
  const results: HostResult[] = []
  if (window !== undefined) saySeveralTimes(given, hosts)
  const { halfDone, known } = between.left
  const outOfTime = (names: readonly string[], isFree: ReadonlySet<string>): Stop | undefined =>
    session.time?.before({
      play: ready.play.name,
      hosts: names.length,
      isRepair: names.every(name => isFree.has(name)),
    })
  let begun = 0
  const work = async (batch: readonly HostView[], underway: readonly (readonly HostView[])[]): Promise<boolean> => {
    begun += 1
    if (window !== undefined) sayStart(given, batch, underway, { done: results.length, of: hosts.length })
    const gates =
      window === undefined
        ? between.gates(between.name, batch, 'batch')
        : between.gates(batch.map(({ name }) => name).join(), batch, 'host')
    const opened = openBatch(given, flight, batch, names => outOfTime(names, halfDone))
    const ended = await runBatch(opened, batch, gates)
    results.push(...ended.results)
    for (const { host, outcome } of ended.results) {
      if (outcome !== 'failed' && outcome !== 'unreachable') continue
      session.out.set(host, outcome)
      if (session.check) session.agreed?.leaveOut(host)
    }
    const scope = window === undefined ? { batch: hosts.length } : { window: Math.min(window, hosts.length), begun }
    const stop = ended.stop ?? verdictOn(ready.play, results, scope)
    if (stop) flight.stop(stop)
    // What is served is asked of whoever has come to a good end, also where the time is over meanwhile.
    const why = flight.stopped()
    const broken = why === undefined || why.isInOrder ? await gates.after(ended.results) : undefined
    if (broken) flight.stop(broken)
    // In a window it keeps its place meanwhile.
    const isAwaited = window !== undefined && begun < hosts.length && flight.stopped() === undefined
    if (isAwaited && ended.results.some(({ outcome }) => mayHaveChanged(outcome))) {
      const next = { play: ready.play.name, hosts: 1 }
      const late = await pauseBefore(session, `the next after ${batch.map(({ name }) => name).join(', ')}`, next)
      if (late) flight.stop(late)
    }
    flight.back(batch.map(({ name }) => name))
    return !ended.results.some(hasFailed)
  }
  const items = window === undefined ? [hosts] : hosts.map(host => [host])
  const isInTime = (): boolean => {
    // Of a batch it is asked before.
    const late = window === undefined ? undefined : outOfTime(namesOf(items[begun] ?? []), known)
    if (late) flight.stop(late)
    return late === undefined
  }
  const left = await slide({
    items,
    places: window ?? 1,
    atOnce: window === undefined ? 1 : session.forks,
    goesOn: () => flight.stopped() === undefined && !session.signal.aborted && isInTime(),
    work,
  })
  if (left.length === 0) return flight.stopped()
  return leaveOut(session, ready, left.flat(), flight.stopped() ?? { reason: 'interrupted' })
}

const namesOf = (hosts: readonly HostView[]): readonly string[] => hosts.map(({ name }) => name)

/** Nobody knows when all hosts of a window would have come to something together. */
function saySeveralTimes({ session, ready }: Given, [first]: readonly HostView[]): void {
  const once = first === undefined ? [] : onceItems(draftOf(ready, first).work)
  const titles = once.map(({ unit }) => `"${unit.title}"`).join(', ')
  if (titles !== '')
    session.emit({
      kind: 'note',
      text: `${ready.play.name}: ${titles} runs on each host of the window, one after the other`,
    })
}

function sayStart(
  { session, ready }: Given,
  batch: readonly HostView[],
  underway: readonly (readonly HostView[])[],
  count: { readonly done: number; readonly of: number },
): void {
  const inFlight = underway.flat().map(({ name }) => name)
  for (const { name } of batch)
    session.emit({ kind: 'hostStarted', host: name, play: ready.play.name, inFlight, ...count })
}

/** Probe and plan of all hosts of the batch, then the changes, in as many turns as the availability rule asks for. */
async function runBatch(
  batch: Batch,
  hosts: readonly HostView[],
  gates: GatesOfBatch,
): Promise<{ readonly results: readonly HostResult[]; readonly stop: Stop | undefined }> {
  const { session, ready, flight } = batch
  flight.begins(batch)
  const idle = new Set(hosts.filter(host => isIdle(batch, host)))
  const attempted = await session.each(
    hosts.filter(host => !idle.has(host)),
    host => probeAndPlan(batch, host),
  )
  const planned = attempted.flatMap(outcome => ('value' in outcome ? [outcome.value] : []))
  const results: HostResult[] = [
    ...[...idle].map(({ name }) => finish(session, ready, name, 'ok', 0)),
    ...attempted.flatMap(outcome => ('result' in outcome ? [outcome.result] : [])),
  ]
  let stop: Stop | undefined
  if (session.check) {
    const orphans = orphansOf(batch, planned)
    results.push(...(await session.each(planned, item => inCheckMode(batch, item, orphans.get(item) ?? []))))
    await sayTurns(session, ready, planned)
  } else {
    stop = (await onceNotAgreed(batch, planned)) ?? (await gates.before(planned))
    if (stop)
      for (const { run } of planned) results.push(finish(session, ready, run.host.name, 'skipped', 0, notBegun(stop)))
    else stop = await inTurns(batch, planned, results)
  }
  flight.announced(batch)
  return { results, stop }
}
