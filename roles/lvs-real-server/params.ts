import { leaving, lvsKind, vipLoadBalancer, virtualAddress } from '../lib/cluster/params.ts'

export const params = {
  type: 'object',
  properties: {
    virtualAddress,
    vipLoadBalancer,
    lvsKind,
    lvsGateway: {
      type: 'string',
      format: 'address',
      var: 'kube_lvs_gateway',
      description: 'With NAT: the address of the director through which this host answers.',
    },
    leaving,
  },
} as const
