import { facts, type HostView, type InventoryView, type Step, type StepContext, step } from 'rota'
import { keepSnapshot, type SnapshotAt } from '../etcd/snapshot.ts'
import { membersOf, withV } from '../lib/cluster/index.ts'
import type { Params } from './daemons/daemons.ts'
import { stackedEtcd } from './kubeadm/etcd.ts'
import { tagIn, textOf } from './kubeadm/seen.ts'
import { manifestOf } from './methods/static-pods/running.ts'

type At = Parameters<typeof stackedEtcd>[0] & Pick<Params, 'etcdDeployment' | 'etcdClientPort' | 'etcdConfigDir'>

/**
 * The run keeps a snapshot of the etcd that the masters use, whoever has made it. One that is somebody else's is
 * somebody else's to keep.
 */
export async function keepOfMasters(
  context: Pick<StepContext, 'on' | 'run' | 'say' | 'inventory'>,
  params: At,
): Promise<boolean> {
  if (params.etcdDeployment === 'external') return false
  return keepSnapshot(context, snapshotAt(params, context.inventory), membersFor(params, context.inventory))
}

const snapshotAt = (params: At, inventory: InventoryView): SnapshotAt =>
  params.etcdDeployment === 'kubeadm'
    ? stackedEtcd(params, inventory, params.leaving)
    : { ...params, configDir: params.etcdConfigDir, clientPort: params.etcdClientPort }

const membersFor = ({ etcdDeployment, leaving }: At, inventory: InventoryView): readonly HostView[] =>
  membersOf(inventory, etcdDeployment, leaving)

/** The same where daemons get another version by their units or manifests. */
export const snapshotBeforeVersion = (params: Params): Step => {
  const wanted = withV(params.kubeVersion)
  return step({
    title: 'a snapshot of etcd is kept before another version',
    facts: {
      manifest: facts.path({ path: manifestOf(params.manifestDir, 'kube-apiserver'), content: true }),
      unit: facts.path({ path: '/etc/systemd/system/kube-apiserver.service', content: true }),
    },
    needed: ({ manifest, unit }) => {
      const present = tagIn(textOf(manifest)) ?? versionIn(textOf(unit))
      return present !== undefined && present !== wanted && `${present} becomes ${wanted}`
    },
    run: async context => ({ changed: await keepOfMasters(context, params) }),
  })
}

/** Of the program that a unit of ours starts. */
const versionIn = (unit: string): string | undefined =>
  /^ExecStart=\S*\/(v\d+\.\d+\.\d+[^/\s]*)\/bin\/kube-apiserver\b/m.exec(unit)?.[1]
