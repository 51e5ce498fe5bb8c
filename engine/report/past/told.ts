import type { RunEvent, Shown } from '../../journal/index.ts'
import type { Journaled } from '../../runs/index.ts'
import { type Alike, alike } from '../alike.ts'
import { type Item, itemsOf } from './item.ts'
import { joined } from './joined.ts'

/** What a page tells of a run beside its story: what happened, and when. Times are in seconds since its beginning. */
export interface Told {
  readonly seconds: number
  /** What was said before the first play. */
  readonly before: readonly Alike<Item>[]
  readonly plays: readonly PlayTold[]
  /** Whether the run was to show differences of files: no others are in its journal. */
  readonly diff: boolean
}

export interface PlayTold {
  readonly play: string
  readonly number: number
  readonly hosts: readonly string[]
  readonly batches: number
  readonly window?: number
  readonly from: number
  readonly to: number
  readonly portions: readonly Portion[]
  readonly items: readonly Alike<Item>[]
  readonly spans: readonly Span[]
}

/** A batch, or a window. */
export interface Portion {
  readonly name: string
  readonly from: number
  readonly hosts: readonly string[]
}

/** A host's time in a play. */
export interface Span {
  readonly host: string
  readonly from: number
  readonly to: number
  readonly outcome: HowItWent
  /** When it was out of service, by a hook of the play. */
  readonly out: readonly Stretch[]
  /** When its gate was waited for. */
  readonly gate: readonly Stretch[]
}

export type Stretch = readonly [from: number, to: number]

/** `broken off`: the journal ends before it has come to its end. */
export type HowItWent = 'ok' | 'changed' | 'failed' | 'unreachable' | 'skipped' | 'broken off'

type Event = Shown<Journaled>

interface HostDraft {
  from?: number
  to?: number
  outcome?: HowItWent
  readonly out: Absence[]
  readonly gate: Stretch[]
}

/** Without an end the host was not put back. */
interface Absence {
  readonly from: number
  to?: number
}

/** By host and by hook: a later play may put a host back. */
type Away = Map<string, Absence>

interface PlayDraft extends Omit<PlayTold, 'to' | 'items' | 'spans' | 'portions'> {
  to: number
  readonly portions: Portion[]
  readonly items: ReturnType<typeof alike<Item>>
  readonly drafts: Map<string, HostDraft>
}

/** Takes the events of a run, made printable, in their order. */
export function teller(): { readonly add: (event: Event) => void; readonly told: () => Told } {
  const before = alike<Item>()
  const plays: PlayDraft[] = []
  const away: Away = new Map()
  const items = joined(({ host = '', ...item }) => (plays.at(-1)?.items ?? before).add(host, item, item))
  let begin: number | undefined
  let seconds = 0
  let diff = false
  return {
    add: event => {
      const now = Date.parse(event.at) / 1000
      begin ??= now
      // A clock that is put back in the midst of a run makes no time negative.
      seconds = Math.max(seconds, now - begin)
      if (event.kind === 'runStarted') diff = event.diff === true
      if (event.kind === 'playStarted') {
        items.end()
        plays.push(begunPlay(event, seconds))
      }
      const play = plays.at(-1)
      for (const said of itemsOf(event)) items.add(said)
      if (play) addTo(play, away, event, seconds)
    },
    told: () => {
      items.end()
      return { seconds, before: before.all(), plays: plays.map(play => toldOf(play, seconds)), diff }
    },
  }
}

const begunPlay = (
  { play, number, hosts, batches, window }: Extract<Event, { kind: 'playStarted' }>,
  now: number,
): PlayDraft => ({
  play,
  // A journal of an older version does not say it.
  number: number ?? 0,
  hosts,
  batches,
  ...(window === undefined ? {} : { window }),
  from: now,
  to: now,
  portions: [],
  items: alike(),
  drafts: new Map(),
})

function addTo(play: PlayDraft, away: Away, event: Event, now: number): void {
  if (event.kind !== 'runFinished') play.to = now
  if (event.kind === 'batchStarted') {
    const { number, of, window, hosts } = event
    play.portions.push({
      name: window === undefined ? `batch ${number} of ${of}` : `window of ${window}`,
      from: now,
      hosts,
    })
  }
  if (!('host' in event) || event.host === undefined) return
  const host = play.drafts.get(event.host) ?? { out: [], gate: [] }
  play.drafts.set(event.host, host)
  addToHost(host, event, now)
  if (event.kind === 'around') addAbsence(host, away, event, now)
}

function addToHost(host: HostDraft, event: Shown<RunEvent>, now: number): void {
  switch (event.kind) {
    case 'planned':
      host.from ??= Math.max(0, now - event.seconds)
      return
    case 'hostStarted':
    case 'taskStarted':
      host.from ??= now
      return
    case 'task':
      host.from ??= Math.max(0, now - (event.seconds ?? 0))
      return
    case 'gate':
      host.from ??= now
      if (event.status !== 'waiting' && event.seconds !== undefined)
        host.gate.push([Math.max(0, now - event.seconds), now])
      return
    case 'around':
      host.from ??= now
      return
    case 'hostFinished':
      host.to = now
      host.outcome = event.outcome
      return
    default:
      return
  }
}

function addAbsence(
  host: HostDraft,
  away: Away,
  { host: name, name: hook, phase, status }: Extract<Shown<RunEvent>, { kind: 'around' }>,
  now: number,
): void {
  const key = JSON.stringify([name, hook])
  const absence = away.get(key)
  if (phase === 'enter' && absence === undefined) {
    const begun: Absence = { from: now }
    away.set(key, begun)
    host.out.push(begun)
  }
  if (phase === 'leave' && status === 'done' && absence) {
    absence.to = now
    away.delete(key)
  }
}

function toldOf({ drafts, items, ...play }: PlayDraft, seconds: number): PlayTold {
  const spans = [...drafts].flatMap(([host, { from, to = play.to, outcome = 'broken off', out, gate }]): Span[] => {
    const isLost = outcome === 'failed' || outcome === 'unreachable'
    // Of any other that has no beginning it was only said why it was not begun.
    if (from === undefined && !isLost) return []
    return [{ host, from: from ?? to, to, outcome, out: out.map(one => [one.from, one.to ?? seconds]), gate }]
  })
  return { ...play, items: items.all(), spans }
}
