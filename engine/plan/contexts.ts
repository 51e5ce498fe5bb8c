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
    return cluster && inventory.cluster(cluster, host)
  },
})

/** What a role is told before any host is asked. */
export const plainContext = (
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
): ParamsContext<Readonly<Record<string, unknown>>, AnyCluster | undefined> =>
  ({
    params: paramsOn(bound, host),
    host,
    inventory,
    get cluster() {
      return clusterOf(bound, host, inventory)
    },
  }) as never

/** What its tasks and handlers are made of. */
export const taskContext = (
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
  peers: RoleContext<unknown>['peers'],
): RoleContext<unknown> =>
  ({
    params: paramsOn(bound, host),
    host,
    inventory,
    get cluster() {
      return clusterOf(bound, host, inventory)
    },
    peers,
    prepared: bound.prepared,
  }) as never

// A getter in each literal: properties that are defined one by one were a third of what planning 10,000 nodes takes.
const clusterOf = ({ call }: BoundRole, host: HostView, inventory: InventoryView): unknown =>
  call.role.cluster && inventory.cluster(call.role.cluster, host)
