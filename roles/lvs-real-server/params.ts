import { leaving, lvsGateway, lvsKind, vipLoadBalancer, virtualAddress } from '../lib/cluster/params.ts'

export const params = {
  type: 'object',
  properties: {
    virtualAddress,
    vipLoadBalancer,
    lvsKind,
    lvsGateway,
    leaving,
  },
} as const
