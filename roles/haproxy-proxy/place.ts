import type { HostView, InventoryView } from 'rota'
import { balancersOf, isLeaving, mastersOf, nodesOf, wantsNodeProxy } from '../cluster/index.ts'

export interface Placed {
  readonly type: string
  readonly wanted?: boolean | undefined
  readonly port: number
  readonly apiserverPort: number
  readonly vipLoadBalancer: string
  readonly vipAddress?: string | undefined
  readonly vipPort: number
  readonly leaving: readonly string[] | string
}

/**
 * Whether a host has a haproxy of its own: nodes. Where its own API server, or the load balancer behind the virtual address, has the
 * port, what asks there is answered already.
 */
export function hasHaproxy(params: Placed, host: HostView, inventory: InventoryView): boolean {
  const { wanted, type, port, apiserverPort, vipLoadBalancer, vipAddress, vipPort, leaving } = params
  if (!wantsNodeProxy(wanted, host) || type !== 'haproxy' || isLeaving(host, leaving)) return false
  if (!isOneOf(nodesOf(inventory), host)) return false
  if (port === apiserverPort && isOneOf(mastersOf(inventory), host)) return false
  const balances = vipAddress !== undefined && vipLoadBalancer !== 'lvs' && isOneOf(balancersOf(inventory), host)
  return !(balances && port === vipPort)
}

/** The haproxy behind the virtual address has its configuration at the same place, should it be on the same host. */
export const sharesConfig = (
  { vipLoadBalancer, config }: { readonly vipLoadBalancer: string; readonly config: string },
  host: HostView,
  inventory: InventoryView,
): boolean =>
  vipLoadBalancer === 'haproxy' &&
  isOneOf(balancersOf(inventory), host) &&
  config === (host.var('haproxy_config') ?? '/etc/haproxy/haproxy.cfg')

const isOneOf = (hosts: readonly HostView[], host: HostView): boolean => hosts.some(({ name }) => name === host.name)
