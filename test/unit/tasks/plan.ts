import type { FactRequest } from '../../../engine/facts/fact.ts'
import { factKey, factsFrom } from '../../../engine/facts/fact.ts'
import type { PathEntry } from '../../../engine/facts/path.ts'
import type { Change, PlanContext, Task } from '../../../engine/tasks/task.ts'

/** Plans a task on facts that `answer` gives for each request. */
export function planWith(
  task: Task,
  answer: (request: FactRequest) => unknown,
  context: Partial<PlanContext> = {},
): Change | undefined {
  const all = { changed: false, diff: true, ...context }
  const requests = task.kind.facts(task.args, all)
  const facts = factsFrom(new Map(requests.map(request => [factKey(request), answer(request)])))
  return task.kind.plan(task.args, facts, all)
}

export const problemsOf = (task: Task): readonly string[] => task.kind.check?.(task.args) ?? []

export const entry = (more: Partial<PathEntry> = {}): PathEntry => ({
  type: 'file',
  mode: '0644',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  size: 3,
  modified: 0,
  ...more,
})

/** What a plan says, in one line: for tables. */
export const planText = (change: Change | undefined): string =>
  change === undefined ? 'nothing' : change.refused === undefined ? change.summary : `refused: ${change.refused}`
