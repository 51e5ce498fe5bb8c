import { absent, defineRole, service, type Task } from 'rota'
import { snapshotParams } from '../etcd/snapshot-params.ts'
import { cluster, clusterProblems, isLeaving, mastersOf, unknownLeaving } from '../lib/cluster/index.ts'
import {
  controlPlaneMethod,
  credentialsDir,
  etcdDeployment,
  kubeConfigDir,
  leaving,
  manifestDir,
  tokenDir,
} from '../lib/cluster/params.ts'
import { leaveKubeadm, ownMemberLeaves } from './kubeadm/leave.ts'
import { notKubeadms } from './methods/not-kubeadms.ts'
import { noPods } from './methods/static-pods/running.ts'
import { params as masterParams } from './params.ts'

const { binDir, etcdDataDir, criSocket, shutdownDelay, stopTimeout } = masterParams.properties

const params = {
  type: 'object',
  properties: {
    method: controlPlaneMethod,
    kubeConfigDir,
    manifestDir,
    credentialsDir,
    tokenDir,
    etcdDeployment,
    ...snapshotParams,
    binDir,
    etcdDataDir,
    criSocket,
    shutdownDelay,
    stopTimeout,
    leaving,
  },
} as const

const units = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver']

// Of a master of kubeadm's the rest has gone with its reset, and is looked for by what is in it. `pki` may be a link
// there, in a folder of another user's: kubespray's.
const kubeconfigs = ['admin.conf', 'controller-manager.conf', 'scheduler.conf', 'encryption.yaml']

const secrets = [
  ...kubeconfigs,
  'pki/ca.key',
  'pki/sa.key',
  'pki/sa.pub',
  ...['apiserver', 'apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client'].flatMap(name => [
    `pki/${name}.key`,
    `pki/${name}.crt`,
  ]),
  'pki/front-proxy-ca.crt',
  'pki/etcd',
]

/**
 * No control plane on a master that leaves, the first of them too: daemons stopped, units, manifests and secrets
 * removed. The authority's certificate and everything of a kubelet stay, but where kubeadm has made the master. Does
 * nothing on other hosts.
 */
export const controlPlaneAbsent = defineRole({
  name: 'control-plane-absent',
  description: 'no API server, controller manager and scheduler on this host',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => [
    ...unknownLeaving(inventory, params.leaving),
    ...(mastersOf(inventory, params.leaving).length === 0 ? ['no master would be left'] : []),
  ],
  tasks: ({ params, host, inventory }) => {
    if (!isLeaving(host, params.leaving)) return []
    return [
      params.method === 'kubeadm'
        ? leaveKubeadm(params, host, inventory, ownMemberLeaves(params, inventory))
        : noDaemons(params.manifestDir),
      // No copy is kept of a key.
      absent({
        title: 'no keys and certificates of a master',
        path: [
          params.credentialsDir,
          `${params.tokenDir}/known_tokens.csv`,
          ...(params.method === 'kubeadm' ? kubeconfigs : secrets).map(name => `${params.kubeConfigDir}/${name}`),
        ],
        backup: false,
      }),
    ]
  },
})

const noDaemons = (manifestDir: string): readonly Task[] => [
  notKubeadms(manifestDir),
  ...units.map(name => service({ name, enabled: false, running: false })),
  absent({
    title: 'no units of the control plane',
    path: units.map(name => `/etc/systemd/system/${name}.service`),
  }),
  noPods(manifestDir),
]
