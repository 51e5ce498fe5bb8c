import type { HostView, InventoryView } from 'rota'

/** Hosts of any of the groups, each once, in the order of the first group that has them. */
const hostsOf = (inventory: InventoryView, groups: readonly string[]): readonly HostView[] => [
  ...new Map(groups.flatMap(name => inventory.group(name)).map(host => [host.name, host])).values(),
]

/** kubespray's groups, new name first: `kube_control_plane` was `kube-master` once. */
export const controlPlaneGroups = ['kube_control_plane', 'kube-master'] as const
export const etcdGroups = ['etcd'] as const

/** Names in `leaving_masters`: a list, or text as `-e leaving_masters=m1,m2` has it. */
export const namesOf = (list: readonly string[] | string): readonly string[] =>
  typeof list === 'string' ? list.split(/[\s,]+/).filter(Boolean) : list

/** The masters that the cluster shall have, in inventory order: those that are leaving are none of them any more. */
export const mastersOf = (inventory: InventoryView, leaving: readonly string[] | string = []): readonly HostView[] =>
  without(hostsOf(inventory, controlPlaneGroups), leaving)

/** The etcd members that the cluster shall have. */
export const etcdMembersOf = (
  inventory: InventoryView,
  leaving: readonly string[] | string = [],
): readonly HostView[] => without(hostsOf(inventory, etcdGroups), leaving)

export const isLeaving = (host: HostView, leaving: readonly string[] | string): boolean =>
  namesOf(leaving).includes(host.name)

/** A leaving host that the inventory does not know is a mistake: nothing would be removed, and nobody would notice. */
export const unknownLeaving = (inventory: InventoryView, leaving: readonly string[] | string): readonly string[] =>
  namesOf(leaving)
    .filter(name => !inventory.hosts.some(host => host.name === name))
    .map(name => `leaving_masters: there is no host ${name} in the inventory`)

const without = (hosts: readonly HostView[], leaving: readonly string[] | string): readonly HostView[] => {
  const names = new Set(namesOf(leaving))
  return hosts.filter(host => !names.has(host.name))
}
