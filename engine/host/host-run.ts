import { type FactRequest, type Facts, pending as pendingHandlers, withFacts } from '../facts/index.ts'
import { type Failure, failure, interrupted } from '../failure/index.ts'
import {
  factsNeeded,
  type HandlerItem,
  handlersOwed,
  isStep,
  leftOver,
  type PlannedChange,
  planStage,
  stageAt,
} from '../plan/index.ts'
import { mustBeShown, mustBeShownAs } from './agreed.ts'
import { applyEntries, entriesOf, type StageWork } from './apply.ts'
import { doingOf, doingOfHandler } from './doing.ts'
import { type HostPlan, refuse } from './host-plan.ts'
import { judge } from './judge.ts'
import type { HostRun } from './run.ts'
import { runStep } from './run-step.ts'

/** Probe and plan: the one program that a run without changes sends. */
export async function planHost(run: HostRun): Promise<HostPlan> {
  const started = performance.now()
  const facts = await firstProbe(run, started)
  const probed = performance.now()
  const pending = new Set(facts.get(pendingHandlers({})))
  const first = firstDirty(run, facts, 0, false)
  const owed = handlersOwed(run.work.handlers, [], pending).length > 0
  const changes = first.changes.filter(({ change }) => change.effect !== 'wait').length
  // `start` is past the last item where no stage has anything to do: then none is planned a second time.
  const disrupts = owed || changes > 0 || (first.start < run.work.items.length && willChange(run, facts))
  run.emit({
    kind: 'planned',
    host: run.host.name,
    play: run.play.name,
    tasks: run.work.items.length,
    changes,
    seconds: (performance.now() - started) / 1000,
  })
  run.clock.add('plan', (performance.now() - probed) / 1000)
  return { facts, pending, disrupts, dirty: disrupts || first.changes.length > 0 }
}

/**
 * Names the handlers that an earlier run has left, so that nobody wonders why they run although nothing has changed.
 */
export function notePending(run: HostRun, { pending }: HostPlan): void {
  for (const { name } of handlersOwed(run.work.handlers, [], pending))
    run.emit({ kind: 'note', host: run.host.name, text: `handler ${name} is pending from an earlier run` })
}

/** The first request waits for the connection, too, where it was not there before. */
async function firstProbe(run: HostRun, started: number): Promise<Facts> {
  try {
    return await run.channel.probe(requestsFrom(run, 0))
  } finally {
    const ready = Math.max(started, run.channel.stats().readyAt ?? Number.POSITIVE_INFINITY)
    const ended = performance.now()
    run.clock.add('connect', (Math.min(ready, ended) - started) / 1000)
    run.clock.add('probe', (ended - Math.min(ready, ended)) / 1000)
  }
}

/**
 * Whether any stage has more to do than to wait: the first may be nothing but waiting, with a restart behind its step.
 */
export function willChange(run: HostRun, facts: Facts): boolean {
  const { items } = run.work
  for (let position = 0; position < items.length; ) {
    const stage = stageAt(items, position)
    const planned = planStage(stage, facts, { isSecret: run.isSecret, diff: false, changed: false })
    if (planned.some(({ change }) => change.effect !== 'wait')) return true
    const step = items[position + stage.length]
    if (step && isStep(step.unit) && step.unit.needed(facts)) return true
    position += stage.length + 1
  }
  return false
}

/** Everything from an item on, with the gate's facts and what is owed. */
export function requestsFrom(run: HostRun, start: number): readonly FactRequest[] {
  const { gate } = run.play
  const ofGate = gate ? judge(gate, gate, run.host, run.inventory).requests() : []
  return [...factsNeeded(run.work.items.slice(start), run.work.handlers, run.diff), ...ofGate, pendingHandlers({})]
}

interface Dirty {
  readonly start: number
  readonly changes: readonly PlannedChange[]
  /** Why the step that ends this stage must run, where nothing before it has changed. */
  readonly step?: string
}

/** The first stage from `start` on that has something to do; `start` is the number of items where there is none. */
function firstDirty(run: HostRun, facts: Facts, start: number, changed: boolean): Dirty {
  const { items } = run.work
  for (let position = start; position < items.length; ) {
    const stage = stageAt(items, position)
    const changes = planStage(stage, facts, { isSecret: run.isSecret, diff: run.diff, changed })
    const step = items[position + stage.length]
    const why = step && isStep(step.unit) && step.unit.needed(facts)
    if (changes.length > 0 || why) return { start: position, changes, ...(why ? { step: why } : {}) }
    position += stage.length + 1
  }
  return { start: items.length, changes: [] }
}

