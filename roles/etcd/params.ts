import { leaving, packageNames } from '../cluster/params.ts'

export const params = {
  type: 'object',
  properties: {
    clientPort: { type: 'integer', minimum: 1, maximum: 65535, default: 2379, var: 'etcd_client_port', description: 'Port for clients.' },
    peerPort: { type: 'integer', minimum: 1, maximum: 65535, default: 2380, var: 'etcd_peer_port', description: 'Port for members.' },
    dataDir: {
      type: 'string',
      pattern: '^/[^/]+/.+',
      default: '/var/lib/kube-etcd',
      var: 'etcd_data_dir',
      description: "The member's data.",
    },
    configDir: {
      type: 'string',
      pattern: '^/[^/]+/.+',
      default: '/etc/kube-etcd',
      var: 'etcd_config_dir',
      description: 'Configuration and certificates.',
    },
    unit: { type: 'string', pattern: '^[A-Za-z0-9_.-]+$', default: 'kube-etcd', description: "Name of the unit; not the package's own `etcd`." },
    user: { type: 'string', pattern: '^[a-z_][a-z0-9_-]*$', default: 'etcd', description: "User of the daemon; the package makes it." },
    binary: { type: 'string', pattern: '^/', default: '/usr/bin/etcd', description: 'The daemon.' },
    heartbeatInterval: { type: 'integer', minimum: 1, default: 250, var: 'etcd_heartbeat_interval', description: 'Milliseconds.' },
    electionTimeout: { type: 'integer', minimum: 1, default: 5000, var: 'etcd_election_timeout', description: 'Milliseconds.' },
    snapshotCount: { type: 'integer', minimum: 1, default: 10000, var: 'etcd_snapshot_count', description: 'Entries between two snapshots.' },
    compactionRetention: {
      type: ['integer', 'string'],
      default: 8,
      var: 'etcd_compaction_retention',
      description: 'Hours of history that are kept.',
    },
    quotaBytes: {
      type: ['integer', 'string'],
      default: 2147483648,
      var: 'etcd_quota_backend_bytes',
      description: 'Largest size of the database, bytes.',
    },
    joinTimeout: { type: 'integer', minimum: 10, default: 180, description: 'Seconds for joining the cluster.' },
    packages: packageNames(['etcd-server', 'etcd-client']),
    certificateDays: { type: 'integer', minimum: 1, default: 365, var: 'kube_certificate_days', description: 'Life of a new certificate.' },
    leaving,
  },
} as const
