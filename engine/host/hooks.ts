import { failure, isFailure, messageOf } from '../failure/index.ts'
import { hostContext } from '../plan/index.ts'
import type { Around } from '../role/index.ts'
import { hookName } from './hook-name.ts'
import type { HostPlan } from './host-run.ts'
import type { HostRun } from './run.ts'
import { notePending, stepContext } from './run-step.ts'

/**
 * Takes the host out of service: each hook is written down on it first. When one fails, all entered so far are left
 * again.
 */
export async function enterAll(run: HostRun): Promise<void> {
  const entered: Around[] = []
  for (const hook of run.play.around ?? []) {
    entered.push(hook)
    try {
      await notePending(run, [hookName(hook.name)], [])
      await phase(run, hook, 'enter')
    } catch (error) {
      for (const done of entered.reverse()) await leave(run, done).catch(() => {})
      throw error
    }
  }
}

/** Puts it back: those that were entered by this run or are still owed from an earlier one. */
export async function leaveAll(run: HostRun, plan: HostPlan): Promise<void> {
  for (const hook of [...(run.play.around ?? [])].reverse()) {
    if (plan.disrupts || plan.pending.has(hookName(hook.name))) await leave(run, hook)
  }
}

async function leave(run: HostRun, hook: Around): Promise<void> {
  await phase(run, hook, 'leave')
  await notePending(run, [], [hookName(hook.name)])
}

async function phase(run: HostRun, hook: Around, phase: 'enter' | 'leave'): Promise<void> {
  const about = { kind: 'around', host: run.host.name, name: hook.name, phase } as const
  run.emit({ ...about, status: 'started' })
  try {
    const { cluster } = hostContext(hook.cluster, run.host, run.inventory)
    await hook[phase]({ ...stepContext(run), cluster } as never)
    run.emit({ ...about, status: 'done' })
  } catch (error) {
    const message = messageOf(error)
    run.emit({ ...about, status: 'failed', message })
    if (isFailure(error, 'unreachable')) throw error
    throw failure(message, { where: [`${phase === 'enter' ? 'before' : 'after'} the changes, ${hook.name}`] })
  }
}
