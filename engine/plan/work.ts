import { exposedBelow, type FactRequest, type Facts, withFacts } from '../facts/index.ts'
import type { Handlers, Nested, Step, TaskOrStep } from '../role/index.ts'
import { raw } from '../shell/index.ts'
import type { Change, PlanContext, Task } from '../tasks/index.ts'
import { isFlushHandlers } from '../tasks/index.ts'

/** One task or step of a host's work, with the role it came from and the handlers it owes by their full names. */
export interface WorkItem {
  readonly id: number
  readonly role: string
  readonly unit: TaskOrStep
  readonly owes: readonly string[]
  /** What runs once for a whole batch has a name here, the same on all its hosts. */
  readonly once?: string
}

/** A handler under its full name `role/name`, in the order in which handlers run. */
export interface HandlerItem {
  readonly name: string
  readonly role: string
  readonly tasks: readonly Task[]
}

/** All that a play asks of one host. */
export interface HostWork {
  readonly items: readonly WorkItem[]
  readonly handlers: readonly HandlerItem[]
  /** Only a part of it, and more will follow: handlers wait. */
  readonly goesOn?: boolean
}

/** A task that the plan found to need something. */
export interface PlannedChange {
  readonly item: WorkItem
  readonly task: Task
  readonly change: Change
}

export const isStep = (unit: TaskOrStep): unit is Step => 'type' in unit && unit.type === 'step'

export const isFlush = (unit: TaskOrStep): boolean => !isStep(unit) && isFlushHandlers(unit)

export const flatten = (nested: Nested): readonly TaskOrStep[] => addAll([], nested)

function addAll(list: TaskOrStep[], nested: Nested): readonly TaskOrStep[] {
  for (const entry of nested) {
    if (isNested(entry)) addAll(list, entry)
    else if (entry) list.push(entry)
  }
  return list
}

const isNested = (entry: Nested[number]): entry is Nested => Array.isArray(entry)

export const handlerItems = (role: string, handlers: Handlers): readonly HandlerItem[] =>
  Object.entries(handlers).map(([name, tasks]) => ({
    name: `${role}/${name}`,
    role,
    tasks: isTask(tasks) ? [tasks] : tasks,
  }))

const isTask = (value: Task | readonly Task[]): value is Task => !Array.isArray(value)

/** The facts that these items and handlers need; `diff`: differences will be shown. */
export function factsNeeded(
  items: readonly WorkItem[],
  handlers: readonly HandlerItem[],
  diff: boolean,
): readonly FactRequest[] {
  const ofTask = (task: Task): readonly FactRequest[] => task.kind.facts(task.args, { diff: diff && !task.secret })
  return [
    ...items.flatMap(({ unit }) => (isStep(unit) ? Object.values(unit.facts) : ofTask(unit))),
    ...handlers.flatMap(handler => handler.tasks.flatMap(ofTask)),
  ]
}

/** The items from `start` up to the next step, which ends the stage. */
export function stageAt(items: readonly WorkItem[], start: number): readonly WorkItem[] {
  const end = items.findIndex((item, index) => index >= start && isStep(item.unit))
  return items.slice(start, end === -1 ? items.length : end)
}

export function planStage(stage: readonly WorkItem[], facts: Facts, options: PlanContext): readonly PlannedChange[] {
  const planned: PlannedChange[] = []
  let seen = facts
  for (const item of stage) {
    if (isStep(item.unit) || isFlush(item.unit)) continue
    const task = item.unit
    const changed = options.changed || planned.some(({ change }) => change.effect !== 'wait')
    const change = task.kind.plan(task.args, seen, { ...options, changed, diff: options.diff && !task.secret })
    if (!change) continue
    planned.push({ item, task, change })
    if (change.opens !== undefined) seen = exposedBelow(seen, change.opens)
    // A second edit of the same file starts from what the first one leaves.
    seen = withFacts(seen, change.leaves ?? [])
  }
  return planned
}

/**
 * What a task of a handler comes to; something has changed before it. One that is refused fails in its place, so that
 * the handler stays owed: not before the changes, for one of them may bring what it lacks.
 */
export function handlerChange(task: Task, facts: Facts, isSecret: (text: string) => boolean): Change | undefined {
  const change = task.kind.plan(task.args, facts, { changed: true, diff: false, isSecret })
  if (change?.refused === undefined) return change
  return { summary: change.summary, refused: change.refused, apply: raw('exit 1'), effect: 'action' }
}

/** What must be gone after the changes were made. */
export const leftOver = (planned: readonly PlannedChange[]): readonly PlannedChange[] =>
  planned.filter(({ change }) => (change.effect ?? 'change') === 'change' || change.refused !== undefined)

/** Handlers in their order that these changes owe, or that are owed from before. */
export function handlersOwed(
  handlers: readonly HandlerItem[],
  changes: readonly PlannedChange[],
  before: ReadonlySet<string>,
): readonly HandlerItem[] {
  const owed = new Set([
    ...before,
    ...changes.filter(({ change }) => change.effect !== 'wait').flatMap(({ item }) => item.owes),
  ])
  return handlers.filter(handler => owed.has(handler.name))
}
