import { absent, defineRole } from 'rota'
import {
  absentUnit,
  balancerAbsentParams,
  cluster,
  clusterProblems,
  unknownLeaving,
  unlessChosen,
} from '../lib/cluster/index.ts'
import { nginxVipConfig } from '../lib/cluster/params.ts'

const params = { type: 'object', properties: { config: nginxVipConfig, ...balancerAbsentParams } } as const

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
  tasks: context => {
    const { params } = context
    const gone = [absentUnit({ name: params.nginxVipUnit }), absent({ path: params.config })]
    return unlessChosen('nginx', gone, params, context)
  },
})
