import type { StepContext } from 'rota'
import { handOverLeadership, type LeaveOptions } from '../../etcd/leave.ts'
import { mastersOf } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'

type Stacked = Pick<
  Params,
  'kubeConfigDir' | 'etcdDataDir' | 'leaving' | 'backupDir' | 'snapshotsKept' | 'snapshotsSize'
>

/** Where the members are that kubeadm makes, one on every master. kubeadm has no say in their ports. */
export const stackedEtcd = (
  params: Stacked,
  inventory: StepContext['inventory'],
  leaving: readonly string[] | string,
): LeaveOptions => ({
  configDir: params.kubeConfigDir,
  clientPort: 2379,
  peerPort: 2380,
  dataDir: params.etcdDataDir,
  podPki: `${params.kubeConfigDir}/pki/etcd`,
  podData: params.etcdDataDir,
  backupDir: params.backupDir,
  snapshotsKept: params.snapshotsKept,
  snapshotsSize: params.snapshotsSize,
  others: mastersOf(inventory, leaving),
  masters: mastersOf(inventory),
})

/** The upgrade restarts the member: a leader that stops leaves the others without one for a moment. */
export async function giveUpLeadership(context: StepContext, params: Params): Promise<void> {
  const options = stackedEtcd(params, context.inventory, params.leaving)
  const others = options.others.filter(master => master.name !== context.host.name)
  await handOverLeadership(context, { ...options, others })
}
