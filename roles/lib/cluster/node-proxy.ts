import { type HostView, type InventoryView, type Task, waitFor } from 'rota'
import { balancersOf } from './balancers.ts'
import { cluster } from './cluster.ts'
import { clusterHostsOf, isLeaving, isOneOf, mastersOf, nodesOf } from './groups.ts'
import { staysNode } from './stays-node.ts'
import { balancerPortOf, type VipPort } from './vip.ts'

export interface PlacedProxy extends VipPort {
  readonly port: number
  readonly vipAddress?: string | undefined
  readonly leaving: readonly string[] | string
}

/**
 * Whether a host has a proxy of its own, whichever: every host of the cluster, but a master that is no node only where
 * `masters` says so. Where its own API server, or the load balancer behind the virtual address, has the port, what asks
 * there is answered already.
 */
export function hasNodeProxy(
  params: PlacedProxy,
  host: HostView,
  inventory: InventoryView,
  { masters }: { readonly masters: boolean },
): boolean {
  const { port, apiserverPort, vipLoadBalancer, vipAddress, leaving } = params
  const { wantsNodeProxy } = inventory.cluster(cluster, host)
  if (!wantsNodeProxy || !isOneOf(clusterHostsOf(inventory), host)) return false
  if (isLeaving(host, leaving) && !staysNode(host, inventory, leaving)) return false
  const isMaster = isOneOf(mastersOf(inventory, leaving), host)
  if (isMaster && !masters && !isOneOf(nodesOf(inventory), host)) return false
  if (isMaster && port === apiserverPort) return false
  const balances = vipAddress !== undefined && vipLoadBalancer !== 'lvs' && isOneOf(balancersOf(inventory), host)
  return !(balances && port === balancerPortOf(params))
}

/** The address by which a host reaches what listens on it itself at the first of these. */
export const dialled = ([first = '127.0.0.1']: readonly string[]): string =>
  first === '0.0.0.0' || first === '*' ? '127.0.0.1' : first === '::' ? '::1' : first

/** Waits until the proxy can be dialled from its own host. */
export const isServed = ({
  listen,
  port,
  timeout,
}: {
  readonly listen: readonly string[]
  readonly port: number
  readonly timeout?: number
}): Task => waitFor({ host: dialled(listen), port, ...(timeout === undefined ? {} : { timeout }) })
