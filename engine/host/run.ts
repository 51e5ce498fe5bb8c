import type { Emit } from '../journal/index.ts'
import type { HostWork, WorkItem } from '../plan/index.ts'
import type { Play } from '../playbook/index.ts'
import type { HostView, InventoryView } from '../role/index.ts'
import type { Channel } from '../transport/index.ts'
import type { AgreedOn } from './agreed-on.ts'
import type { Stopwatch } from './stopwatch.ts'
/** One play on one host. */
export interface HostRun {
  readonly run: string
  readonly play: Play
  /** The play's place among those of the playbook, from 1 on. */
  readonly number: number
  /** The run that is taken back. */
  readonly uses?: string
  readonly host: HostView
  readonly inventory: InventoryView
  readonly work: HostWork
  readonly channel: Channel
  /** The channel stays, and its connection is a new one. */
  readonly reconnect: () => Promise<void>
  readonly channelOf: (host: string) => Promise<Channel>
  readonly ask: (question: string) => Promise<boolean>
  readonly emit: Emit
  readonly signal: AbortSignal
  readonly diff: boolean
  readonly check: boolean
  /** Nothing is done but what was shown and said yes to. */
  readonly agreed?: AgreedOn
  /** What tells its tasks apart where they are agreed on. */
  readonly names?: ReadonlyMap<WorkItem, string>
  readonly clock: Stopwatch
  readonly isSecret: (text: string) => boolean
}
