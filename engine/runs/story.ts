import type { Asked, Digest, HostTotal, Outcome, RunEvent, TaskEvent } from '../journal/index.ts'
import { type Ending, type Journaled, readEvents } from './read.ts'

export type { Ending } from './read.ts'

/** What a journal tells of its run, as far as it goes. */
export interface Story {
  readonly run: string
  readonly playbook: string
  readonly check: boolean
  /** When it began, and when it was heard of last. */
  readonly started: string
  readonly last: string
  /** Journals of older versions do not say it. */
  readonly asked?: Asked
  readonly madeOf?: { readonly inventory: readonly Digest[]; readonly code: readonly Digest[] }
  readonly plays: readonly PlayStory[]
  readonly stopped?: string
  readonly finished?: {
    readonly exitCode: number
    readonly seconds: number
    readonly hosts: readonly HostTotal[]
    readonly notRun: readonly { readonly play: string; readonly why: string }[]
  }
  readonly ending: Ending
}

/** A play that was begun. */
export interface PlayStory {
  readonly play: string
  /** Its place among the plays of the run, from 1 on; 0 where the journal does not say it. */
  readonly number: number
  readonly batches: number
  /** The one that was begun last. */
  readonly batch: number
  /** The last one is a window, with so many hosts in flight. */
  readonly window?: number
  readonly hosts: readonly HostStory[]
}

/** A host in a play. */
export interface HostStory {
  readonly host: string
  /** Where it has come to an end. */
  readonly outcome?: Outcome
  /** It is not only looked at: something was begun on it, if only to take it out of service. */
  readonly begun: boolean
  /** It was looked at, and its changes may have been sent: what a host says of them may not have come any more. */
  readonly looked?: true
  /** Names of hooks that took it out of service, and have not put it back. */
  readonly out: readonly string[]
  readonly did: readonly TaskStory[]
  /** What was under way when the journal ends. */
  readonly at?: Pick<TaskStory, 'role' | 'task'>
  /** Why it failed, or was left out. */
  readonly message?: string
  readonly hint?: string
}

export type TaskStory = Pick<TaskEvent, 'role' | 'task' | 'status' | 'summary' | 'output' | 'keeps' | 'handler'>

/**
 * Reads the story of a run. Undefined where the file is no journal of one, or where nobody wants it once it is known
 * how the run was started.
 */
export async function readStory(
  file: string,
  isWanted: (begun: Pick<Story, 'run' | 'asked'>) => boolean = () => true,
): Promise<Story | undefined> {
  const teller = storyTeller()
  let stays = true
  const ending = await readEvents(file, event => {
    if (event.kind === 'runStarted') stays = isWanted(event)
    if (stays) teller.add(event)
    return stays
  })
  if (!stays) return undefined
  return teller.story(ending)
}

export function storyOf(events: Iterable<Journaled>, ending: Ending = 'whole'): Story | undefined {
  const teller = storyTeller()
  for (const event of events) teller.add(event)
  return teller.story(ending)
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
type HostDraft = Writable<Omit<HostStory, 'did' | 'out'>> & { readonly did: TaskStory[]; out: string[] }
type PlayDraft = Writable<Omit<PlayStory, 'hosts'>> & { readonly hosts: Map<string, HostDraft> }
type Told = Writable<Partial<Omit<Story, 'plays'>>>

function storyTeller(): {
  readonly add: (event: Journaled) => void
  readonly story: (ending: Ending) => Story | undefined
} {
  const told: Told = {}
  const plays: PlayDraft[] = []
  return {
    add: event => {
      told.started ??= event.at
      told.last = event.at
      addTo(told, plays, event)
    },
    story: ending => {
      const { run, playbook, check = false, started = '', last = started, ...more } = told
      if (run === undefined || playbook === undefined) return undefined
      const made = plays.map(({ hosts, ...play }) => ({ ...play, hosts: [...hosts.values()] }))
      return { run, playbook, check, started, last, ...more, plays: made, ending }
    },
  }
}

function addTo(told: Told, plays: PlayDraft[], event: RunEvent): void {
  switch (event.kind) {
    case 'runStarted':
      told.run = event.run
      told.playbook = event.playbook
      told.check = event.check
      if (event.asked) told.asked = event.asked
      return
    case 'madeOf':
      told.madeOf = { inventory: event.inventory, code: event.code }
      return
    case 'playStarted':
      plays.push(begunPlay(event))
      return
    case 'stopped':
      told.stopped = event.reason
      return
    case 'runFinished': {
      const { exitCode, seconds, hosts, notRun = [] } = event
      told.finished = { exitCode, seconds, hosts, notRun }
      return
    }
    default: {
      // Plays follow one another: what happens belongs to the one that was begun last.
      const play = plays.at(-1)
      if (play) addToPlay(play, event)
    }
  }
}

const begunPlay = (event: Extract<RunEvent, { kind: 'playStarted' }>): PlayDraft => ({
  play: event.play,
  // A journal of an older version does not say it.
  number: (event as Partial<typeof event>).number ?? 0,
  batches: event.batches,
  batch: event.batches > 1 ? 0 : 1,
  ...(event.window === undefined ? {} : { window: event.window }),
  hosts: new Map(event.hosts.map(host => [host, { host, begun: false, out: [], did: [] }])),
})

function addToPlay(play: PlayDraft, event: RunEvent): void {
  if (event.kind === 'batchStarted') play.batch = event.number
  if (!('host' in event) || event.host === undefined) return
  const host = play.hosts.get(event.host)
  if (host) addToHost(host, event)
}

function addToHost(host: HostDraft, event: RunEvent): void {
  switch (event.kind) {
    case 'planned':
      host.looked = true
      return
    case 'taskStarted':
      host.begun = true
      host.at = { role: event.role, task: event.task }
      return
    case 'task': {
      if (event.status === 'ok' || event.status === 'waited') return void delete host.at
      const { role, task, status, summary, output, keeps, handler } = event
      if (status !== 'would change' && status !== 'not run') host.begun = true
      host.did.push({
        ...{ role, task, status },
        ...(summary === undefined ? {} : { summary }),
        ...(keeps === undefined ? {} : { keeps }),
        ...(handler === true ? { handler } : {}),
        ...(output === undefined || status !== 'failed' ? {} : { output }),
      })
      delete host.at
      return
    }
    case 'around':
      host.begun = true
      host.out = host.out.filter(name => name !== event.name)
      if (event.phase !== 'leave' || event.status !== 'done') host.out.push(event.name)
      return
    case 'hostFinished':
      host.outcome = event.outcome
      delete host.at
      if (event.message !== undefined) host.message = event.message
      if (event.hint !== undefined) host.hint = event.hint
      return
    default:
      return
  }
}
