import type { Facts } from '../facts/index.ts'
import { pending } from '../facts/index.ts'
import { failure, interrupted } from '../failure/index.ts'
import { type HandlerItem, handlerChange, isFlush, type PlannedChange, type WorkItem } from '../plan/index.ts'
import type { ApplyItem, ApplyProgram } from '../program/index.ts'
import { lines, raw, type Shell } from '../shell/index.ts'
import type { Task } from '../tasks/index.ts'
import type { HostRun } from './run.ts'

/** One item of a program and what the report has to know of it. */
export interface Entry {
  readonly item: ApplyItem
  readonly role: string
  readonly task: Pick<Task, 'title' | 'secret'> & { readonly kind?: Pick<Task['kind'], 'name'> }
  readonly change?: PlannedChange['change']
  readonly handler: boolean
}

/** What there is to do in a stage. */
export interface StageWork {
  readonly stage: readonly WorkItem[]
  readonly changes: readonly PlannedChange[]
  readonly due: readonly HandlerItem[]
  readonly facts: Facts
}

/** Runs entries in order, up to the first that fails. `finishing`: also when the run is interrupted meanwhile. */
export async function applyEntries(
  run: HostRun,
  unnumbered: readonly Entry[],
  { finishing = false }: { readonly finishing?: boolean } = {},
): Promise<void> {
  const entries = numbered(unnumbered)
  const byId = new Map(entries.map(entry => [entry.item.id, entry]))
  const { host, play } = run
  let notRun = 0
  const received: (() => Promise<void>)[] = []
  const result = await run.channel.apply(
    { ...namesOf(run), items: entries.map(entry => entry.item), finishing },
    event => {
      const entry = byId.get(event.id)
      if (!entry) return
      const about = { host: host.name, play: play.name, role: entry.role, task: entry.task.title }
      const taskKind = entry.task.kind?.name
      if (event.kind === 'started') return run.emit({ kind: 'taskStarted', ...about })
      if (event.kind === 'notRun') {
        notRun += 1
        return run.emit({ kind: 'task', ...about, status: 'not run', handler: entry.handler })
      }
      const failed = event.exitCode !== 0
      const receive = entry.change?.received
      if (receive && !failed) received.push(() => receive(event.output))
      const says = failed || entry.task.secret ? [] : (entry.change?.says?.(event.output) ?? [])
      const diff = entry.task.secret ? undefined : entry.change?.diff
      run.emit({
        kind: 'task',
        ...about,
        ...(taskKind === undefined ? {} : { taskKind }),
        status: failed ? 'failed' : entry.change?.effect === 'wait' ? 'waited' : 'changed',
        handler: entry.handler,
        seconds: event.seconds,
        ...(entry.change ? { summary: entry.change.summary } : {}),
        ...(entry.change?.keeps === undefined ? {} : { keeps: entry.change.keeps }),
        ...(diff && run.diff ? { diff } : {}),
        ...(event.output !== '' && !entry.task.secret && !receive ? { output: event.output } : {}),
      })
      for (const text of says) run.emit({ kind: 'note', host: host.name, text })
    },
  )
  for (const receive of received) await receive()
  if (!result.failed && notRun > 0) {
    throw interrupted(`interrupted: ${notRun} of ${entries.length} changes were not made`)
  }
  if (result.failed) {
    const entry = byId.get(result.failed.id)
    throw failure(entry?.change?.refused ?? `exit code ${result.failed.exitCode}`, {
      where: entry ? [entry.role, entry.task.title] : [],
      ...(entry?.task.secret ? {} : { output: result.failed.output }),
    })
  }
}

/** Under which names a host keeps what this run replaces. */
export const namesOf = ({ run, number, uses }: HostRun): Pick<ApplyProgram, 'run' | 'play' | 'uses'> => ({
  run,
  play: number,
  ...(uses === undefined ? {} : { uses }),
})

/**
 * The changes of a stage in order, then the handlers that are due; and what these have set off and has to be watched at
 * the end. A `flushHandlers` task runs those notified before it in its place, and watches there.
 */
