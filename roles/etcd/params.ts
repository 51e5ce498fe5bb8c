import { sharedParams } from 'rota'
import {
  certificateDays,
  etcdClientPort,
  etcdConfigDir,
  etcdDeployment,
  etcdElectionTimeout,
  etcdHeartbeatInterval,
  etcdUnit,
  leaving,
  packageNames,
} from '../lib/cluster/params.ts'
import { snapshotParams } from './snapshot-params.ts'

export const params = {
  type: 'object',
  properties: {
    clientPort: etcdClientPort,
    peerPort: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      default: 2380,
      var: 'etcd_peer_port',
      description: 'Port for members.',
    },
    dataDir: {
      type: 'string',
      format: 'absolute-path',
      pattern: '^/[^/]+/.+$',
      default: '/var/lib/kube-etcd',
      var: 'etcd_data_dir',
      description: "The member's data.",
    },
    configDir: etcdConfigDir,
    unit: etcdUnit,
    user: {
      type: 'string',
      format: 'unix-user',
      default: 'etcd',
      description: 'User of the daemon; the package makes it.',
    },
    binary: { type: 'string', format: 'absolute-path', default: '/usr/bin/etcd', description: 'The daemon.' },
    heartbeatInterval: etcdHeartbeatInterval,
    electionTimeout: etcdElectionTimeout,
    snapshotCount: {
      type: 'integer',
      minimum: 1,
      default: 10000,
      var: 'etcd_snapshot_count',
      description: 'Entries between two snapshots.',
    },
    compactionRetention: {
      type: ['integer', 'string'],
      minimum: 0,
      format: 'duration',
      default: 8,
      var: 'etcd_compaction_retention',
      description: 'Hours of history that are kept.',
    },
    quotaBytes: {
      type: ['integer', 'string'],
      minimum: 0,
      pattern: '^[0-9]+$',
      default: 2147483648,
      var: 'etcd_quota_backend_bytes',
      description: 'Largest size of the database, bytes.',
    },
    joinTimeout: { type: 'integer', minimum: 10, default: 180, description: 'Seconds for joining the cluster.' },
    packages: packageNames(['etcd-server', 'etcd-client']),
    certificateDays,
    ...snapshotParams,
    deployment: etcdDeployment,
    leaving,
    asksLeaving: {
      type: 'boolean',
      default: true,
      description: 'A member that is leaving is looked at, too. `false`: it is dead, and is not connected to.',
    },
  },
} as const

// The roles that take a member away or forget it look where this one has put it.
const { peerPort, dataDir } = params.properties
sharedParams({ peerPort, dataDir })

const { clientPort, configDir, unit, deployment, leaving: gone } = params.properties

/** Of the role that takes a member away. */
export const absentParams = {
  type: 'object',
  properties: { clientPort, peerPort, dataDir, configDir, unit, ...snapshotParams, deployment, leaving: gone },
} as const
