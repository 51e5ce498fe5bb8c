import type { InventoryView } from 'rota'
import { endpoint, mastersOf, type VipPort, vipPortOf } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'

type EndpointParams = Pick<
  Params,
  'controlPlaneEndpoint' | 'externalLoadBalancer' | 'loadBalancerName' | 'virtualAddress' | 'leaving'
> &
  VipPort

/**
 * `controlPlaneEndpoint`: what everybody who joins the cluster is told to use. A first master's address is replaced
 * when it leaves.
 */
export function controlPlaneEndpoint(params: EndpointParams, inventory: InventoryView): string {
  const { externalLoadBalancer: external, virtualAddress } = params
  if (params.controlPlaneEndpoint !== undefined) return params.controlPlaneEndpoint
  if (external !== undefined) return endpoint(params.loadBalancerName, Number(external.port ?? params.apiserverPort))
  // Behind LVS every master has the virtual address itself: dialled there, it leads to a master that is none yet.
  if (virtualAddress !== undefined && (params.kubeVip || params.vipLoadBalancer !== 'lvs'))
    return endpoint(virtualAddress, vipPortOf(params))
  return endpoint(mastersOf(inventory, params.leaving)[0]?.ip ?? '', params.apiserverPort)
}

/** The host of `10.0.0.1:6443` or `[fd00::1]:6443`. */
export const hostOf = (text: string): string => text.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
