import type { HostView, InventoryView, Nested } from 'rota'
import { isLeaving } from './groups.ts'
import { apiserverPort, leaving, virtualAddress } from './params.ts'
import { balances, chosenServes, isUnset, type VipPort } from './vip.ts'
import { nginxVipUnit, vipPortParams } from './vip-params.ts'

/** Params of the roles that take a load balancer of the masters away. */
export const balancerAbsentParams = {
  everywhere: {
    type: 'boolean',
    default: false,
    description: 'Take it down on every host: the set-up is given up.',
  },
  virtualAddress,
  ...vipPortParams,
  nginxVipUnit,
  apiserverPort,
  leaving,
} as const

interface Params extends VipPort {
  readonly everywhere: boolean
  readonly virtualAddress?: string | undefined
  readonly nginxVipUnit: string
  readonly leaving: readonly string[] | string
}

/**
 * `gone` where a load balancer of this kind has no place: on a master that leaves, and where another kind is chosen and
 * serves, or other hosts balance. Nothing elsewhere.
 */
export function unlessChosen(
  kind: Params['vipLoadBalancer'],
  gone: Nested,
  params: Params,
  { host, inventory }: { readonly host: HostView; readonly inventory: InventoryView },
): Nested {
  if (params.everywhere || isLeaving(host, params.leaving)) return gone
  if (isUnset(params.virtualAddress, inventory)) return []
  if (params.vipLoadBalancer === kind && balances(host, inventory)) return []
  return [chosenServes(params, host, inventory), gone]
}
