import type { Facts } from '../facts/index.ts'
import { isStep, type PlannedChange, planStage, stageAt } from '../plan/index.ts'
import type { HostRun } from './run.ts'

/**
 * What has to be changed on a host although it was done before: what can be seen there is not as it should be. What is
 * done in every run, whatever is seen (a plain command, a step that looks at nothing), is none of it.
 */
export function driftOf(run: HostRun, facts: Facts): readonly string[] {
  const { items } = run.work
  const found: string[] = []
  for (let position = 0; position < items.length; ) {
    const stage = stageAt(items, position)
    const planned = planStage(stage, facts, { isSecret: run.isSecret, diff: false, changed: false })
    found.push(...planned.filter(isSeen).map(({ task, change }) => `${task.title} (${change.summary})`))
    const step = items[position + stage.length]
    if (step && isStep(step.unit) && Object.keys(step.unit.facts).length > 0) {
      const why = step.unit.needed(facts)
      if (why) found.push(`${step.unit.title} (${why})`)
    }
    position += stage.length + 1
  }
  return found
}

/** What a task does without having looked at anything, it does in every run. */
function isSeen({ task, change: { effect = 'change', refused } }: PlannedChange): boolean {
  if (effect === 'wait') return refused !== undefined
  return effect === 'change' || refused !== undefined || task.kind.facts(task.args, { diff: false }).length > 0
}
