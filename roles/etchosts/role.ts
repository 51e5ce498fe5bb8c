import { isIP } from 'node:net'
import { blockInFile, computed, defineRole, facts, type PathFact } from 'rota'
import { hostsFileProblems } from '../lib/cluster/hosts.ts'
import { cluster } from '../lib/cluster/index.ts'
import { hostsBlock, marker, virtualLine } from './block.ts'
import { params } from './params.ts'
import { blockFor } from './taken-over.ts'

const path = '/etc/hosts'

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
    // The external one first, as everywhere else. A name of its own has no line here, and neither has that which
    // kubespray since 2.30 gives to the proxy of each node.
    const address = params.externalLoadBalancer?.address ?? params.virtualAddress
    const virtual =
      address !== undefined && isIP(address) !== 0 && params.virtualAddressLine && !isLocal(params.loadBalancerName)
        ? { address, name: params.loadBalancerName }
        : undefined
    const block = params.populate ? hostsBlock(inventory, { ...params, virtual }) : ''
    return [
      blockInFile({
        path,
        marker,
        block: computed({ there: facts.path({ path, sha256: true, content: true }) }, ({ there }) =>
          blockFor(textOf(there), block, virtual && virtualLine(virtual)),
        ),
      }),
    ]
  },
})

const isLocal = (name: string): boolean => name === 'localhost' || isIP(name) !== 0

const textOf = (fact: PathFact): string | undefined => {
  const bytes = facts.bytesOf(fact)
  return bytes && Buffer.from(bytes).toString()
}
