import type { ParamsOf } from 'rota'
import { params as etcd } from '../etcd/params.ts'
import {
  apiserverPort,
  binDir,
  etcdClientPort,
  etcdConfigDir,
  etcdDeployment,
  kubeConfigDir,
  leaving,
} from '../lib/cluster/params.ts'
import { params } from './params.ts'

/** What tells where etcd and the API servers are asked, and who leaves. */
export const clusterParams = {
  type: 'object',
  properties: {
    kubeConfigDir,
    binDir,
    apiserverPort,
    etcdDeployment,
    etcdConfigDir,
    etcdClientPort,
    peerPort: etcd.properties.peerPort,
    leaving,
    skip: params.properties.skip,
  },
} as const

export type ClusterParams = ParamsOf<typeof clusterParams>
