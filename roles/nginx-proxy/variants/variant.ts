import type { Handlers, HostView, InventoryView, Nested, PeerFacts } from 'rota'
import type { ListingOptions, ReadyFacts } from '../../lib/cluster/index.ts'
import type { Source } from '../../nginx-build/artefact.ts'
import type { Binary, BinaryFacts } from '../binary.ts'
import type { Settings } from '../settings.ts'

export type Peers = PeerFacts<ReadyFacts & BinaryFacts>

/** What a set-up has to know of what it is made of. */
export interface PrefetchContext {
  readonly settings: Source &
    Pick<Settings, 'image' | 'pullPolicy' | 'manifestDir' | 'packages' | 'distributionUnit' | 'binary' | 'config'>
  /** Whether the operator has set a param: what a host has already stays as it is otherwise. */
  readonly isSet: (param: string) => boolean
  readonly inventory: InventoryView
  readonly peers: PeerFacts<BinaryFacts>
  /** The program that was built from source, fetched once a play. */
  readonly binary: Binary
}

/** What a set-up knows of the host it works on. */
export interface VariantContext extends PrefetchContext {
  readonly settings: Settings
  readonly host: HostView
  /** Which masters are listed, by what is listed already and by who is ready. */
  readonly listing: ListingOptions
  readonly peers: Peers
}

/** One way to run nginx on a host: everything of the role that differs between them. */
export interface Variant {
  /** What it is made of is on the host, or can't be had and is refused: whatever has its port goes on meanwhile. */
  readonly prefetch: (context: PrefetchContext) => Nested
  readonly tasks: (context: VariantContext) => Nested
  readonly handlers: (settings: Settings) => Handlers
}
