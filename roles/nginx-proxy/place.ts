import { type HostView, type InventoryView, type Task, waitFor } from 'rota'
import { balancersOf, isLeaving, mastersOf, wantsNodeProxy } from '../cluster/index.ts'
import type { Settings } from './settings.ts'

type Placed = Pick<
  Settings,
  'wanted' | 'type' | 'masters' | 'port' | 'apiserverPort' | 'vipLoadBalancer' | 'vipAddress' | 'vipPort' | 'leaving'
>

/**
 * Whether a host has a proxy of its own. Where its own API server, or the load balancer behind the virtual address, has the port, what
 * asks there is answered already.
 */
export function hasProxy(settings: Placed, host: HostView, inventory: InventoryView): boolean {
  const { wanted, type, masters, port, apiserverPort, vipLoadBalancer, vipAddress, vipPort, leaving } = settings
  if (!wantsNodeProxy(wanted, host) || type !== 'nginx' || isLeaving(host, leaving)) return false
  const isMaster = isOneOf(mastersOf(inventory), host)
  const isNode = host.groups.some(group => group === 'kube_node' || group === 'kube-node')
  if (isMaster && !isNode && !masters) return false
  if (isMaster && port === apiserverPort) return false
  const balances = vipAddress !== undefined && vipLoadBalancer !== 'lvs' && isOneOf(balancersOf(inventory), host)
  return !(balances && port === vipPort)
}

const isOneOf = (hosts: readonly HostView[], host: HostView): boolean => hosts.some(({ name }) => name === host.name)

/** Waits until the proxy can be dialled from its own host. */
export const isServed = ({ listen, port }: Pick<Settings, 'listen' | 'port'>): Task =>
  waitFor({ host: dialled(listen), port })

const dialled = ([first = '127.0.0.1']: readonly string[]): string =>
  first === '0.0.0.0' || first === '*' ? '127.0.0.1' : first === '::' ? '::1' : first
