import type { Problem } from '../failure/index.ts'
import type { Play } from '../playbook/index.ts'
import type { HostView, TaskOrStep } from '../role/index.ts'
import { type HostWork, isFlush, type WorkItem } from './work.ts'

/** Gives what runs once its name: the role and the title, numbered where a title comes again. */
export function onceNames(label: string, all: boolean): (unit: TaskOrStep) => Pick<WorkItem, 'once'> {
  let seen: Map<string, number> | undefined
  return unit => {
    if (!(all || unit.runOnce) || isFlush(unit)) return {}
    seen ??= new Map()
    const count = (seen.get(unit.title) ?? 0) + 1
    seen.set(unit.title, count)
    return { once: `${label}/${unit.title}/${count}` }
  }
}

/** The first host that has it is the one to run each, unless it falls out before. */
export function onceOwners(works: Iterable<readonly [host: string, work: HostWork]>): ReadonlyMap<string, string> {
  const owners = new Map<string, string>()
  for (const [host, { items }] of works) {
    for (const { once } of items) if (once !== undefined && !owners.has(once)) owners.set(once, host)
  }
  return owners
}

/** What the host itself is going to do of it. */
export const ownWork = (work: HostWork, host: string, owners: ReadonlyMap<string, string>): HostWork => ({
  ...work,
  items: work.items.filter(({ once }) => once === undefined || owners.get(once) === host),
})

/** The items up to the next that runs once. */
export function untilOnce(items: readonly WorkItem[]): readonly WorkItem[] {
  const end = items.findIndex(({ once }) => once !== undefined)
  return end === -1 ? items : items.slice(0, end)
}

/**
 * Of what hosts are waiting for, the one whose time has come: no host still has to come to it. Each list is what is
 * left of a host's work, and begins with what it waits for.
 */
export function nextOnce(lists: readonly (readonly WorkItem[])[]): string | undefined {
  const waiting = lists.flatMap(([first]) => (first?.once === undefined ? [] : [first.once]))
  const later = new Set(lists.flatMap(items => items.slice(1).map(({ once }) => once)))
  return waiting.find(name => !later.has(name)) ?? waiting[0]
}

/** What of a host's work runs once for a whole batch. */
export interface OnceOn {
  readonly host: HostView
  readonly items: readonly WorkItem[]
}

export const onceItems = ({ items }: HostWork): readonly WorkItem[] => items.filter(({ once }) => once !== undefined)

/** A title with the name of its host would be another one on each, and so run on each. */
export function checkOnce({ name, site }: Play, named: readonly OnceOn[]): readonly Problem[] {
  const first = named.find(({ items }) => items.length > 0)
  for (const { host, items } of named) {
    if (items.length !== first?.items.length) continue
    const unlike = items.find(
      ({ once, unit }, index) => once !== first.items[index]?.once && unit.title.includes(host.name),
    )
    if (unlike)
      return [
        {
          message: `play "${name}": "${unlike.unit.title}" is to run once, but it has another title on each host`,
          origin: site,
          hint: 'give it a title without the name of the host',
        },
      ]
  }
  return []
}
