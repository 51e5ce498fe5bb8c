import { diffText, hostsNamed } from '../../report/index.ts'
import { isDone, type Story } from '../../runs/index.ts'
import type { PlannedChange, PlayPlan } from './schema.ts'

/** What a host would be done now that is another than planned: lines of a diff. */
export interface Other {
  readonly host: string
  readonly lines: readonly string[]
}

/**
 * Hosts that are not as they were planned, or where something else would be done now. `begun`: what runs that this one
 * goes on with have done. That is left out, and what it has made of a host may be there: less is to be done, a later
 * change of the same file is another one. A fact about a path stays what it was on hosts that they have not touched.
 */
export function othersThanPlanned(
  planned: readonly PlayPlan[],
  now: readonly PlayPlan[],
  begun: readonly Story[] = [],
): readonly Other[] {
  const done = doneBy(begun, planned)
  const [was, is] = [byHost(planned), byHost(now)]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap(host => {
    const numbers = [...new Set([...(was.get(host)?.keys() ?? []), ...(is.get(host)?.keys() ?? [])])].sort(ascending)
    const plays = numbers.map(number => {
      const [then = nothing, later = nothing] = [was.get(host)?.get(number), is.get(host)?.get(number)]
      const play = planned.find(one => one.number === number)?.play ?? now.find(one => one.number === number)?.play
      const [old, current] = excused(done, { host, number, was: then, is: later, all: was })
      return { play, old: linesOf(old), current: linesOf(current) }
    })
    const [old, current] = [
      plays.flatMap(({ play, old }) => [`[${play}]`, ...old]).join('\n'),
      plays.flatMap(({ play, current }) => [`[${play}]`, ...current]).join('\n'),
    ]
    if (old === current) return []
    const diff = diffText({ path: 'what is to be done', before: `${old}\n`, after: `${current}\n` }, ['planned', 'now'])
    return [{ host, lines: diff.split('\n') }]
  })
}

const ascending = (a: number, b: number): number => a - b

interface Of {
  readonly changes: readonly Told[]
  readonly facts: Readonly<Record<string, string>>
}

type Told = Omit<PlannedChange, 'hosts'>

const nothing: Of = { changes: [], facts: {} }

/** Host by host, then play by play. */
function byHost(plays: readonly PlayPlan[]): ReadonlyMap<string, ReadonlyMap<number, Of>> {
  const all = new Map<string, Map<number, { readonly changes: Told[]; readonly facts: Record<string, string> }>>()
  for (const { number, hosts, changes, facts } of plays) {
    const of = new Map(hostsNamed(hosts).map(host => [host, { changes: [] as Told[], facts: {} }]))
    for (const [host, one] of of) all.set(host, (all.get(host) ?? new Map()).set(number, one))
    for (const { hosts: names, ...told } of changes)
      for (const host of hostsNamed(names)) of.get(host)?.changes.push(told)
    for (const { hosts: names, seen } of facts)
      for (const host of hostsNamed(names)) Object.assign(of.get(host)?.facts ?? {}, seen)
  }
  return all
}

const linesOf = ({ changes, facts }: Of): readonly string[] => [
  ...changes.flatMap(({ task, what, sum, diff }) => [
    `${task} (${what})`,
    ...(diff ?? '').split('\n').flatMap(line => (line === '' ? [] : [`    ${line}`])),
    `    checksum ${sum}`,
  ]),
  ...Object.entries(facts).map(([about, sum]) => `fact ${about}: ${sum}`),
]

/** What earlier runs have done on hosts. */
interface Done {
  readonly isBegun: boolean
  readonly isTouched: (host: string) => boolean
  readonly hasDone: (host: string, number: number, task: string) => boolean
  /** Whether what a change is about may be another by them. */
  readonly isOwnWork: (host: string, paths: readonly string[]) => boolean
}

function doneBy(begun: readonly Story[], planned: readonly PlayPlan[]): Done {
  const done = new Set<string>()
  const paths = new Map<string, Set<string>>()
  const plans = new Map(planned.map(play => [play.number, play]))
  for (const { number, hosts } of begun.flatMap(story => story.plays))
    for (const one of hosts) {
      const { host, did, at } = one
      // What was sent to it goes on where nobody hears of it any more.
      const isLost = !isDone(one) && one.looked === true
      if (!one.begun && !isLost) continue
      const touched = paths.get(host) ?? new Set()
      paths.set(host, touched)
      const names = new Set([...did, ...(at ? [at] : [])].map(({ role, task }) => `${role}: ${task}`))
      for (const { role, task, status } of did)
        if (status === 'changed') done.add(JSON.stringify([host, number, `${role}: ${task}`]))
      for (const change of plans.get(number)?.changes ?? []) {
        if (!names.has(titleOf(change)) && (!isLost || change.step)) continue
        for (const path of change.step ? ['/'] : change.paths) touched.add(path)
      }
    }
  return {
    isBegun: paths.size > 0,
    isTouched: host => paths.has(host),
    hasDone: (host, number, task) => done.has(JSON.stringify([host, number, task])),
    isOwnWork: (host, about) => {
      const touched = paths.get(host)
      return touched !== undefined && (about.length === 0 || about.some(path => isBelowAny(touched, path)))
    },
  }
}

/** As a journal has it. */
const titleOf = ({ task }: Told): string => task.replace(/( \(runs once\))?( \(number \d+ of this title\))?$/, '')

const isBelowAny = (touched: ReadonlySet<string>, path: string): boolean =>
  [...touched].some(own => path === own || path.startsWith(own.endsWith('/') ? own : `${own}/`))

interface Excusing {
  readonly host: string
  readonly number: number
  readonly was: Of
  readonly is: Of
  readonly all: ReadonlyMap<string, ReadonlyMap<number, Of>>
}

/** What is left to be compared of what was planned, and of what would be done now. */
function excused(done: Done, { host, number, was, is, all }: Excusing): readonly [Of, Of] {
  if (!done.isBegun) return [was, is]
  const later = new Map(is.changes.map(change => [change.task, change]))
  const before = new Map(was.changes.map(change => [change.task, change]))
  const isOwn = (change: Told) => done.isOwnWork(host, change.paths) && !done.hasDone(host, number, titleOf(change))
  const isShownOnOther = (change: Told) =>
    change.once === true &&
    [...all.values()].some(plays =>
      plays.get(number)?.changes.some(one => one.task === change.task && isSame(one, change)),
    )
  const isFine = (change: Told) => {
    const [then, current] = [before.get(change.task), later.get(change.task)]
    if (current === undefined) return true
    if (then === undefined) return isShownOnOther(current) || (current.hook === true && done.isTouched(host))
    return !isSame(then, current) && isOwn(then)
  }
  const facts = (of: Of) =>
    done.isTouched(host)
      ? {}
      : Object.fromEntries(Object.entries(of.facts).filter(([about]) => about.startsWith('path ')))
  return [
    { changes: was.changes.filter(change => !isFine(change)), facts: facts(was) },
    { changes: is.changes.filter(change => !isFine(change)), facts: facts(is) },
  ]
}

const isSame = (one: Told, other: Told): boolean => JSON.stringify(one) === JSON.stringify(other)
