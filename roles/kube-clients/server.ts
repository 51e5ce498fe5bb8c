import type { HostView, InventoryView, ParamsOf } from 'rota'
import { httpsUrl, mastersOf, vipPortOf, vipProtocolOf, wantsNodeProxy } from '../cluster/index.ts'
import { defaults } from '../nginx-proxy/defaults.ts'
import type { params } from './params.ts'

export type Params = ParamsOf<typeof params>

/**
 * Where the clients of a host go: what the operator says; on a master its own API server; on a node its proxy, else the external load
 * balancer or the virtual address. Nothing where there is none of them.
 */
export function serverOf(params: Params, host: HostView, inventory: InventoryView): string | undefined {
  if (params.server !== undefined) return params.server
  if (mastersOf(inventory).some(master => master.name === host.name)) return httpsUrl('127.0.0.1', params.apiserverPort)
  if (wantsNodeProxy(params.nodeProxy, host)) return httpsUrl('127.0.0.1', params.nodeProxyPort ?? proxyPort(params))
  const external = params.externalLoadBalancer
  if (external !== undefined) return httpsUrl(external.address, Number(external.port ?? params.apiserverPort))
  // Nor where it is answered without TLS there.
  if (params.virtualAddress === undefined || vipProtocolOf(params) === 'http') return undefined
  return httpsUrl(params.virtualAddress, vipPortOf(params))
}

const proxyPort = ({ nodeProxyType, nodeProxyVariant }: Params): number =>
  nodeProxyType === 'nginx' ? defaults[nodeProxyVariant].port : 6443
