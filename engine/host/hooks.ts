import { failure, isFailure, messageOf } from '../failure/index.ts'
import { hostContext } from '../plan/index.ts'
import type { Around } from '../role/index.ts'
import { hookName } from './hook-name.ts'
import type { HostPlan } from './host-plan.ts'
import type { HostRun } from './run.ts'
import { notePending, stepContext } from './run-step.ts'

/**
 * What hooks have to do on a host before any host of its turn is entered; each is written down on it first. When one
 * fails, those that have begun are left again. Returns whether any hook has such a thing: then it is to be left.
 */
export async function announceAll(run: HostRun): Promise<boolean> {
  const hooks = (run.play.around ?? []).filter(announces)
  await eachOrLeave(run, [], hooks, hook => announce(run, hook))
  return hooks.length > 0
}

/**
 * Takes the host out of service: each hook is written down on it first. When one fails, all that have begun are left
 * again.
 */
export async function enterAll(run: HostRun, { announced }: { readonly announced: boolean }): Promise<void> {
  const hooks = run.play.around ?? []
  const begun = announced ? hooks.filter(announces) : []
  await eachOrLeave(run, begun, hooks, async hook => {
    if (!begun.includes(hook)) await (announces(hook) ? announce(run, hook) : noteHook(run, hook))
    await phase(run, hook, 'enter')
  })
}

const announces = (hook: Around): boolean => hook.announce !== undefined

async function eachOrLeave(
  run: HostRun,
  before: readonly Around[],
  hooks: readonly Around[],
  work: (hook: Around) => Promise<void>,
): Promise<void> {
  const begun = new Set(before)
  for (const hook of hooks) {
    begun.add(hook)
    try {
      await work(hook)
    } catch (error) {
      for (const done of hooks.filter(item => begun.has(item)).reverse()) await leave(run, done).catch(() => {})
      throw error
    }
  }
}

const noteHook = (run: HostRun, hook: Around): Promise<void> => notePending(run, [hookName(hook.name)], [])

async function announce(run: HostRun, hook: Around): Promise<void> {
  await noteHook(run, hook)
  await phase(run, hook, 'announce')
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

async function phase(run: HostRun, hook: Around, phase: 'announce' | 'enter' | 'leave'): Promise<void> {
  const about = { kind: 'around', host: run.host.name, name: hook.name, phase } as const
  run.emit({ ...about, status: 'started' })
  run.agreed?.changes([])
  try {
    const { cluster } = hostContext(hook.cluster, run.host, run.inventory)
    await hook[phase]?.({ ...stepContext(run), cluster } as never)
    run.emit({ ...about, status: 'done' })
  } catch (error) {
    const message = messageOf(error)
    run.emit({ ...about, status: 'failed', message })
    if (isFailure(error, 'unreachable')) throw error
    throw failure(message, { where: [`${phase === 'leave' ? 'after' : 'before'} the changes, ${hook.name}`] })
  }
}
