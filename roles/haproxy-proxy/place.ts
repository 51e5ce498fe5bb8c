import type { HostView, InventoryView } from 'rota'
import { balancersOf, cluster, hasNodeProxy, isOneOf, type PlacedProxy } from '../lib/cluster/index.ts'

/** kubespray's, where the operator says nothing. */
export const withPort = <P extends { readonly port?: number | undefined }>(
  params: P,
): P & { readonly port: number } => ({
  ...params,
  port: params.port ?? 6443,
})

/** Whether a host has a haproxy of its own. */
export const hasHaproxy = (
  params: Omit<PlacedProxy, 'port'> & { readonly type: string; readonly port?: number | undefined },
  host: HostView,
  inventory: InventoryView,
): boolean => params.type === 'haproxy' && hasNodeProxy(withPort(params), host, inventory, { masters: false })

/** The haproxy behind the virtual address has its configuration at the same place, should it be on the same host. */
export const sharesConfig = (
  { vipLoadBalancer, config }: { readonly vipLoadBalancer: string; readonly config: string },
  host: HostView,
  inventory: InventoryView,
): boolean =>
  vipLoadBalancer === 'haproxy' &&
  isOneOf(balancersOf(inventory), host) &&
  config === inventory.cluster(cluster, host).haproxyConfig
