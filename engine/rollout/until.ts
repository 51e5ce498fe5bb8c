import type { Emit, RunEvent } from '../journal/index.ts'
import { type Estimate, estimate, type Took, timesOf } from './took.ts'
import type { Stop } from './verdict.ts'

/** The end of the time in which hosts may be begun. */
export interface Until {
  /** In milliseconds since 1970. */
  readonly at: number
  /** As the operator has said it. */
  readonly said: string
  /** What could not end in time, as far as is known, is not begun. */
  readonly onlyWhatFits: boolean
  /** Of earlier runs. */
  readonly past: readonly Took[]
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Hosts that would be begun together. */
export interface Next {
  readonly play: string
  readonly hosts: number
  /** Seconds that pass before. */
  readonly pause?: number
  /** An earlier run has done them or left them half-way: they are brought back as long as there is any time. */
  readonly isRepair?: boolean
}

export interface Moment extends Pick<Until, 'at' | 'said' | 'onlyWhatFits'> {
  readonly now: number
  /** How long they may take; none where nothing is known. */
  readonly estimate?: Estimate
}

export type Judged =
  | { readonly kind: 'in time' }
  /** Nothing is known. */
  | { readonly kind: 'a guess' }
  /** They are begun, and may end too late. */
  | { readonly kind: 'late'; readonly why: string }
  | { readonly kind: 'not begun'; readonly why: string }

/** Whether hosts are begun, now or after a pause. */
export function judge(moment: Moment, { pause = 0, isRepair = false }: Omit<Next, 'play' | 'hosts'>): Judged {
  const { at, said, now, onlyWhatFits, estimate } = moment
  const end = `the window ends at ${said}`
  const left = (at - now) / 1000
  if (left <= 0) return { kind: 'not begun', why: end }
  if (left <= pause) return { kind: 'not begun', why: `${end}, before a pause of ${inWords(pause)} is over` }
  if (estimate === undefined) return { kind: 'a guess' }
  if (pause + estimate.seconds <= left) return { kind: 'in time' }
  const after = pause > 0 ? ` after a pause of ${inWords(pause)}` : ''
  const why = `${end}, in ${inWords(left)}, and it may take ${inWords(estimate.seconds)}${after}, as ${byWhat(estimate)}`
  return { kind: onlyWhatFits && !isRepair ? 'not begun' : 'late', why }
}

/** Up to two minutes in seconds, up to two hours in minutes. */
function inWords(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const byWhat = ({ by, times }: Estimate): string =>
  `${by.hosts} ${by.hosts === 1 ? 'host' : 'hosts'} took ${inWords(by.seconds)} in run ${by.run}${times > 1 ? `, ${times} times over` : ''}`

/** What keeps the time of a run. */
export interface TimeKeeper {
  /** All that happens: what this run has seen is known, too. */
  readonly hear: (event: RunEvent) => void
  /** Why hosts are not to be begun, if they are not. Says once a play what is not certain. */
  readonly before: (next: Next) => Stop | undefined
}

export function timeKeeper(until: Until, { run, emit, check }: KeptRun): TimeKeeper {
  const { now = Date.now } = until
  const times = timesOf(run)
  const told = new Set<string>()
  const sayOnce = (play: string, event: RunEvent) => {
    const key = JSON.stringify([play, event.kind])
    if (!told.has(key)) emit(event)
    told.add(key)
  }
  return {
    hear: event => times.hear(event, now()),
    before: next => {
      const { play } = next
      const guess = estimate([...until.past, ...times.took()], play, next.hosts)
      if (guess)
        sayOnce(play, { kind: 'note', text: `${play}: it may take ${inWords(guess.seconds)}, as ${byWhat(guess)}` })
      const judged = judge({ ...until, now: now(), ...(guess && { estimate: guess }) }, next)
      if (judged.kind === 'a guess')
        sayOnce(play, {
          kind: 'warning',
          text: `${play}: how long it takes is not known yet: that it ends before ${until.said} is a guess`,
        })
      // What is only looked at is no matter of time.
      if (check) return undefined
      if (judged.kind === 'late') sayOnce(play, { kind: 'warning', text: `${play}: ${judged.why}` })
      if (judged.kind !== 'not begun') return undefined
      return { reason: `${play}: ${judged.why}`, brief: `the window ends at ${until.said}`, isInOrder: true }
    },
  }
}

interface KeptRun {
  readonly run: string
  readonly emit: Emit
  readonly check: boolean
}
