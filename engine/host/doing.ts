import type { PlannedChange, WorkItem } from '../plan/index.ts'
import type { Doing } from './agreed-on.ts'
import type { HostRun } from './run.ts'

type Names = Pick<HostRun, 'names'>

export const doingOf = (run: Names, { item, task, change }: PlannedChange): Doing => ({
  name: nameOf(run, item),
  once: item.once !== undefined,
  paths: [...pathsOf(task.args), ...(change.diff ? [change.diff.path] : [])],
})

/** What a step changes is its author's: it may be anything. */
export const doingOfStep = (run: Names, step: WorkItem): Doing => ({
  name: nameOf(run, step),
  once: step.once !== undefined,
  paths: [],
})
export const doesAnything = (run: Names, step: WorkItem): Doing => ({ name: nameOf(run, step), paths: ['/'] })

export const doingOfHandler = (role: string, title: string): Doing => ({ name: `handler ${role}: ${title}`, paths: [] })

export const doingOfHook = (hook: string): Doing => ({ name: `after the changes: ${hook}`, paths: [] })

const nameOf = ({ names }: Names, item: WorkItem): string => names?.get(item) ?? `${item.role}: ${item.unit.title}`

/** Of all kinds that are about files, `path` is what they are about; of `sysctl` it is `file`. */
function pathsOf(args: unknown): readonly string[] {
  const { path, file } = args as Readonly<Record<string, unknown>>
  return [path, file].flat().filter(one => typeof one === 'string')
}
