import type { Emit } from '../journal/events.ts'
import type { HostWork } from '../plan/work.ts'
import type { Play } from '../playbook/play.ts'
import type { HostView, InventoryView } from '../role/view.ts'
import type { Channel } from '../transport/types.ts'
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
