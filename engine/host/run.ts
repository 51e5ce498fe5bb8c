import type { Emit } from '../journal/index.ts'
import type { HostWork } from '../plan/index.ts'
import type { Play } from '../playbook/index.ts'
import type { HostView, InventoryView } from '../role/index.ts'
import type { Channel } from '../transport/index.ts'
import type { Stopwatch } from './stopwatch.ts'
/** One play on one host. */
export interface HostRun {
  readonly run: string
  readonly play: Play
  readonly host: HostView
  readonly inventory: InventoryView
  readonly work: HostWork
  readonly channel: Channel
  readonly channelOf: (host: string) => Promise<Channel>
  readonly ask: (question: string) => Promise<boolean>
  readonly emit: Emit
  readonly signal: AbortSignal
  readonly diff: boolean
  readonly check: boolean
  readonly clock: Stopwatch
  readonly isSecret: (text: string) => boolean
}
