import type { HostView, InventoryView, ParamsOf } from 'rota'
import { balancersOf, type ContainerRef, mastersOf } from '../cluster/index.ts'
import { defaults } from '../nginx-proxy/defaults.ts'
import type { params } from './params.ts'

export type Params = ParamsOf<typeof params>

/** A daemon in front of the API servers, on one host: what runs it, and what it is called where it listens. */
export interface Daemon {
  /** For the operator: `haproxy`, `the proxy of this host`. */
  readonly name: string
  readonly program: 'haproxy' | 'nginx'
  readonly runs: { readonly unit: string } | { readonly container: ContainerRef }
  readonly port: number
  readonly protocol: 'tcp' | 'http'
}

/** What balances behind the virtual address on this host; LVS is the kernel's. */
export function balancerOn(params: Params, host: HostView, inventory: InventoryView): Daemon | undefined {
  if (params.virtualAddress === undefined || !isOneOf(balancersOf(inventory), host)) return undefined
  if (params.vipLoadBalancer === 'lvs') return undefined
  const name = params.vipLoadBalancer
  if (name === 'haproxy')
    return { name, program: name, runs: { unit: 'haproxy' }, port: params.haproxyPort, protocol: 'tcp' }
  return {
    name,
    program: name,
    runs: { unit: params.nginxVipUnit },
    port: vipPort(params),
    protocol: params.nginxVipProtocol,
  }
}

/** The port of the virtual address. */
export const vipPort = (params: Params): number =>
  ({
    haproxy: params.haproxyPort,
    nginx: params.nginxVipPort ?? (params.nginxVipProtocol === 'http' ? 8080 : 8443),
    lvs: params.lvsPort ?? params.apiserverPort,
  })[params.vipLoadBalancer]

export const vipProtocol = (params: Params): 'tcp' | 'http' =>
  params.vipLoadBalancer === 'nginx' ? params.nginxVipProtocol : 'tcp'

/** The proxy that this host has for itself, if it shall have one. */
export function nodeProxyOn(params: Params, host: HostView, inventory: InventoryView): Daemon | undefined {
  if (!params.nodeLoadBalancerWanted) return undefined
  const isHaproxy = params.nodeLoadBalancer === 'haproxy'
  const variant = defaults[isHaproxy ? 'static-pod' : params.nodeProxyVariant]
  const protocol = isHaproxy ? 'tcp' : params.nodeProxyProtocol
  const port = params.nodeProxyPort ?? (protocol === 'http' ? 8080 : variant.port)
  const isMaster = isOneOf(mastersOf(inventory), host)
  const isNode = host.groups.some(group => group === 'kube_node' || group === 'kube-node')
  if (!isNode && !(isMaster && (params.nodeProxyMasters ?? variant.masters))) return undefined
  // Who asks there is answered already, by the API server itself or by the load balancer of the virtual address.
  if (isMaster && port === params.apiserverPort) return undefined
  if (balancerOn(params, host, inventory)?.port === port) return undefined
  const name = 'the proxy of this host'
  if (isHaproxy)
    return { name, program: 'haproxy', runs: { container: { pod: 'haproxy', container: 'haproxy' } }, port, protocol }
  const pod = { pod: params.nodeProxyPod, container: 'nginx-proxy' }
  const runs =
    params.nodeProxyVariant === 'static-pod' ? { container: pod } : { unit: params.nodeProxyUnit ?? variant.unit ?? '' }
  return { name, program: 'nginx', runs, port, protocol }
}

export const isOneOf = (hosts: readonly HostView[], host: HostView): boolean =>
  hosts.some(({ name }) => name === host.name)
