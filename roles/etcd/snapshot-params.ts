import { sharedParams } from 'rota'

/** Where snapshots are kept, and how many: whoever takes one has the same values. */
export const snapshotParams = sharedParams({
  backupDir: {
    type: 'string',
    format: 'absolute-path',
    default: '/var/backups',
    var: 'etcd_backup_prefix',
    description:
      'A run that changes members or versions keeps a snapshot in `rota-etcd` below it, on one host, before its first change.',
  },
  snapshotsKept: {
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 5,
    var: 'etcd_snapshots_kept',
    description: 'How many snapshots a host keeps. The oldest go when a new one is there.',
  },
  snapshotsSize: {
    type: 'integer',
    minimum: 1,
    default: 20480,
    var: 'etcd_snapshots_size',
    description: 'MiB that they may have together. The oldest go first; the newest stays, whatever its size.',
  },
})
