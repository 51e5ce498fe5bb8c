import type { Handlers, HostView, InventoryView, Nested, PeerFacts } from 'rota'
import type { ListingOptions, ReadyFacts } from '../../lib/cluster/index.ts'
import type { Binary, BinaryFacts } from '../binary.ts'
import type { Settings } from '../settings.ts'

export type Peers = PeerFacts<ReadyFacts & BinaryFacts>

/** What a set-up knows of the host it works on. */
export interface VariantContext {
  readonly settings: Settings
  readonly host: HostView
  readonly inventory: InventoryView
  /** Which masters are listed, by what is listed already and by who is ready. */
  readonly listing: ListingOptions
  readonly peers: Peers
  /** The program that was built from source, fetched once a play. */
  readonly binary: Binary
}

/** One way to run nginx on a host: everything of the role that differs between them. */
export interface Variant {
  readonly tasks: (context: VariantContext) => Nested
  readonly handlers: (settings: Settings) => Handlers
}
