import type { HostView, InventoryView } from 'rota'
import { cluster } from './cluster.ts'
import { balancerGroups, hostsOf, mastersOf } from './groups.ts'

/**
 * The hosts that balance for the masters, and that the virtual address may be on: those of `load_balancer`; where that
 * group is empty, the masters, if there is a virtual address at all that is not kube-vip's.
 */
export const balancersOf = (
  inventory: InventoryView,
  leaving: readonly string[] | string = [],
): readonly HostView[] => {
  const own = hostsOf(inventory, balancerGroups)
  if (own.length > 0) return own
  return mastersOf(inventory, leaving).filter(master => {
    const { virtualAddress, kubeVip } = inventory.cluster(cluster, master)
    return virtualAddress !== undefined && !kubeVip
  })
}
