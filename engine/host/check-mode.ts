import { handlerChange, handlersOwed, isStep, planStage, stageAt } from '../plan/index.ts'
import { type HostPlan, refuse, refuseOne } from './host-run.ts'
import type { HostRun } from './run.ts'

/** Tells what a run would do: the same probe and plan, nothing else. Returns how many changes there would be. */
export function checkHost(run: HostRun, plan: HostPlan): number {
  const { items, handlers } = run.work
  const about = { kind: 'task', host: run.host.name, play: run.play.name, status: 'would change' } as const
  let changes = 0
  let owed: ReadonlySet<string> = plan.pending
  for (let position = 0; position < items.length; ) {
    const stage = stageAt(items, position)
    const planned = planStage(stage, plan.facts, { isSecret: run.isSecret, diff: run.diff, changed: changes > 0 })
    refuse(planned)
    for (const { item, task, change } of planned) {
      if (change.effect === 'wait') continue
      changes += 1
      owed = new Set([...owed, ...item.owes])
      const diff = run.diff && !task.secret ? change.diff : undefined
      run.emit({ ...about, role: item.role, task: task.title, summary: change.summary, ...(diff ? { diff } : {}) })
    }
    const step = items[position + stage.length]
    const why = step && isStep(step.unit) && step.unit.needed(plan.facts)
    if (step && why) {
      changes += 1
      run.emit({ ...about, role: step.role, task: step.unit.title, summary: `would run: ${why}` })
    }
    position += stage.length + 1
  }
  for (const handler of handlersOwed(handlers, [], owed)) {
    changes += 1
    for (const task of handler.tasks) refuseOne(handler.role, task, handlerChange(task, plan.facts, run.isSecret))
    run.emit({
      ...about,
      role: handler.role,
      task: handler.tasks.map(task => task.title).join(', '),
      summary: 'handler',
      handler: true,
    })
  }
  return changes
}
