import { isIP } from 'node:net'
import { blockInFile, defineRole } from 'rota'
import { hostsFileProblems } from '../lib/cluster/hosts.ts'
import { cluster } from '../lib/cluster/index.ts'
import { hostsBlock, marker } from './block.ts'
import { params } from './params.ts'

/**
 * Every host knows every host of the cluster by name. The whole inventory is written, always: `--limit` limits where,
 * not what (kubespray#1926).
 */
export const etchosts = defineRole({
  name: 'etchosts',
  description: 'the cluster in /etc/hosts',
  params,
  cluster,
  inventoryCheck: hostsFileProblems(params.properties.groups.default),
  tasks: ({ params, inventory }) => {
    // The external one first, as everywhere else. A name of its own has no line here.
    const address = params.externalLoadBalancer?.address ?? params.virtualAddress
    const virtual =
      address !== undefined && isIP(address) !== 0 && params.virtualAddressLine
        ? { address, name: params.loadBalancerName }
        : undefined
    return [
      blockInFile({
        path: '/etc/hosts',
        marker,
        block: params.populate ? hostsBlock(inventory, { ...params, virtual }) : '',
      }),
    ]
  },
})
