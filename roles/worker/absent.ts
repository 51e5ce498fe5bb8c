import { absent, assert, computed, defineRole, facts, type HostView, type InventoryView, type Task } from 'rota'
import { leaveKubeadm } from '../control-plane/kubeadm/leave.ts'
import { params as masterParams } from '../control-plane/params.ts'
import {
  cluster,
  clusterProblems,
  etcdMembersOf,
  isLeaving,
  mastersOf,
  namesOf,
  workersOf,
} from '../lib/cluster/index.ts'

const { method, binDir, kubeConfigDir, manifestDir, criSocket, etcdDataDir, shutdownDelay, stopTimeout, leaving } =
  masterParams.properties

const params = {
  type: 'object',
  properties: {
    method,
    binDir,
    kubeConfigDir,
    manifestDir,
    criSocket,
    etcdDataDir,
    shutdownDelay,
    stopTimeout,
    leaving,
  },
} as const

/**
 * Nothing of the cluster on a worker that leaves: what kubeadm made of it is reset, its kubelet stopped, and no key is
 * left in any file. Does nothing on other hosts.
 */
export const workerAbsent = defineRole({
  name: 'worker-absent',
  description: 'nothing of the cluster on a worker that leaves',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => [
    ...notWorkers(inventory, params.leaving),
    ...(params.method === 'kubeadm'
      ? []
      : [`control_plane_method is ${params.method}: a node that kubeadm has not made is not taken away here`]),
  ],
  tasks: ({ params, host, inventory }) =>
    isLeaving(host, params.leaving)
      ? [
          // It has no member, whoever runs etcd.
          leaveKubeadm({ ...params, etcdDeployment: 'external' }, host, inventory),
          absent({
            title: 'no bootstrap of a kubelet',
            path: [`${params.kubeConfigDir}/bootstrap-kubelet.conf`, `${params.kubeConfigDir}/kubeadm-client.conf`],
            backup: false,
          }),
        ]
      : [],
})

/** Whoever leaves by this must be a worker, and nothing besides. */
function notWorkers(inventory: InventoryView, leaving: readonly string[] | string): readonly string[] {
  const has = (hosts: readonly HostView[], name: string): boolean => hosts.some(host => host.name === name)
  return namesOf(leaving).flatMap(name => {
    if (has(mastersOf(inventory), name)) return [`${name} is a master: remove-master.mjs -e node=${name} takes it out`]
    if (has(etcdMembersOf(inventory), name))
      return [`${name} is in the group etcd: its member leaves first (remove-master.mjs does it for masters)`]
    return has(workersOf(inventory), name) ? [] : [`${name} is no host of the group kube_node`]
  })
}

/**
 * Tasks for a play: a node that is removed as dead is dead: seen from another host its kubelet takes no connections.
 */
export const nodeIsGone =
  (name: string) =>
  ({ inventory }: { readonly inventory: InventoryView }): readonly Task[] => {
    // A name that the inventory does not have is refused by the roles.
    const host = inventory.hosts.find(item => item.name === name)
    if (host === undefined) return []
    const kubelet = facts.tcp({ host: host.address, port: kubeletPort })
    return [
      assert({
        that: `${name} is gone`,
        holds: computed({ kubelet }, ({ kubelet }) =>
          kubelet.type === 'open'
            ? `its kubelet still takes connections at ${host.address}: remove it without gone=true, or switch it off first`
            : undefined,
        ),
      }),
    ]
  }

const kubeletPort = 10250
