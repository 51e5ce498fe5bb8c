import type { HostView, InventoryView } from 'rota'
import { httpsUrl } from './address.ts'
import { cluster } from './cluster.ts'
import { etcdMembersOf } from './groups.ts'

/** Where clients reach the member of a host: kubespray's `etcd_access_address`, else the host's address. */
export const etcdAccessAddressOf = (member: HostView, inventory: InventoryView): string =>
  inventory.cluster(cluster, member).etcdAccessAddress ?? member.address

export interface EtcdClients {
  readonly leaving: readonly string[] | string
  readonly etcdClientPort: number
}

/** What API servers are told of an etcd that kubeadm does not make, kubespray's `etcd_access_addresses`. */
export const etcdClientUrls = (
  { leaving, etcdClientPort }: EtcdClients,
  inventory: InventoryView,
  addressOf: (member: HostView, inventory: InventoryView) => string = etcdAccessAddressOf,
): readonly string[] => [
  ...new Set(etcdMembersOf(inventory, leaving).map(member => httpsUrl(addressOf(member, inventory), etcdClientPort))),
]
