// @ts-check
// Plays about every host of the cluster, and about its nodes.
import { play } from 'rota'
import {
  apiServersAreNew,
  containerEnginePrograms,
  etchosts,
  kubeBinaries,
  kubeletCsrApprover,
  nginxBuild,
  nodeLabel,
  nodeTaint,
  noWorkers,
  onlyMasters,
  workerJoin,
} from 'rota/roles'

/** kubespray's pattern. */
const workers = ['kube_node', 'calico_rr', '!kube_control_plane']

/** What each of their plays says. */
export const ofWorkers = { hosts: workers, optional: onlyMasters, anyErrorsFatal: true }

export const everyHostKnowsEveryOther = play('every host knows every other', {
  hosts: ['k8s_cluster', 'etcd', 'calico_rr'],
  optional: noWorkers,
  tags: 'etchosts',
  roles: [etchosts()],
})

export const nginxFromSource = play('nginx from source, built once', {
  hosts: 'k8s_cluster',
  optional: noWorkers,
  tags: ['nginx', 'nginx-proxy'],
  roles: [nginxBuild()],
  anyErrorsFatal: true,
})

export const workersHavePrograms = play('programs of the version on the workers, beside those in use', {
  ...ofWorkers,
  tags: ['node', 'download'],
  roles: [kubeBinaries()],
})

export const workersHaveEngine = play('programs of the container engine on the workers, beside those in use', {
  ...ofWorkers,
  tags: ['node', 'download'],
  roles: [containerEnginePrograms({}, { tags: 'container-engine' })],
})

/** Before the proxies: theirs is a pod of its kubelet, and they lead its clients to the masters then. */
export const workersJoin = play('workers that are new join', {
  ...ofWorkers,
  tags: 'node',
  // kubeadm lets a kubelet join that is newer than they are.
  around: [apiServersAreNew()],
  roles: [workerJoin()],
})

/** When all that shall be nodes are nodes. */
export const nodesAreMarked = play('labels and taints of nodes, and certificates that they serve with', {
  hosts: 'k8s_cluster',
  optional: noWorkers,
  roles: [
    nodeLabel({}, { tags: ['labels', 'node-label'] }),
    nodeTaint({}, { tags: ['labels', 'node-taint'] }),
    kubeletCsrApprover({}, { tags: 'kubelet-csr-approver' }),
  ],
})
