import { absent, defineRole } from 'rota'
import {
  absentUnit,
  balances,
  chosenServes,
  cluster,
  clusterProblems,
  isLeaving,
  isUnset,
  unknownLeaving,
} from '../lib/cluster/index.ts'
import { apiserverPort, leaving, nginxVipConfig, virtualAddress } from '../lib/cluster/params.ts'
import { nginxVipUnit, vipPortParams } from '../lib/cluster/vip-params.ts'

const params = {
  type: 'object',
  properties: {
    virtualAddress,
    ...vipPortParams,
    nginxVipUnit,
    apiserverPort,
    config: nginxVipConfig,
    everywhere: {
      type: 'boolean',
      default: false,
      description: 'Take it down on every host: the set-up is given up.',
    },
    leaving,
  },
} as const

/**
 * No nginx behind the virtual address where another load balancer is chosen, other hosts balance, or a master leaves.
 */
export const nginxVipAbsent = defineRole({
  name: 'nginx-vip-absent',
  description: 'no nginx behind the virtual address on this host',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) => {
    const gone = [absentUnit({ name: params.nginxVipUnit }), absent({ path: params.config })]
    if (params.everywhere || isLeaving(host, params.leaving)) return gone
    if (isUnset(params.virtualAddress, inventory)) return []
    if (params.vipLoadBalancer === 'nginx' && balances(host, inventory)) return []
    return [chosenServes(params, host, inventory), gone]
  },
})
