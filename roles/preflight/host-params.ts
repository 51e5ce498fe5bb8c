import type { ParamsOf } from 'rota'
import { placeParams } from '../check-ha/params.ts'
import { params as etcd } from '../etcd/params.ts'
import {
  binDir,
  etcdClientPort,
  etcdDeployment,
  installDir,
  kubeConfigDir,
  manifestDir,
} from '../lib/cluster/params.ts'
import { params } from './params.ts'

const { dataDir, peerPort, backupDir } = etcd.properties

/** What tells where the playbooks write on a host, and which ports its daemons have. */
export const hostParams = {
  type: 'object',
  properties: {
    ...placeParams.properties,
    kubeConfigDir,
    manifestDir,
    binDir,
    installDir,
    etcdDeployment,
    etcdClientPort,
    peerPort,
    dataDir,
    backupDir,
    skip: params.properties.skip,
    fetches: {
      type: 'boolean',
      default: true,
      description: 'Programs and images of a version are to come: they need room.',
    },
    among: {
      type: 'string',
      enum: ['all', 'masters', 'balancers', 'workers'],
      default: 'all',
      description:
        'Which hosts of the play are looked at. `masters`: those of etcd too. `balancers` and `workers`: those that are nothing of what stands before.',
    },
  },
} as const

export type HostParams = ParamsOf<typeof hostParams>
