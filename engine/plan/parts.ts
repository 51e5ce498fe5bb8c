import type { Problem } from '../failure/index.ts'
import type { Play } from '../playbook/index.ts'
import type { AnyRole, HostView, InventoryView, RoleContext, TaskOrStep } from '../role/index.ts'
import type { BoundPlay, BoundRole } from './bound.ts'
import { hostContext, taskContext } from './contexts.ts'
import type { PeersOf } from './peers.ts'
import { withPrompt } from './prompt.ts'
import { flatten, type HandlerItem, handlerItems } from './work.ts'

/** What a role of a play asks of a host, or the play itself; whichever tags are selected. */
export interface Part {
  readonly label: string
  /** Tags of the play, and of the role where it is called. */
  readonly tags: readonly string[]
  readonly site: Problem['origin']
  readonly runOnce: boolean
  readonly units: readonly TaskOrStep[]
  readonly handlers: readonly HandlerItem[]
  /** What of the world outside the inventory it was made of. */
  readonly madeOf: Pick<RoleContext<unknown>, 'peers' | 'prepared'>
}

/**
 * The parts of a host's work, the play's own last. Here alone a role's `tasks` is called. A part that is known is kept
 * where it would be made of the same again.
 */
export function partsOn(
  { play, tags, roles }: Pick<BoundPlay, 'play' | 'tags' | 'roles'>,
  host: HostView,
  inventory: InventoryView,
  peers: PeersOf,
  known: readonly Part[] = [],
): readonly Part[] {
  const parts = roles.map((bound, index) => {
    const before = known[index]
    const ofPeers = peers(bound, host)
    return before && isSame(before, bound, ofPeers) ? before : partOf(bound, host, inventory, ofPeers)
  })
  return [...parts, known[roles.length] ?? ownPart(play, tags, host, inventory)]
}

const isSame = ({ madeOf }: Part, { prepared }: BoundRole, peers: RoleContext<unknown>['peers']): boolean =>
  madeOf.prepared === prepared && madeOf.peers.size === 0 && peers.size === 0

function partOf(
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
  peers: RoleContext<unknown>['peers'],
): Part {
  const { role, site, runOnce } = bound.call
  const context = taskContext(bound, host, inventory, peers)
  return {
    label: bound.label,
    tags: bound.tags,
    site,
    runOnce,
    handlers: handlersOf(role, context, bound.label),
    units: flatten(role.tasks(context as never)).map(withPrompt),
    madeOf: context,
  }
}

function ownPart(play: Play, tags: readonly string[], host: HostView, inventory: InventoryView): Part {
  const tasks =
    typeof play.tasks === 'function'
      ? play.tasks(hostContext(play.cluster, host, inventory) as never)
      : (play.tasks ?? [])
  return {
    label: 'play',
    tags,
    site: play.site,
    runOnce: false,
    handlers: handlerItems('play', play.handlers ?? {}),
    units: flatten(tasks).map(withPrompt),
    madeOf: { peers: new Map(), prepared: undefined },
  }
}

function handlersOf(role: AnyRole, context: RoleContext<unknown>, label: string): readonly HandlerItem[] {
  const handlers = typeof role.handlers === 'function' ? role.handlers(context as never) : (role.handlers ?? {})
  return handlerItems(label, handlers)
}
