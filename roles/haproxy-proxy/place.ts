import type { HostView, InventoryView } from 'rota'
import { balancersOf, hasNodeProxy, isOneOf, type PlacedProxy } from '../lib/cluster/index.ts'

/** Whether a host has a haproxy of its own. */
export const hasHaproxy = (
  params: PlacedProxy & { readonly type: string },
  host: HostView,
  inventory: InventoryView,
): boolean => params.type === 'haproxy' && hasNodeProxy(params, host, inventory, { masters: false })

/** The haproxy behind the virtual address has its configuration at the same place, should it be on the same host. */
export const sharesConfig = (
  { vipLoadBalancer, config }: { readonly vipLoadBalancer: string; readonly config: string },
  host: HostView,
  inventory: InventoryView,
): boolean =>
  vipLoadBalancer === 'haproxy' &&
  isOneOf(balancersOf(inventory), host) &&
  config === (host.var('haproxy_config') ?? '/etc/haproxy/haproxy.cfg')
