import type { HostView, InventoryView, ParamsOf } from 'rota'
import {
  httpsUrl,
  isLeaving,
  isNodeProxyWanted,
  mastersOf,
  staysNode,
  vipPortOf,
  vipProtocolOf,
} from '../lib/cluster/index.ts'
import { defaults } from '../nginx-proxy/defaults.ts'
import type { params } from './params.ts'

export type Params = ParamsOf<typeof params>

/**
 * Where the clients of a host go: what the operator says; on a master its own API server; on a node its proxy, else the
 * external load balancer or the virtual address. Nothing where there is none of them.
 */
export function serverOf(params: Params, host: HostView, inventory: InventoryView): string | undefined {
  const { leaving } = params
  // Nothing of it is left.
  if (isLeaving(host, leaving) && !staysNode(host, inventory, leaving)) return undefined
  if (params.server !== undefined) return params.server
  if (mastersOf(inventory, leaving).some(master => master.name === host.name))
    return httpsUrl('127.0.0.1', params.apiserverPort)
  if (isNodeProxyWanted(params.nodeProxy, params.externalLoadBalancer))
    return httpsUrl('127.0.0.1', params.nodeProxyPort ?? proxyPort(params))
  return balancerAs(params, address => address)
}

/** kubespray writes the name of the balancer where its address does as well: both lead to the same server. */
export function aliasesOf(params: Params, server: string): readonly string[] {
  const named = balancerAs(params, () => params.loadBalancerName)
  return named !== undefined && server === balancerAs(params, address => address) ? [named] : []
}

function balancerAs(params: Params, called: (address: string) => string): string | undefined {
  const { externalLoadBalancer: external, virtualAddress } = params
  if (external !== undefined) return httpsUrl(called(external.address), Number(external.port ?? params.apiserverPort))
  // One that is answered without TLS there is nowhere to go.
  if (virtualAddress === undefined || vipProtocolOf(params) === 'http') return undefined
  return httpsUrl(called(virtualAddress), vipPortOf(params))
}

const proxyPort = ({ nodeProxyType, nodeProxyVariant }: Params): number =>
  nodeProxyType === 'nginx' ? defaults[nodeProxyVariant].port : 6443
