import { absent, defineRole, service } from 'rota'
import { etcdMembersOf, isLeaving, unknownLeaving } from '../cluster/index.ts'
import { params as etcdParams } from '../etcd/params.ts'
import { leaveCluster } from './leave.ts'

const { clientPort, peerPort, dataDir, configDir, unit, leaving } = etcdParams.properties
const params = { type: 'object', properties: { clientPort, peerPort, dataDir, configDir, unit, leaving } } as const

/** An etcd member that leaves: out of the cluster first, then stopped, then its data and keys removed. Does nothing on other hosts. */
export const etcdAbsent = defineRole({
  name: 'etcd-absent',
  description: 'no etcd member on this host',
  params,
  check: ({ params, inventory }) => [
    ...unknownLeaving(inventory, params.leaving),
    ...(etcdMembersOf(inventory, params.leaving).length === 0 ? ['no etcd member would be left'] : []),
  ],
  tasks: ({ params, host, inventory }) => {
    if (!isLeaving(host, params.leaving)) return []
    return [
      leaveCluster({ ...params, others: etcdMembersOf(inventory, params.leaving) }),
      service({ name: params.unit, enabled: false, running: false }),
      absent({ path: `/etc/systemd/system/${params.unit}.service` }),
      absent({ path: [params.dataDir, params.configDir], backup: false }),
    ]
  },
})
