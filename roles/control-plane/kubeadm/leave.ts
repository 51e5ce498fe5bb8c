import {
  absent,
  facts,
  type HostView,
  type InventoryView,
  raw,
  type Step,
  type StepContext,
  service,
  step,
  type Task,
} from 'rota'
import { leaveCluster } from '../../etcd/leave.ts'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { staysNode } from '../../lib/cluster/index.ts'
import { kubectlOn } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'
import { noUnits } from '../methods/no-units.ts'
import { manifestOf } from '../methods/static-pods/running.ts'
import { addonsBeforeOf, begunOf } from './begun.ts'
import { stackedEtcd } from './etcd.ts'
import { noKeysAreLeft, noKubeconfigsOfUsers } from './no-keys.ts'
import { kubeadm, lastLines, resetWords } from './program.ts'
import { stopContainer } from './restart.ts'
import { isThere, manifests, markerOf } from './seen.ts'
import { noControlPlane } from './stays.ts'

export type LeaveParams = Pick<
  Params,
  | 'binDir'
  | 'kubeConfigDir'
  | 'manifestDir'
  | 'etcdDeployment'
  | 'etcdDataDir'
  | 'criSocket'
  | 'shutdownDelay'
  | 'stopTimeout'
  | 'leaving'
>

/**
 * A master that kubeadm made leaves: its etcd member first (`memberLeaves`), through one that stays, then everything
 * that kubeadm made. Its kubelet too, unless it stays a node.
 */
export const leaveKubeadm = (
  params: LeaveParams,
  host: HostView,
  inventory: InventoryView,
  memberLeaves: readonly Step[] = [],
): readonly (Step | Task)[] => [
  noUnits(),
  ...memberLeaves,
  noKubeconfigsOfUsers(params),
  ...(staysNode(host, inventory, params.leaving)
    ? [noControlPlane(params)]
    : [resetMaster(params), service({ name: 'kubelet', enabled: false, running: false })]),
  absent({
    title: 'nothing of kubeadm',
    path: [
      `${params.kubeConfigDir}/tmp`,
      markerOf(params),
      begunOf(params),
      addonsBeforeOf(params),
      `${params.kubeConfigDir}/encryption.yaml`,
    ],
    backup: false,
  }),
  ...noKeysAreLeft(params, host, inventory),
]

/** The etcd member that kubeadm has made on this master leaves, where there is one. */
export const ownMemberLeaves = (
  params: LeaveParams & Parameters<typeof stackedEtcd>[0],
  inventory: InventoryView,
): readonly Step[] =>
  params.etcdDeployment === 'kubeadm'
    ? [leaveCluster({ ...stackedEtcd(params, inventory, params.leaving), before: stopApiServer(params) })]
    : []

/**
 * An API server whose own etcd member goes away answers those who still are connected with errors; one that stops sends
 * them elsewhere.
 */
const stopApiServer =
  ({ manifestDir, shutdownDelay, stopTimeout }: LeaveParams) =>
  ({ $ }: StepContext) =>
    $`rm -f ${manifestOf(manifestDir, 'kube-apiserver')}
${raw(stopContainer('kube-apiserver', shutdownDelay + stopTimeout))}`

const resetMaster = (params: LeaveParams): Step =>
  step({
    title: 'kubeadm reset',
    facts: {
      ...manifests(params),
      kubelet: facts.path({ path: `${params.kubeConfigDir}/kubelet.conf` }),
    },
    needed: seen => Object.values(seen).some(isThere) && 'kubeadm has made this master',
    run: async context => {
      const runtime = params.criSocket ?? (await socketOf(context))
      // Its API server has lost its etcd: asking it takes a minute. What reset would do there, those that stay do.
      const words = resetWords(params, runtime, '--kubeconfig', '/dev/null')
      const answer = await context.$`${kubeadm(params, ...words)} 2>&1`.timeout(300).nothrow()
      if (answer.exitCode !== 0) throw new Error(`kubeadm reset failed:\n${lastLines(answer.stdout)}`)
      return {}
    },
  })

/** The runtime's socket as the node has it: kubeadm finds out by itself where there is but one. */
async function socketOf(context: StepContext): Promise<string> {
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined) return ''
  const { $, words } = kubectl
  const annotation = 'jsonpath={.metadata.annotations.kubeadm\\.alpha\\.kubernetes\\.io/cri-socket}'
  return $`${words} get node ${nodeNameOf(context.host, context.inventory)} --ignore-not-found -o ${annotation}`
    .nothrow()
    .text()
}
