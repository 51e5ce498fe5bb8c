import { defineCluster, type HostView, type InventoryView } from 'rota'
import { drainParams } from './drain-params.ts'
import { gateParams } from './gate-params.ts'
import { mastersOf } from './groups.ts'
import * as values from './params.ts'
import { nginxVipUnit, vipPortParams } from './vip-params.ts'

const { packageNames: _, ...shared } = values

/**
 * What all roles, gates and hooks of a Kubernetes cluster agree on, for each host: ports, addresses, directories,
 * names, which set-up is chosen, how nodes are drained, what holds between batches. A role of your own has it by
 * `cluster`, and may add to it by `defineCluster({ extends: cluster, … })`.
 */
export const cluster = defineCluster({
  params: { type: 'object', properties: { ...shared, ...vipPortParams, nginxVipUnit, ...drainParams, ...gateParams } },
  derive: ({
    values: { leaving, overrideHostname, nodeLoadBalancerWanted, externalLoadBalancer },
    host,
    inventory,
  }) => ({
    /** The masters that the cluster shall have, in inventory order. */
    get masters() {
      return mastersOf(inventory, leaving)
    },
    /** What a kubelet on the host calls its node. */
    get nodeName(): string {
      return (overrideHostname ?? host.name).toLowerCase()
    },
    /**
     * Whether the host shall have a proxy of its own: as the operator says, else unless an external load balancer does
     * its work.
     */
    get wantsNodeProxy(): boolean {
      return isNodeProxyWanted(nodeLoadBalancerWanted, externalLoadBalancer)
    },
  }),
})

/** What a kubelet on any host calls its node. */
export const nodeNameOf = (host: HostView, inventory: InventoryView): string =>
  inventory.cluster(cluster, host).nodeName

/**
 * Whether two hosts have the same container runtime, as the inventory has it: what the kubelet of one is told about its
 * runtime is right for the other.
 */
export const haveSameRuntime = (one: HostView, other: HostView, inventory: InventoryView): boolean =>
  socketOf(one, inventory) === socketOf(other, inventory)

const socketOf = (host: HostView, inventory: InventoryView): string | undefined =>
  inventory
    .cluster(cluster, host)
    .criSocket?.replace(/^unix:\/\//, '')
    .replace(/^\/var\/run\//, '/run/')

/** kubespray's rule: every node has a proxy unless the operator says no, or there is an external load balancer. */
export const isNodeProxyWanted = (wanted: boolean | undefined, external: object | undefined): boolean =>
  wanted ?? external === undefined
