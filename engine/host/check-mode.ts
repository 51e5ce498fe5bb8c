import type { HostPlan } from './host-plan.ts'
import type { HostRun } from './run.ts'
import { type Would, wouldDo } from './would.ts'

/** Tells what a run would do: the same probe and plan, nothing else. Returns what there would be. */
export function checkHost(run: HostRun, plan: HostPlan): readonly Would[] {
  const about = { kind: 'task', host: run.host.name, play: run.play.name, status: 'would change' } as const
  const told: Would[] = []
  for (const would of wouldDo(run, plan)) {
    const { role, tasks, summary, handler, diff } = would
    told.push(would)
    const more = { ...(diff ? { diff } : {}), ...(handler ? { handler } : {}) }
    run.emit({ ...about, role, task: tasks.join(', '), summary, ...more })
  }
  return told
}
