import { createHash } from 'node:crypto'
import { type Failure, failure } from '../failure/index.ts'
import type { PlannedChange, WorkItem } from '../plan/index.ts'
import type { AgreedOn, Doing, Shown, Sum } from './agreed-on.ts'
import type { HostPlan } from './host-plan.ts'
import type { HostRun } from './run.ts'
import type { Seen } from './seen.ts'
import { sumOfWould } from './sum.ts'
import { type Would, wouldDo, wouldOf } from './would.ts'

/**
 * What an operator was shown of each host in each play, and has said yes to. Kept in memory, as checksums: what was
 * shown may be long, and what is sent holds secrets.
 */
export interface Agreement {
  readonly show: (play: number, host: string, shown: Showing) => void
  /** Of a host that could not be planned nothing is done, also not in plays that were shown before. */
  readonly leaveOut: (host: string) => void
  readonly on: (play: number, host: string) => AgreedOn
  /** How much there is to say yes to. */
  readonly sum: () => { readonly hosts: number; readonly changes: number }
}

/** What is shown of a host in a play. */
export interface Showing {
  /** Its own work, and what it runs once for others that can't. */
  readonly own: readonly Would[]
  readonly others: readonly Would[]
  /** What this was planned on, asked for by who keeps it. */
  readonly facts: () => readonly Seen[]
}

export function agreement(): Agreement {
  const all = new Map<string, Shown>()
  const changed = new Map<string, Set<string>>()
  const once = new Map<number, ReadonlyMap<string, Sum>>()
  const out = new Set<string>()
  const changes = new Map<string, number>()
  const key = (play: number, host: string) => `${play} ${host}`
  const shownOf = (play: number, host: string): Shown | undefined => {
    const shown = out.has(host) ? undefined : all.get(key(play, host))
    return shown && { ...shown, others: [...(once.get(play)?.values() ?? []), ...shown.others] }
  }
  return {
    show: (play, host, { own, others }) => {
      const shown = { own: own.flatMap(sumsOf), others: others.flatMap(sumsOf) }
      all.set(key(play, host), shown)
      const more = [...shown.own, ...shown.others].filter(one => one.once)
      if (more.length > 0)
        once.set(play, new Map([...(once.get(play) ?? []), ...more.map(one => [one.name, one] as const)]))
      changes.set(host, (changes.get(host) ?? 0) + own.length + others.length)
    },
    leaveOut: host => void out.add(host),
    on: (play, host) => ({
      shown: shownOf(play, host),
      isBegun: () => changed.size > 0,
      isOwnWork: paths => {
        const own = changed.get(host)
        return own !== undefined && (paths.length === 0 || paths.some(path => isBelowAny(own, path)))
      },
      changes: paths => {
        const own = changed.get(host) ?? new Set()
        changed.set(host, own)
        for (const path of paths) own.add(path)
      },
    }),
    sum: () => {
      const of = [...changes].flatMap(([host, count]) => (count > 0 && !out.has(host) ? [count] : []))
      return { hosts: of.length, changes: of.reduce((sum, count) => sum + count, 0) }
    },
  }
}

const isBelowAny = (changed: ReadonlySet<string>, path: string): boolean =>
  [...changed].some(own => path === own || path.startsWith(own.endsWith('/') ? own : `${own}/`))

/** What tells the tasks of a host apart: a title may come again. */
export function namesOfItems(items: readonly WorkItem[]): ReadonlyMap<WorkItem, string> {
  const seen = new Map<string, number>()
  return new Map(
    items.map(item => {
      const name = `${item.role}: ${item.unit.title}${item.once === undefined ? '' : ' (runs once)'}`
      const count = (seen.get(name) ?? 0) + 1
      seen.set(name, count)
      return [item, count === 1 ? name : `${name} (number ${count} of this title)`]
    }),
  )
}

const sumsOf = (would: Would): readonly Sum[] => {
  const sum = sumOfWould(would, createHash('sha256'))
  return would.doing.map(one => ({ ...one, sum }))
}

/**
 * Throws where a host's plan is not what was shown, before this play does anything to it. What this run has done there
 * is its own work: a task may then be another change, unless it is about files that the run has not touched. Once
 * the run has changed anything anywhere, there may be less to do than was shown.
 */
export function mustBeAgreed(run: HostRun, plan: HostPlan): void {
  const { agreed } = run
  if (agreed === undefined) return
  const now = [...wouldDo(run, plan)].flatMap(sumsOf)
  const { shown } = agreed
  if (shown === undefined && (now.length > 0 || plan.dirty))
    throw failure('it could not be planned, and nothing is done to it', {
      hint: 'see in the plan why that is, mend it, and look at what would be done again',
    })
  const names = new Set(now.map(({ name }) => name))
  const gone = agreed.isBegun() ? [] : (shown?.own ?? []).filter(({ name }) => !names.has(name))
  mustBeNone([...othersThanShown(agreed, now), ...gone.map(({ name }) => `${name} has nothing to do any more`)])
}

/** The same of a part that has come to the host since: what runs once, and was to run on another. */
export function mustAllBeShown(run: HostRun, plan: HostPlan): void {
  if (run.agreed !== undefined) mustBeNone(othersThanShown(run.agreed, [...wouldDo(run, plan)].flatMap(sumsOf)))
}

/** The same of changes that are about to be made, whatever was looked at since. */
export function mustBeShownAs(run: HostRun, changes: readonly PlannedChange[]): void {
  const { agreed } = run
  if (agreed === undefined) return
  const making = changes.filter(({ change }) => change.effect !== 'wait').flatMap(one => sumsOf(wouldOf(run, one)))
  mustBeNone(othersThanShown(agreed, making))
}

/** Throws where a task is about to change something that was not shown. From now on that is this run's own work. */
export function mustBeShown({ agreed }: HostRun, doing: readonly Doing[]): void {
  if (agreed === undefined || doing.length === 0) return
  const known = sumsShown(agreed)
  const others = doing.flatMap(({ name }) => (known.has(name) ? [] : [name]))
  if (others.length > 0) throw notAgreed(`it was not shown, and is not done: ${someOf(others)}`)
  agreed.changes(doing.flatMap(({ paths }) => paths))
}

const sumsShown = ({ shown }: AgreedOn): ReadonlyMap<string, string> =>
  new Map([...(shown?.others ?? []), ...(shown?.own ?? [])].map(({ name, sum }) => [name, sum]))

function othersThanShown(agreed: AgreedOn, now: readonly Sum[]): readonly string[] {
  const shown = sumsShown(agreed)
  return now.flatMap(({ name, sum, paths }) => {
    const known = shown.get(name)
    if (known === undefined) return [`${name} was not shown`]
    return known === sum || agreed.isOwnWork(paths) ? [] : [`${name} is another change`]
  })
}

function mustBeNone(others: readonly string[]): void {
  if (others.length > 0) throw notAgreed(`what would be done is not what was shown: ${someOf(others)}`)
}

const someOf = (list: readonly string[], most = 5): string =>
  list.length > most ? `${list.slice(0, most).join('; ')} and ${list.length - most} more` : list.join('; ')

const notAgreed = (message: string): Failure =>
  failure(message, {
    hint: 'somebody else, or a command of this run, has changed it meanwhile: look at what would be done again',
  })
