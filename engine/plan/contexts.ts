import type { HostView, InventoryView, RoleContext } from '../role/index.ts'
import { type BoundRole, paramsOn } from './bound.ts'

/** What a role is told before any host is asked: to its checks, and to say of which peers it wants to know. */
export interface PlainContext {
  readonly params: Readonly<Record<string, unknown>>
  readonly host: HostView
  readonly inventory: InventoryView
}

export const plainContext = (bound: BoundRole, host: HostView, inventory: InventoryView): PlainContext => ({
  params: paramsOn(bound, host),
  host,
  inventory,
})

/** What its tasks and handlers are made of. */
export const taskContext = (
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
  peers: RoleContext<unknown>['peers'],
): RoleContext<unknown> => ({ params: paramsOn(bound, host), host, inventory, peers, prepared: bound.prepared })
