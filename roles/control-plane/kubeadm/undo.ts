import type { RemoteShell, StepContext } from 'rota'
import { isMemberOf } from '../../etcd/config.ts'
import { etcdctl, parseMembers } from '../../etcd/etcdctl.ts'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'
import { changeClusterConfig, statusNodesIn } from './config-map.ts'
import { stackedEtcd } from './etcd.ts'

/** What the cluster knows of a host, as a master that serves tells it. */
export interface Known {
  readonly node: boolean
  readonly status: boolean
  readonly member: boolean
}

type Context = Pick<StepContext, 'host' | 'inventory'>

export async function knownOf({ host, inventory }: Context, params: Params, peer: RemoteShell): Promise<Known> {
  const node = nodeNameOf(host, inventory)
  const words = kubectlWords(params)
  const found = (await peer`${words} get node ${node} --ignore-not-found -o name`).stdout
  const status =
    await peer`${words} -n kube-system get configmap kubeadm-config -o ${'jsonpath={.data.ClusterStatus}'}`.text()
  return {
    node: found.trim() !== '',
    status: statusNodesIn(`${status}\n`).includes(node),
    member: (await memberId({ host, inventory }, params, peer)) !== undefined,
  }
}

/** Takes what an attempt to join has made of a host out of the cluster, and nothing that was there before it. */
export async function forgetAttempt(
  context: Context,
  params: Params,
  peer: RemoteShell,
  before: Known,
): Promise<readonly string[]> {
  const node = nodeNameOf(context.host, context.inventory)
  const words = kubectlWords(params)
  const now = await knownOf(context, params, peer)
  const done: string[] = []
  if (now.member && !before.member) {
    const id = await memberId(context, params, peer)
    if (id !== undefined) await peer`${etcdctl(etcdAt(context, params), 'member', 'remove', id)}`
    done.push('its etcd member')
  }
  if (now.status && !before.status) {
    await changeClusterConfig({ $: peer, words }, ({ ClusterStatus }) => {
      delete ClusterStatus?.apiEndpoints?.[node]
    })
    done.push('its entry in the ClusterStatus')
  }
  if (now.node && !before.node) {
    await peer`${words} delete node ${node} --ignore-not-found`.timeout(60)
    done.push('its node')
  }
  return done
}

const etcdAt = ({ inventory }: Context, params: Params) => stackedEtcd(params, inventory, params.leaving)

/** A member that kubeadm has made. */
async function memberId(context: Context, params: Params, peer: RemoteShell): Promise<string | undefined> {
  if (params.etcdDeployment !== 'kubeadm') return undefined
  const at = etcdAt(context, params)
  const { stdout } = await peer`${etcdctl(at, 'member', 'list')}`
  return parseMembers(stdout).find(isMemberOf(context.host, at))?.id
}
