import type { Host } from '../../../engine/inventory/types.ts'
import { clusterValues, givenByPlays } from '../../../engine/plan/cluster-values.ts'
import { hostContext } from '../../../engine/plan/contexts.ts'
import { play } from '../../../engine/playbook/play.ts'
import type { RoleCall } from '../../../engine/role/role.ts'
import type { HostView, InventoryView } from '../../../engine/role/view.ts'
import type { Lookup } from '../../../engine/values/choose.ts'
import { cluster } from '../../../roles/lib/cluster/cluster.ts'

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
  render: () => ({ text: '', secret: false }),
  place: () => undefined,
})

export const inventory = (hosts: readonly HostView[], dir = '/inventory'): InventoryView => {
  const host = (name: string) => {
    const found = hosts.find(item => item.name === name)
    if (found === undefined) throw new Error(`no host ${name}`)
    return found
  }
  return withGiven({ hosts, dir, host, group: name => hosts.filter(item => item.groups.includes(name)) }, [])
}

/** The same inventory, with what calls of a playbook give to the values of the cluster. */
export function withGiven(view: Omit<InventoryView, 'cluster'>, calls: readonly RoleCall[]): InventoryView {
  const hosts = view.hosts.map(({ name }) => ({ name }) as Host)
  const given = givenByPlays([[play('given', { hosts: 'all', roles: calls }), hosts]])
  const made: InventoryView = {
    ...view,
    cluster: clusterValues(
      name => lookupIn(view.host(name)),
      () => made,
      given,
    ),
  }
  return made
}

/** What a role, gate or hook is told of a host. */
export const contextOn = (host: HostView, view: InventoryView) => hostContext(cluster, host, view)

/** The host's variables, as the inventory gives them. */
export const lookupIn =
  (host: HostView): Lookup =>
  name => {
    const value = host.var(name)
    const origin = { file: 'hosts.ini', line: 1, column: 1 }
    const variable = { value, origin, source: 'inventory', rank: 0, locate: () => origin }
    return value === undefined ? undefined : { value, variable }
  }

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
