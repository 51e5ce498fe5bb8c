import { type Check, type ClusterOf, defineRole, type HostView, type InventoryView } from 'rota'
import {
  cluster,
  clusterProblems,
  isOneOf,
  mastersOf,
  membersOf,
  namesOf,
  nodeNameOf,
  workersOf,
} from '../lib/cluster/index.ts'
import { budgetsLetGo } from './budgets.ts'
import { type ClusterParams, clusterParams } from './cluster-params.ts'
import { type MembersAt, membersAreEnough } from './members.ts'
import { enoughNodesStay, nodesAreInService } from './nodes.ts'
import type { looksAtCluster } from './params.ts'

/**
 * What a cluster must have before one of its hosts restarts or leaves: members of etcd that do without it, nodes that
 * take its pods, budgets that let them go. Changes nothing.
 */
export const clusterPreflight = defineRole({
  name: 'cluster-preflight',
  description: 'what a cluster must have before one of its hosts restarts or leaves, looked for before it does',
  params: clusterParams,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: () => [],
  checks: context =>
    Object.entries(checks).flatMap(([name, check]) =>
      context.params.skip.some(skipped => skipped === name) ? [] : check(context),
    ),
})

interface Context {
  readonly params: ClusterParams
  readonly cluster: ClusterOf<typeof cluster>
  readonly host: HostView
  readonly inventory: InventoryView
}

const checks: Record<(typeof looksAtCluster)[number], (context: Context) => readonly Check[]> = {
  members: ({ params, host, inventory }) =>
    params.etcdDeployment !== 'external' && isOneOf(membersOf(inventory, params.etcdDeployment), host)
      ? [membersAreEnough(membersAt(params, inventory))]
      : [],
  nodes: context => {
    if (!staysMaster(context)) return []
    const drained = workersLeaving(context)
    return [
      nodesAreInService(context.params),
      ...(drained.length > 0 ? [enoughNodesStay(context.params, drained)] : []),
    ]
  },
  budgets: context => {
    const { params, cluster: values } = context
    const leaving = namesOf(params.leaving).map(name => nodeNameOf(context.inventory.host(name), context.inventory))
    const drained = leaving.length > 0 ? { drained: leaving } : {}
    return staysMaster(context) && values.drainNodes
      ? [budgetsLetGo(params, { ...drained, fallback: values.drainFallback })]
      : []
  },
}

const staysMaster = ({ params, host, inventory }: Context): boolean =>
  isOneOf(mastersOf(inventory, params.leaving), host)

/** The names of their nodes. */
const workersLeaving = ({ params, inventory }: Context): readonly string[] =>
  workersOf(inventory).flatMap(worker =>
    namesOf(params.leaving).includes(worker.name) ? [nodeNameOf(worker, inventory)] : [],
  )

export const membersAt = (params: ClusterParams, inventory: InventoryView): MembersAt => ({
  configDir: params.etcdConfigDir,
  clientPort: params.etcdClientPort,
  peerPort: params.peerPort,
  ...(params.etcdDeployment === 'kubeadm' ? { podPki: `${params.kubeConfigDir}/pki/etcd` } : {}),
  hosts: membersOf(inventory, params.etcdDeployment),
  leaving: namesOf(params.leaving),
})
