import { handlerChange, handlersOwed, isStep, type PlannedChange, planStage, stageAt } from '../plan/index.ts'
import type { Shell } from '../shell/index.ts'
import type { Change, Diff } from '../tasks/index.ts'
import type { Doing } from './agreed-on.ts'
import { doingOf, doingOfHandler, doingOfHook, doingOfStep } from './doing.ts'
import { hookName } from './hook-name.ts'
import { type HostPlan, refuse, refuseOne } from './host-plan.ts'
import type { HostRun } from './run.ts'

/** Something that a run would do on a host: a change, a step, or a handler with its tasks, or a hook that is owed. */
export interface Would {
  readonly role: string
  readonly tasks: readonly string[]
  readonly summary: string
  readonly handler: boolean
  /** What it does is its author's, and not known before. */
  readonly step?: true
  /** It was entered by an earlier run, and is to be left. */
  readonly hook?: true
  readonly diff?: Diff
  /** What would be sent; of a step it is not known before. */
  readonly sends: readonly Shell[]
  readonly doing: readonly Doing[]
}

/** All that a run would do on a host, by the same probe and plan. Throws at what the plan knows that can't be done. */
export function* wouldDo(run: HostRun, plan: HostPlan): Generator<Would> {
  const { items, handlers } = run.work
  let found = false
  let owed: ReadonlySet<string> = plan.pending
  for (let position = 0; position < items.length; ) {
    const stage = stageAt(items, position)
    const planned = planStage(stage, plan.facts, { isSecret: run.isSecret, diff: run.diff, changed: found })
    refuse(planned)
    for (const { item, task, change } of planned) {
      if (change.effect === 'wait') continue
      found = true
      owed = new Set([...owed, ...item.owes])
      yield wouldOf(run, { item, task, change })
    }
    const step = items[position + stage.length]
    const why = step && isStep(step.unit) && step.unit.needed(plan.facts)
    if (step && why) {
      found = true
      const about = { role: step.role, tasks: [step.unit.title], handler: false, step: true } as const
      yield { ...about, summary: `would run: ${why}`, sends: [], doing: [doingOfStep(run, step)] }
    }
    position += stage.length + 1
  }
  for (const { role, tasks } of handlersOwed(handlers, [], owed)) {
    const sends = tasks.flatMap(task => {
      const change = handlerChange(task, plan.facts, run.isSecret)
      refuseOne(role, task, change)
      return change ? sentBy(change) : []
    })
    const doing = tasks.map(task => doingOfHandler(role, task.title))
    yield { role, tasks: tasks.map(task => task.title), summary: 'handler', handler: true, sends, doing }
  }
  for (const { name } of (run.play.around ?? []).filter(hook => plan.pending.has(hookName(hook.name)))) {
    const about = {
      role: 'after the changes',
      tasks: [name],
      summary: 'owed from an earlier run',
      handler: false,
      hook: true,
    } as const
    yield { ...about, sends: [], doing: [doingOfHook(name)] }
  }
}

export function wouldOf(run: HostRun, planned: PlannedChange): Would {
  const { item, task, change } = planned
  const diff = run.diff && !task.secret ? change.diff : undefined
  const about = { role: item.role, tasks: [task.title], summary: change.summary, handler: false }
  return { ...about, sends: sentBy(change), doing: [doingOf(run, planned)], ...(diff ? { diff } : {}) }
}

const sentBy = ({ apply, settle }: Change): readonly Shell[] => (settle ? [apply, settle] : [apply])
