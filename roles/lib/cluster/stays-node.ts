import type { HostView, InventoryView } from 'rota'
import { cluster } from './cluster.ts'
import { isLeaving, isOneOf, mastersOf, nodesOf } from './groups.ts'

/** A master that leaves, and whose host goes on as a node: it is in kube_node too. A worker that leaves, leaves. */
export const staysNode = (
  host: HostView,
  inventory: InventoryView,
  leaving: readonly string[] | string,
  stay = inventory.cluster(cluster, host).leavingStayNodes,
): boolean =>
  stay && isLeaving(host, leaving) && isOneOf(mastersOf(inventory), host) && isOneOf(nodesOf(inventory), host)
