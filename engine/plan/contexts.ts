import type { FactMap } from '../facts/index.ts'
import type { AnyCluster, HostContext, HostView, InventoryView, ParamsContext, RoleContext } from '../role/index.ts'
import { type BoundRole, paramsOn } from './bound.ts'

/** What whoever works on a host is told. The value of the cluster is worked out when it is asked for. */
export const hostContext = (
  cluster: AnyCluster | undefined,
  host: HostView,
  inventory: InventoryView,
): HostContext<AnyCluster | undefined> => ({
  host,
  inventory,
  get cluster() {
    return valueOn(cluster, host, inventory)
  },
})

/** What a role is told before any host is asked. */
export const plainContext = (
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
): ParamsContext<Readonly<Record<string, unknown>>, AnyCluster | undefined> => ({
  host,
  inventory,
  params: paramsOn(bound, host),
  get cluster() {
    return valueOn(bound.call.role.cluster, host, inventory)
  },
})

/** What its tasks and handlers are made of. */
export const taskContext = (
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
  peers: RoleContext<unknown>['peers'],
): RoleContext<unknown, FactMap, unknown, AnyCluster | undefined> => ({
  host,
  inventory,
  params: paramsOn(bound, host),
  peers,
  prepared: bound.prepared,
  get cluster() {
    return valueOn(bound.call.role.cluster, host, inventory)
  },
})

const valueOn = (cluster: AnyCluster | undefined, host: HostView, inventory: InventoryView) =>
  cluster && inventory.cluster(cluster, host)
