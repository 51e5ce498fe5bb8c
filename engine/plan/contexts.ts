import {
  type AnyCluster,
  type HostContext,
  type HostView,
  type InventoryView,
  type ParamsContext,
  type RoleContext,
  withGetters,
} from '../role/index.ts'
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
  withGetters(hostContext(bound.call.role.cluster, host, inventory), { params: paramsOn(bound, host) }) as never

/** What its tasks and handlers are made of. */
export const taskContext = (
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
  peers: RoleContext<unknown>['peers'],
): RoleContext<unknown> =>
  withGetters(plainContext(bound, host, inventory), { peers, prepared: bound.prepared }) as never
