import { closest } from 'fastest-levenshtein'
import type { HostView, InventoryView } from 'rota'

/**
 * Hosts of any of the groups, each once, in the order of the first group that has them. One list an inventory: every
 * host asks for it.
 */
export function hostsOf(inventory: InventoryView, groups: readonly string[]): readonly HostView[] {
  const lists = known.get(inventory) ?? new Map<string, readonly HostView[]>()
  known.set(inventory, lists)
  const key = groups.join(' ')
  const list = lists.get(key) ?? [
    ...new Map(groups.flatMap(name => inventory.group(name)).map(host => [host.name, host])).values(),
  ]
  lists.set(key, list)
  return list
}

// Memories of pure functions: an inventory and a list of hosts do not change.
const known = new WeakMap<InventoryView, Map<string, readonly HostView[]>>()
const namesIn = new WeakMap<readonly HostView[], ReadonlySet<string>>()

/** kubespray's groups, new name first: `kube_control_plane` was `kube-master` once. */
export const controlPlaneGroups = ['kube_control_plane', 'kube-master'] as const
export const etcdGroups = ['etcd'] as const
export const nodeGroups = ['kube_node', 'kube-node'] as const
/** Hosts that hold the virtual address and balance behind it, where the masters don't do it themselves. */
export const balancerGroups = ['load_balancer'] as const

/** Names in `leaving_masters`: a list, or text as `-e leaving_masters=m1,m2` has it. */
export const namesOf = (list: readonly string[] | string): readonly string[] =>
  typeof list === 'string' ? list.split(/[\s,]+/).filter(Boolean) : list

/** The masters that the cluster shall have, in inventory order: those that are leaving are none of them any more. */
export const mastersOf = (inventory: InventoryView, leaving: readonly string[] | string = []): readonly HostView[] =>
  without(hostsOf(inventory, controlPlaneGroups), leaving)

/** The nodes of the cluster; a master may be one of them. */
export const nodesOf = (inventory: InventoryView, leaving: readonly string[] | string = []): readonly HostView[] =>
  without(hostsOf(inventory, nodeGroups), leaving)

const workerGroups = [...nodeGroups, 'calico_rr', 'calico-rr']

/** The nodes that are no masters, kubespray's pattern for them: `kube_node:calico_rr:!kube_control_plane`. */
export function workersOf(inventory: InventoryView): readonly HostView[] {
  const masters = new Set(mastersOf(inventory).map(({ name }) => name))
  return hostsOf(inventory, workerGroups).filter(({ name }) => !masters.has(name))
}

/** Every host that runs a kubelet or may: kubespray's k8s_cluster has the route reflectors (calico_rr) too. */
export const clusterHostsOf = (inventory: InventoryView): readonly HostView[] =>
  hostsOf(inventory, [...controlPlaneGroups, ...nodeGroups, 'k8s_cluster', 'k8s-cluster', 'calico_rr'])

export function isOneOf(hosts: readonly HostView[], host: HostView): boolean {
  const names = namesIn.get(hosts) ?? new Set(hosts.map(({ name }) => name))
  namesIn.set(hosts, names)
  return names.has(host.name)
}

/** The etcd members that the cluster shall have. */
export const etcdMembersOf = (
  inventory: InventoryView,
  leaving: readonly string[] | string = [],
): readonly HostView[] => without(hostsOf(inventory, etcdGroups), leaving)

type EtcdDeployment = 'host' | 'docker' | 'kubeadm' | 'external'

/** The members are on the hosts of the group etcd, and are the roles' own to look after. */
export const isEtcdOfHosts = (deployment: EtcdDeployment): boolean => deployment === 'host' || deployment === 'docker'

/** The same, also where every master has a member of its own (`etcd_deployment_type: kubeadm`). */
export const membersOf = (
  inventory: InventoryView,
  deployment: EtcdDeployment,
  leaving: readonly string[] | string = [],
): readonly HostView[] => (deployment === 'kubeadm' ? mastersOf(inventory, leaving) : etcdMembersOf(inventory, leaving))

export const isLeaving = (host: HostView, leaving: readonly string[] | string): boolean =>
  namesOf(leaving).includes(host.name)

/**
 * A leaving host that is no master is a mistake: nothing would be removed and nobody would notice, or a worker would be
 * taken apart.
 */
export const unknownLeaving = (inventory: InventoryView, leaving: readonly string[] | string): readonly string[] =>
  notAmong(mastersOf(inventory), leaving, 'kube_control_plane')

/**
 * The same where etcd members leave, which may be hosts of their own. A master that has no member is fine: it has
 * nothing to give up.
 */
export const unknownLeavingMember = (
  inventory: InventoryView,
  leaving: readonly string[] | string,
): readonly string[] => notAmong([...etcdMembersOf(inventory), ...mastersOf(inventory)], leaving, 'etcd')

/** The same where a node of the cluster goes, be it a master's or a worker's. */
export const unknownLeavingNode = (inventory: InventoryView, leaving: readonly string[] | string): readonly string[] =>
  notAmong([...mastersOf(inventory), ...workersOf(inventory)], leaving, 'kube_control_plane or kube_node')

function notAmong(hosts: readonly HostView[], leaving: readonly string[] | string, group: string): readonly string[] {
  const names = hosts.map(host => host.name)
  const wrong = namesOf(leaving).filter(name => !names.includes(name))
  return wrong.map(name => {
    const meant = names.length > 0 ? `: did you mean ${closest(name, names)}?` : ''
    return `leaving_masters: ${name} is no host of the group ${group}${meant}`
  })
}

const without = (hosts: readonly HostView[], leaving: readonly string[] | string): readonly HostView[] => {
  const names = new Set(namesOf(leaving))
  if (names.size === 0) return hosts
  return hosts.filter(host => !names.has(host.name))
}
