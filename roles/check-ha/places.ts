import type { HostView, InventoryView, ParamsOf } from 'rota'
import { pod as haproxyPod } from '../haproxy-proxy/manifest.ts'
import { hasHaproxy, withPort } from '../haproxy-proxy/place.ts'
import { balancerPortOf, balancersOf, type ContainerRef, isOneOf, vipProtocolOf } from '../lib/cluster/index.ts'
import { chosenProxy } from '../nginx-proxy/listeners.ts'
import { hasProxy } from '../nginx-proxy/place.ts'
import { settingsOf } from '../nginx-proxy/settings.ts'
import type { params, placeParams } from './params.ts'

export type Params = ParamsOf<typeof params>
export type PlaceParams = ParamsOf<typeof placeParams>

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
export function balancerOn(params: PlaceParams, host: HostView, inventory: InventoryView): Daemon | undefined {
  if (params.virtualAddress === undefined || !isOneOf(balancersOf(inventory), host)) return undefined
  if (params.vipLoadBalancer === 'lvs') return undefined
  const name = params.vipLoadBalancer
  const unit = name === 'haproxy' ? 'haproxy' : params.nginxVipUnit
  return { name, program: name, runs: { unit }, port: balancerPortOf(params), protocol: vipProtocolOf(params) }
}

/** The proxy that this host has for itself, if it shall have one. */
export function nodeProxyOn(params: PlaceParams, host: HostView, inventory: InventoryView): Daemon | undefined {
  const name = 'the proxy of this host'
  const { virtualAddress } = params
  const own = {
    ...params,
    ...(virtualAddress === undefined ? {} : { vipAddress: virtualAddress }),
  }
  if (params.type === 'haproxy') {
    const placed = withPort(own)
    if (!hasHaproxy(placed, host, inventory)) return undefined
    return { name, program: 'haproxy', runs: { container: haproxyPod }, port: placed.port, protocol: 'tcp' }
  }
  const settings = settingsOf(own)
  if (!hasProxy(settings, host, inventory)) return undefined
  const { pod, unit = '' } = chosenProxy(settings)
  const runs = pod === undefined ? { unit } : { container: pod }
  return { name, program: 'nginx', runs, port: settings.port, protocol: params.protocol }
}
