import { absent, defineRole, service } from 'rota'
import {
  cluster,
  clusterProblems,
  etcdMembersOf,
  isLeaving,
  mastersOf,
  membersOf,
  unknownLeavingMember,
} from '../lib/cluster/index.ts'
import { bootstrapPath } from './config.ts'
import { leaveCluster } from './leave.ts'
import { params as etcdParams } from './params.ts'
import { staysMember } from './stays-member.ts'

const { clientPort, peerPort, dataDir, configDir, unit, deployment, leaving } = etcdParams.properties
const params = {
  type: 'object',
  properties: { clientPort, peerPort, dataDir, configDir, unit, deployment, leaving },
} as const

/**
 * An etcd member that leaves: out of the cluster first, then stopped, then its data and keys removed. Does nothing on
 * other hosts.
 */
export const etcdAbsent = defineRole({
  name: 'etcd-absent',
  description: 'no etcd member on this host',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => [
    ...unknownLeavingMember(inventory, params.leaving),
    ...(membersOf(inventory, params.deployment, params.leaving).length === 0 ? ['no etcd member would be left'] : []),
  ],
  tasks: ({ params, host, inventory }) => {
    if (!isLeaving(host, params.leaving)) return []
    if (params.deployment === 'external') return [staysMember(host)]
    // A member that kubeadm made leaves with its master.
    if (params.deployment === 'kubeadm') return []
    return [
      leaveCluster({
        ...params,
        others: etcdMembersOf(inventory, params.leaving),
        masters: mastersOf(inventory, params.leaving),
      }),
      service({ name: params.unit, enabled: false, running: false }),
      absent({ path: `/etc/systemd/system/${params.unit}.service` }),
      absent({ title: 'no data and keys of a member', path: [...dataOf(params), ...keysOf(params)], backup: false }),
    ]
  },
})

// A directory of our own goes whole. One that somebody else chose may belong to a package, such as /var/lib/etcd, or
// hold more than ours.
const dataOf = (conf: { readonly dataDir: string }): readonly string[] =>
  conf.dataDir === dataDir.default ? [conf.dataDir] : [`${conf.dataDir}/member`]

const keysOf = (conf: { readonly configDir: string }): readonly string[] =>
  conf.configDir === configDir.default
    ? [conf.configDir]
    : [
        ...['ca.crt', ...['server', 'peer', 'client'].flatMap(name => [`${name}.crt`, `${name}.key`])].map(
          name => `${conf.configDir}/pki/${name}`,
        ),
        `${conf.configDir}/etcd.env`,
        bootstrapPath(conf.configDir),
      ]
