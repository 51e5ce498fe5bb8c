import { join } from 'node:path'
import { defineRole, directory, file } from 'rota'
import { minorMayFollow, versionMayFollow } from '../control-plane/kubeadm/skew.ts'
import { cluster, clusterProblems, withV } from '../lib/cluster/index.ts'
import { params } from './params.ts'
import { binDirOf, versionDirOf } from './paths.ts'

const ofMethod = {
  binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
  'static-pods': ['kubectl'],
  kubeadm: ['kubeadm', 'kubelet', 'kubectl'],
} as const

/**
 * The programs of one version, in a folder of their own (kubespray's download). Nothing uses them yet, so all hosts get
 * them at once, and the upgrade itself is then the change of one path.
 */
export const kubeBinaries = defineRole({
  name: 'kube-binaries',
  description: 'the programs of a Kubernetes version, beside those in use',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: ({ params }) => [
    // All masters are asked before any of them is touched.
    params.method === 'kubeadm' ? versionMayFollow(params) : minorMayFollow(params),
    directory({ path: params.installDir, mode: '0755' }),
    directory({ path: versionDirOf(params), mode: '0755' }),
    directory({ path: binDirOf(params), mode: '0755' }),
    (params.names ?? ofMethod[params.method]).map(name =>
      file({
        path: `${binDirOf(params)}/${name}`,
        source: join(params.source, withV(params.kubeVersion), name),
        mode: '0755',
        backup: false,
      }),
    ),
  ],
})
