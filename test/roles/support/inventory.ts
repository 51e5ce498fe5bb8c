import type { HostView, InventoryView } from '../../../engine/role/view.ts'

/** A host for tests: its groups and variables are given. */
export const host = (
  name: string,
  address: string,
  groups: readonly string[] = [],
  vars: Readonly<Record<string, unknown>> = {},
): HostView => ({
  name,
  address,
  ip: address,
  addressProblems: [],
  groups,
  var: variable => vars[variable],
  place: () => undefined,
})

export const inventory = (hosts: readonly HostView[], dir = '/inventory'): InventoryView => ({
  hosts,
  dir,
  group: name => hosts.filter(item => item.groups.includes(name)),
  host: name => {
    const found = hosts.find(item => item.name === name)
    if (found === undefined) throw new Error(`no host ${name}`)
    return found
  },
})

/** Three masters that are etcd members too, with a virtual address, and two nodes. */
export const smallCluster = (masters = 3, nodes = 2): InventoryView =>
  inventory([
    ...Array.from({ length: masters }, (_, index) =>
      host(`m${index + 1}`, `10.0.0.${index + 1}`, ['kube_control_plane', 'etcd', 'k8s_cluster', 'all'], {
        kube_vip_address: '10.0.0.100',
      }),
    ),
    ...Array.from({ length: nodes }, (_, index) =>
      host(`n${index + 1}`, `10.0.1.${index + 1}`, ['kube_node', 'k8s_cluster', 'all']),
    ),
  ])
