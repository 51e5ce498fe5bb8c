import { defineRole } from 'rota'
import { cluster, clusterProblems, isOneOf, mastersOf, nodeNameOf, workersOf } from '../lib/cluster/index.ts'
import { proxyImage } from '../node-proxy/image.ts'
import { isNode, mayJoin, nodeFacts } from '../worker/joins.ts'
import { hooksAreNone } from './hooks.ts'
import { clusterImagesFact, nodeImagesAreToBeHad, readClusterImages } from './node-images.ts'
import { enoughNodesStay } from './nodes.ts'
import { workerParams } from './worker-params.ts'

/**
 * What would keep a host of `kube_node` from becoming a node, or the workers from being upgraded one after the other,
 * looked for before the first master is touched: their turn comes after the masters'. Changes nothing.
 */
export const workerPreflight = defineRole({
  name: 'worker-preflight',
  description: 'what would keep a host from joining, looked for before a master is touched',
  params: workerParams,
  cluster,
  inventoryCheck: clusterProblems,
  peers: ({ params, host, inventory }) => ({
    hosts: mayJoin(params, host, inventory)
      ? [host, ...mastersOf(inventory, params.leaving)].map(({ name }) => name)
      : [],
    facts: () => ({ ...nodeFacts(params), images: clusterImagesFact(params) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    const { kubeVersion } = params
    if (
      kubeVersion === undefined ||
      params.skip.includes('images') ||
      !mayJoin(params, host, inventory) ||
      isNode(peers.get(host.name))
    )
      return []
    const said = mastersOf(inventory, params.leaving).map(({ name }) => peers.get(name)?.images.stdout ?? '')
    // An image that is never fetched is the operator's own to bring.
    const proxy = params.pullPolicy === 'Never' ? undefined : proxyImage(params, host, inventory)
    return [nodeImagesAreToBeHad({ ...params, kubeVersion }, host.name, readClusterImages(said.join('\n')), proxy)]
  },
  checks: ({ params, host, inventory }) => {
    if (!params.skip.includes('hooks') && isOneOf(workersOf(inventory), host)) return hooksAreNone(params)
    // Masters know the nodes.
    if (params.skip.includes('nodes') || !isOneOf(mastersOf(inventory, params.leaving), host)) return []
    const drained = workersOf(inventory).map(worker => nodeNameOf(worker, inventory))
    return drained.length === 0 ? [] : [enoughNodesStay(params, drained)]
  },
})