export function entriesOf(
  run: HostRun,
  { stage, changes, due, facts }: StageWork,
): { readonly entries: readonly Entry[]; readonly watched: readonly Entry[] } {
  const planned = new Map(changes.map(change => [change.item.id, change]))
  const entries: Entry[] = []
  // Those owed from an earlier stage or run are due at the first flush, too.
  let waiting = new Set(facts.get(pending({})))
  for (const item of stage) {
    const change = planned.get(item.id)
    if (change) {
      entries.push(changeEntry(change))
      if (change.change.effect !== 'wait') waiting = new Set([...waiting, ...item.owes])
    } else if (isFlush(item.unit)) {
      const flushed = run.work.handlers.filter(handler => waiting.has(handler.name))
      const now = flushed.map(handler => handlerEntries(handler, facts, run))
      entries.push(...startEntries(now), ...watchEntries(now))
      waiting = new Set()
    }
  }
  // Those flushed in their place run again at the end only if they were notified again after it.
  const flushed = new Set(
    entries.flatMap(entry => (entry.item.pays && !waiting.has(entry.item.pays) ? [entry.item.pays] : [])),
  )
  const rest = due.filter(handler => !flushed.has(handler.name))
  const last = rest.map(handler => handlerEntries(handler, facts, run))
  return { entries: [...entries, ...startEntries(last)], watched: watchEntries(last) }
}

function changeEntry({ item, task, change }: PlannedChange): Entry {
  const owes = change.effect === 'wait' ? [] : item.owes
  const { output } = change
  return {
    item: {
      id: 0,
      script: fullScript(change),
      owes,
      waits: change.effect === 'wait',
      ...(output === undefined ? {} : { output }),
    },
    role: item.role,
    task,
    change,
    handler: false,
  }
}

const fullScript = ({ apply, settle }: PlannedChange['change']): Shell => (settle ? lines([apply, settle]) : apply)

/** A handler whose last task has something to watch is watched, and paid, after all handlers have begun. */
interface HandlerEntries {
  readonly entries: readonly Entry[]
  readonly settle?: Entry
}

const startEntries = (handlers: readonly HandlerEntries[]): readonly Entry[] =>
  handlers.flatMap(({ entries }) => entries)
const watchEntries = (handlers: readonly HandlerEntries[]): readonly Entry[] =>
  handlers.flatMap(({ settle }) => settle ?? [])

function handlerEntries(handler: HandlerItem, facts: Facts, { isSecret }: HostRun): HandlerEntries {
  const entries = handler.tasks.flatMap((task): readonly Entry[] => {
    const change = handlerChange(task, facts, isSecret)
    return change
      ? [
          {
            item: { id: 0, script: fullScript(change), owes: [], waits: change.effect === 'wait' },
            role: handler.role,
            task,
            change,
            handler: true,
          },
        ]
      : []
  })
  // Paid by its last task; a handler that finds nothing to do is paid all the same.
  const last = entries.at(-1)
  const nothing: Entry = {
    item: { id: 0, script: raw(':'), owes: [], pays: handler.name },
    role: handler.role,
    task: { title: `handler ${handler.name}`, secret: false },
    handler: true,
  }
  if (!last) return { entries: [nothing] }
  const { change } = last
  if (!change?.settle)
    return { entries: [...entries.slice(0, -1), { ...last, item: { ...last.item, pays: handler.name } }] }
  return {
    entries: [...entries.slice(0, -1), { ...last, item: { ...last.item, script: change.apply } }],
    settle: {
      ...last,
      item: { id: 0, script: change.settle, owes: [], pays: handler.name, waits: true },
      change: { summary: 'goes on', apply: change.settle, effect: 'wait' },
    },
  }
}

const numbered = (entries: readonly Entry[]): readonly Entry[] =>
  entries.map((entry, index) => ({ ...entry, item: { ...entry.item, id: index + 1 } }))