/**
 * Makes it so: apply and verify, stage by stage, handlers at the end of the last. Which handlers are owed is read from
 * the host itself with every probe. `changed`: something has been changed before. Returns how many changes were made.
 */
export async function converge(run: HostRun, plan: HostPlan, changed = false): Promise<number> {
  const { items, handlers } = run.work
  let { facts } = plan
  let made = 0
  for (let position = 0; ; ) {
    if (run.signal.aborted) throw interrupted(`interrupted after ${made} changes`)
    const dirty = firstDirty(run, facts, position, changed || made > 0)
    const stage = stageAt(items, dirty.start)
    const step = items[dirty.start + stage.length]
    const last = !step && !run.work.goesOn
    const owed = new Set(facts.get(pendingHandlers({})))
    const due = last ? handlersOwed(handlers, dirty.changes, owed) : []
    if (dirty.changes.length > 0 || due.length > 0) {
      const applied = await applyStage(run, { start: dirty.start, changes: dirty.changes, due, facts, last })
      facts = applied.facts
      made += applied.made
    }
    if (!step || !isStep(step.unit)) return made
    position = dirty.start + stage.length + 1
    const why = step.unit.needed(facts)
    if (!why) continue
    const before = new Set(facts.get(pendingHandlers({})))
    if (await run.clock.time('steps', () => runStep(run, step, why, before))) made += 1
    facts = await run.clock.time('probe', () => run.channel.probe(requestsFrom(run, position)))
  }
}

interface StageRun {
  readonly start: number
  readonly changes: readonly PlannedChange[]
  readonly due: readonly HandlerItem[]
  readonly facts: Facts
  /** Nothing follows: what is notified here runs here. */
  readonly last: boolean
}

/** One apply with the verifying probe right behind it, and a second pass for what only shows after the first. */
async function applyStage(run: HostRun, first: StageRun): Promise<{ readonly facts: Facts; readonly made: number }> {
  const requests = requestsFrom(run, first.start)
  const stage = stageAt(run.work.items, first.start)
  let { changes, due, facts } = first
  let made = 0
  mustBeShownAs(run, changes)
  for (const pass of [1, 2] as const) {
    refuse(changes)
    facts = await applyAndProbe(run, { stage, changes, due, facts }, requests)
    made += changes.filter(({ change }) => change.effect !== 'wait').length + due.length
    const left = leftOver(planStage(stage, facts, { isSecret: run.isSecret, diff: false, changed: false }))
    if (left.length === 0) return { facts, made }
    if (pass === 2) throw notConverging(left)
    changes = left
    due = first.last ? handlersOwed(run.work.handlers, left, new Set()) : []
  }
  return { facts, made }
}

/** The verifying probe travels with the changes, and is made while the daemons settle: it costs no wait of its own. */
async function applyAndProbe(run: HostRun, work: StageWork, requests: readonly FactRequest[]): Promise<Facts> {
  const { entries, watched } = entriesOf(run, work)
  const changing = work.changes.filter(({ change }) => change.effect !== 'wait')
  const handling = entries.filter(({ item, change, handler }) => handler && change && item.waits !== true)
  mustBeShown(run, [
    ...changing.map(one => doingOf(run, one)),
    ...handling.map(({ role, task }) => doingOfHandler(role, task.title)),
  ])
  const applying = run.clock.time('apply', () => applyEntries(run, entries))
  const probing = run.channel.probe(requests)
  const verified = applying.then(() => run.clock.time('verify', () => probing))
  const watching = applying.then(() => applyEntries(run, watched, { finishing: true }))
  const settled = verified.then(() => run.clock.time('apply', () => watching))
  const [facts] = await Promise.all([probing, watching, settled])
  const paid = new Set(watched.map(({ item }) => item.pays))
  const owed = facts.get(pendingHandlers({})).filter(name => !paid.has(name))
  return withFacts(facts, [[pendingHandlers({}), owed]])
}

/** What can't be done at all is found out before the host is taken out of service for it. */
export const refuseBefore = (run: HostRun, facts: Facts): void => refuse(firstDirty(run, facts, 0, false).changes)

function notConverging(left: readonly PlannedChange[]): Failure {
  const [first] = left
  const which = left.map(({ task, change }) => `${task.title}: ${change.summary}`).join('; ')
  return failure(`does not converge: after two passes there is still something to change (${which})`, {
    where: first ? [first.item.role, first.task.title] : [],
    hint: 'something on the host undoes the change, or two tasks want different things',
  })
}
