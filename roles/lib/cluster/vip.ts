import { type HostView, type InventoryView, type Task, waitFor } from 'rota'
import { holdsPort, type Listener } from '../make-way.ts'
import { balancersOf } from './balancers.ts'
import { isOneOf } from './groups.ts'
import { nginxVipPorts } from './vip-params.ts'

/** What the port of the virtual address follows from. */
export interface VipPort {
  readonly vipLoadBalancer: 'haproxy' | 'nginx' | 'lvs'
  readonly kubeVip: boolean
  readonly haproxyPort: number
  readonly nginxVipPort?: number | undefined
  readonly nginxVipProtocol: 'tcp' | 'http'
  readonly lvsPort?: number | undefined
  readonly apiserverPort: number
}

/** The port of the virtual address. kube-vip puts the address on a master and nothing in front of its API server. */
export function vipPortOf(params: VipPort): number {
  const { vipLoadBalancer, kubeVip, haproxyPort, nginxVipPort, nginxVipProtocol, lvsPort, apiserverPort } = params
  if (kubeVip) return apiserverPort
  if (vipLoadBalancer === 'haproxy') return haproxyPort
  return vipLoadBalancer === 'nginx' ? (nginxVipPort ?? nginxVipPorts[nginxVipProtocol]) : (lvsPort ?? apiserverPort)
}

/**
 * The port of the load balancer itself: kube-vip may have the address while hosts of load_balancer balance all the
 * same.
 */
export const balancerPortOf = (params: VipPort): number => vipPortOf({ ...params, kubeVip: false })

/** What asks behind the virtual address is answered without TLS. */
export const vipProtocolOf = ({ vipLoadBalancer, kubeVip, nginxVipProtocol }: VipPort): 'tcp' | 'http' =>
  vipLoadBalancer === 'nginx' && !kubeVip ? nginxVipProtocol : 'tcp'

/**
 * The inventory says nothing of a virtual address: a line that is missing is no wish to give it up (that is
 * remove-ha.mjs), so whatever a host has of it stays.
 */
export const isUnset = (virtualAddress: string | undefined, inventory: InventoryView): boolean =>
  virtualAddress === undefined && balancersOf(inventory).length === 0

export const balances = (host: HostView, inventory: InventoryView): boolean => isOneOf(balancersOf(inventory), host)

/**
 * Waits until the load balancer that is chosen has its port on this host, before one that is not chosen is taken away.
 */
export function chosenServes(
  params: VipPort & { readonly nginxVipUnit: string },
  host: HostView,
  inventory: InventoryView,
): Task | undefined {
  if (!balances(host, inventory)) return undefined
  const port = balancerPortOf(params)
  if (params.vipLoadBalancer !== 'lvs') return holdsPort(port, listenerOf(params))
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return waitFor({
    title: `the kernel balances ${port}`,
    check: { run: ['grep', '-q', `^TCP .*:${hex} `, '/proc/net/ip_vs'] },
  })
}

const listenerOf = (params: { readonly vipLoadBalancer: string; readonly nginxVipUnit: string }): Listener =>
  params.vipLoadBalancer === 'nginx'
    ? { name: 'nginx', unit: params.nginxVipUnit }
    : { name: 'haproxy', unit: 'haproxy' }
