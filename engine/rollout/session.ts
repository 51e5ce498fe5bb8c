import { setImmediate } from 'node:timers/promises'
import pLimit from 'p-limit'
import { interrupted } from '../failure/index.ts'
import type { Agreement } from '../host/index.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Emit } from '../journal/index.ts'
import type { InventoryView } from '../role/index.ts'
import type { Before } from '../runs/index.ts'
import {
  type Channel,
  type Connection,
  type LastingChannel,
  lastingChannel,
  type OpenChannel,
} from '../transport/index.ts'
import type { TimeKeeper } from './until.ts'

/** What a run is made of. */
export interface SessionOptions {
  readonly run: string
  readonly inventory: Inventory
  readonly view: InventoryView
  readonly connections: Pick<ReadonlyMap<string, Connection>, 'get'>
  readonly open: OpenChannel
  readonly check: boolean
  readonly diff: boolean
  /** Hosts worked on at once. */
  readonly forks: number
  /** Seconds between the batches of a play. */
  readonly pause?: number
  readonly emit: Emit
  /** Asks the operator. */
  readonly ask: (question: string) => Promise<boolean>
  /** Asks whether the next batch is to be begun, where that is wanted. */
  readonly confirm?: (question: string) => Promise<Confirmed>
  readonly signal: AbortSignal
  /** Whether a text holds a secret of the run. */
  readonly isSecret: (text: string) => boolean
  /** In check mode it is told what is shown, and what roles bring is brought; else nothing is done but that. */
  readonly agreed?: Agreement
  /** Of the run that this one goes on with. */
  readonly before?: Before
}

/** `all`: and so are those behind it. */
export type Confirmed = 'yes' | 'no' | 'all'

/** What lives as long as a run: the connections, and who has fallen out of it. */
export interface Session extends SessionOptions {
  /** Where a run has an end of the time in which it may begin anything. */
  readonly time?: TimeKeeper
  /** The channel to a host: opened once, at first need, and kept for the run. */
  readonly channel: (host: string) => Promise<Channel>
  /** Opens the connection of a host anew; its channel stays the same. */
  readonly reconnect: (host: string) => Promise<void>
  /** Hosts that failed or could not be reached: later plays leave them out. */
  readonly out: Map<string, 'failed' | 'unreachable'>
  /** What earlier runs have left pending on hosts, and the last play that looked there does not settle. */
  readonly unsettled: Map<string, readonly string[]>
  /** Runs work on many hosts, at most `forks` at once; results in the order of the hosts. */
  readonly each: <T, R>(items: readonly T[], work: (item: T) => Promise<R>) => Promise<readonly R[]>
  readonly channels: () => ReadonlyMap<string, Promise<Channel>>
  readonly close: () => Promise<void>
}

export function openSession(options: SessionOptions & Pick<Session, 'time'>): Session {
  const channels = new Map<string, Promise<LastingChannel>>()
  const { connections, open, check, signal, forks } = options
  let started: Promise<void> = Promise.resolve()
  const connect = async (host: string): Promise<LastingChannel> => {
    const connection = connections.get(host)
    if (!connection) throw new Error(`no connection is known for host ${host}`)
    // One after another: making a process takes milliseconds in which nothing else is done, and the host before shall
    // get its program.
    started = started.then(() => setImmediate())
    await started
    // Eager: the first program travels with the connection, so a host that needs nothing costs one round trip.
    // A signal of its own: to take one of a thousand listeners away, all are looked at.
    return lastingChannel(() => open(connection, { readOnly: check, signal: AbortSignal.any([signal]), eager: true }))
  }
  const channel = (host: string): Promise<LastingChannel> => {
    const known = channels.get(host)
    if (known) return known
    const opening = connect(host)
    channels.set(host, opening)
    return opening
  }
  return {
    ...options,
    out: new Map(),
    unsettled: new Map(),
    channels: () => channels,
    channel,
    reconnect: async host => {
      if (signal.aborted) throw interrupted(`interrupted before ${host} was connected to again`)
      await (await channel(host)).reopen()
    },
    each: (items, work) => {
      const limit = pLimit(forks)
      return Promise.all(items.map(item => limit(() => work(item))))
    },
    close: async () => {
      await Promise.allSettled([...channels.values()].map(async opening => (await opening).close()))
    },
  }
}
