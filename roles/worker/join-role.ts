import {
  command,
  defineRole,
  facts,
  type HostView,
  type InventoryView,
  type PathFact,
  packages,
  type Step,
  service,
  step,
} from 'rota'
import { kubeletHasUnit } from '../control-plane/kubeadm/kubelet.ts'
import { bringFiles } from '../control-plane/kubeadm/neighbour/bring.ts'
import { listing } from '../control-plane/kubeadm/neighbour/listing.ts'
import { neighbourOf } from '../control-plane/kubeadm/neighbour/wanted.ts'
import { isThere } from '../control-plane/kubeadm/seen.ts'
import { program } from '../kube-binaries/own-programs.ts'
import { binDirOf } from '../kube-binaries/paths.ts'
import { cluster, clusterProblems, haveSameRuntime, mastersOf, workersOf } from '../lib/cluster/index.ts'
import { joinCluster } from './join.ts'
import { type JoinParams, joinParams } from './join-params.ts'
import { isNode, mayJoin, nodeFacts } from './joins.ts'

/**
 * A host of `kube_node` that is no node yet becomes one: its kubelet has what those of its neighbours have, kubeadm
 * joins it through a master that serves, and it is Ready. Nothing is done on a node, on a master, and where kubeadm has
 * not made the cluster.
 */
export const workerJoin = defineRole({
  name: 'worker-join',
  description: 'a host that is no node of the cluster yet joins it',
  params: joinParams,
  cluster,
  inventoryCheck: clusterProblems,
  // Its own, and those that may have files for its kubelet.
  peers: ({ params, host, inventory }) => ({
    hosts: mayJoin(params, host, inventory) ? [host, ...neighbours(inventory, host)].map(({ name }) => name) : [],
    facts: () => ({
      ...nodeFacts(params),
      files: facts.command({ run: listing(params).text }),
    }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    // Each may be a new one until it was asked; a host that has nothing to do before that is not asked at all.
    if (!mayJoin(params, host, inventory) || isNode(peers.get(host.name))) return []
    const from = neighbours(inventory, host).find(item => isNode(peers.get(item.name)))
    return [
      packages({ names: params.kubeadmPackages }),
      (['kubeadm', 'kubelet'] as const).map(name => program(params, name, `${binDirOf(params)}/${name}`)),
      from === undefined ? [] : [kubeletFilesAreThere(params, from, peers.get(from.name)?.files.stdout ?? '')],
      kubeletHasUnit(params),
      service({ name: 'kubelet', enabled: true }),
      joinCluster(params),
    ]
  },
  handlers: { kubelet: command({ title: 'restart kubelet', run: 'systemctl restart kubelet' }) },
})

/**
 * A few are enough, workers first: a master's kubelet may have other reservations. None whose kubelet has another
 * container runtime: where there are only such, this one's is as kubeadm makes it.
 */
function neighbours(inventory: InventoryView, host: HostView): readonly HostView[] {
  const suits = (other: HostView) => other.name !== host.name && haveSameRuntime(other, host, inventory)
  return [...workersOf(inventory).filter(suits).slice(0, 3), ...mastersOf(inventory).filter(suits)]
}

/** kubespray's, where its neighbour has them: what the host has itself it keeps. */
function kubeletFilesAreThere(params: JoinParams, from: HostView, said: string): Step {
  const { wanted } = neighbourOf(said, params, { only: 'kubelet' })
  const paths = wanted.map(({ entry }) => entry.real)
  const own = Object.fromEntries(paths.map(path => [path, facts.path({ path })]))
  return step({
    title: 'what the kubelets of others read is there',
    facts: own,
    needed: seen => {
      const missing = paths.filter(path => !isThere(seen[path] as PathFact))
      return missing.length > 0 && `${missing.join(', ')} of ${from.name}`
    },
    run: async context => {
      const { brought } = await bringFiles(context, params, from, { only: 'kubelet' })
      return { summary: `${brought.join(', ')} of ${from.name}` }
    },
  })
}
