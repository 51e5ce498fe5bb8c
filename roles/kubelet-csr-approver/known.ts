import type { HostView, InventoryView } from 'rota'
import { cluster, clusterHostsOf, isLeaving } from '../lib/cluster/index.ts'

/** What a node is known by in the inventory. */
export interface KnownNode {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

/** Every node that the cluster shall have, by its name. */
export const knownNodes = (
  inventory: InventoryView,
  leaving: readonly string[] | string = [],
): ReadonlyMap<string, KnownNode> =>
  new Map(
    clusterHostsOf(inventory)
      .filter(host => !isLeaving(host, leaving))
      .map(host => knownNode(host, inventory)),
  )

function knownNode(host: HostView, inventory: InventoryView): readonly [string, KnownNode] {
  const { nodeName, secondAddress } = inventory.cluster(cluster, host)
  // One that is reached by a name, and has no `ip`, has no address that we know.
  const own = host.addressProblems.length > 0 ? [] : [host.address, host.ip]
  const addresses = [...own, ...(secondAddress === undefined ? [] : [secondAddress])]
  return [nodeName, { names: [nodeName, host.name], addresses }]
}
