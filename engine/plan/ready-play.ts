import type { Problem } from '../failure/index.ts'
import type { TagSelection } from '../playbook/index.ts'
import type { Check, HostView, InventoryView } from '../role/index.ts'
import type { BoundPlay } from './bound.ts'
import { type Part, partsOn } from './parts.ts'
import type { PeersOf } from './peers.ts'
import { selectWork } from './select.ts'
import type { HostWork } from './work.ts'

/** Nothing about it can be refused any more. `hosts` are those for which something is selected. */
export interface ReadyPlay extends BoundPlay {
  /** Each host's work as far as it can be told before any host is asked. A listing has that of the first host alone. */
  readonly drafts: ReadonlyMap<string, Draft>
  /** Tags of its tasks, selected or not, on the first host. */
  readonly taskTags: readonly string[]
  /** Why nobody is worked on, where that has to be said at the end. */
  readonly notRun?: string
}

/** A host's work, made once. What it needs of other hosts, or of what a role prepares here, is not in it yet. */
export interface Draft {
  readonly parts: readonly Part[]
  /** Of the parts what the tags select. */
  readonly work: HostWork
  readonly checks: readonly { readonly role: string; readonly check: Check }[]
}

export function draftOf({ play, drafts }: ReadyPlay, { name }: HostView): Draft {
  const draft = drafts.get(name)
  if (!draft) throw new Error(`play "${play.name}" has no draft of the work on ${name}`)
  return draft
}

/**
 * The work of a host once everything is known: its draft, but for roles that were told of other hosts, or have prepared
 * something since.
 */
export function workOn(
  ready: ReadyPlay,
  host: HostView,
  inventory: InventoryView,
  tags: TagSelection,
  peers: PeersOf,
): { readonly work: HostWork; readonly problems: readonly Problem[] } {
  const draft = draftOf(ready, host)
  const parts = partsOn(ready, host, inventory, peers, draft.parts)
  if (parts.every((part, index) => part === draft.parts[index])) return { work: draft.work, problems: [] }
  return selectWork(parts, tags)
}
