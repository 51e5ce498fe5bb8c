import type { Outcome, RunEvent } from '../journal/index.ts'

/** How long hosts took that went together and came to a good end: from their start to the last gate behind them. */
export interface Took {
  readonly run: string
  readonly play: string
  /** How many of them were changed; where none was, nothing can be learnt. */
  readonly hosts: number
  readonly seconds: number
}

/** Batches and hosts of a window, as the events of a run tell of them; `at` in milliseconds. */
export interface TimesOf {
  readonly hear: (event: RunEvent, at: number) => void
  readonly took: () => readonly Took[]
}

interface Group {
  readonly play: string
  readonly hosts: readonly string[]
  readonly outcomes: Map<string, Outcome>
  began: number
  ended: number
  /** A host of a window that may yet have to wait for room. */
  waits: boolean
  /** What is served was not well behind it. */
  isBroken: boolean
}

export function timesOf(run: string): TimesOf {
  const groups: Group[] = []
  const of = new Map<string, Group>()
  const open = (play: string, hosts: readonly string[], at: number, waits = false) => {
    const group = { play, hosts, outcomes: new Map(), began: at, ended: at, waits, isBroken: false }
    groups.push(group)
    for (const host of hosts) of.set(host, group)
  }
  const begins = (host: string, at: number) => {
    const group = of.get(host)
    if (!group?.waits) return
    group.waits = false
    group.began = at
  }
  const ends = (host: string, outcome: Outcome, at: number) => {
    const group = of.get(host)
    if (!group) return
    group.outcomes.set(host, outcome)
    group.ended = at
  }
  return {
    hear: (event, at) => {
      switch (event.kind) {
        case 'playStarted':
          of.clear()
          // Of one batch it is not said that it begins.
          if (event.batches === 1 && event.window === undefined) open(event.play, event.hosts, at)
          return
        case 'batchStarted':
          if (event.window === undefined) open(event.play, event.hosts, at)
          return
        case 'hostStarted':
          return open(event.play, [event.host], at, true)
        case 'around':
        case 'taskStarted':
          return begins(event.host, at)
        case 'hostFinished':
          return ends(event.host, event.outcome, at)
        case 'gate': {
          const group = event.host === undefined ? groups.at(-1) : of.get(event.host)
          if (!group || event.from === undefined || event.status === 'waiting') return
          if (event.status === 'holds') group.ended = at
          else group.isBroken = true
          return
        }
        default:
      }
    },
    took: () => groups.flatMap(group => tookOf(run, group)),
  }
}

function tookOf(run: string, { play, hosts, outcomes, began, ended, isBroken }: Group): readonly Took[] {
  const isWell = hosts.every(host => ['ok', 'changed'].includes(outcomes.get(host) ?? ''))
  const changed = hosts.filter(host => outcomes.get(host) === 'changed').length
  return isWell && !isBroken && changed > 0 ? [{ run, play, hosts: changed, seconds: (ended - began) / 1000 }] : []
}

/** How long hosts of a play may take that go together, and by what that is known. */
export interface Estimate {
  readonly seconds: number
  readonly by: Took
  /** They are so many times as many. */
  readonly times: number
}

/**
 * As long as the slowest that were as many or more. Where all were fewer: as the slowest of the largest, as often as it
 * takes to come to all. Undefined where nothing is known.
 */
export function estimate(known: readonly Took[], play: string, hosts: number): Estimate | undefined {
  const own = known.filter(took => took.play === play)
  const most = Math.max(...own.map(took => took.hosts))
  const like = own.filter(took => took.hosts >= Math.min(hosts, most))
  const [slowest] = like.sort((one, other) => other.seconds - one.seconds)
  if (slowest === undefined) return undefined
  const times = hosts > most ? Math.ceil(hosts / most) : 1
  return { seconds: slowest.seconds * times, by: slowest, times }
}
