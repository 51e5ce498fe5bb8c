import { type HostView, raw, type Shell, type StepContext, sh } from 'rota'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { atLeast, comeBack, httpsUrl, standAside } from '../../lib/cluster/index.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import { nodeProxies } from '../../nginx-proxy/listeners.ts'
import type { Params } from '../daemons/daemons.ts'
import { manifestOf } from '../methods/static-pods/running.ts'
import { demote } from './demote.ts'
import { isMaster } from './is-master.ts'
import type { Joining } from './joining.ts'
import { ignoreFlag, listFlag } from './program.ts'
import { ended, markerOf } from './seen.ts'
import { stripMaster } from './stays.ts'
import { forgetAttempt } from './undo.ts'

/** What a promotion that has not ended is marked with. */
const mark = 'node'

/** Where the node's proxy waits until its API server serves. */
const aside = '/var/lib/rota/node-proxy'

/**
 * Whether a host is a node of the cluster already: its kubelet's own credentials say so to a master that serves. Such a
 * one keeps its kubelet, its pods and its name. kubespray takes it for a master that has joined and does nothing;
 * `kubeadm join` refuses a name that is taken.
 */
export async function isNodeOf(context: StepContext, params: Params, through: HostView): Promise<boolean> {
  const { $, host, inventory } = context
  const begun = await $`cat ${markerOf(params)}`.nothrow()
  if (begun.exitCode === 0) return begun.stdout.trim() === mark
  const kubelet = `${params.kubeConfigDir}/kubelet.conf`
  const server = httpsUrl(through.ip, params.apiserverPort)
  const words = [`${params.binDir}/kubectl`, '--kubeconfig', kubelet, '--server', server, '--request-timeout=10s']
  const answer =
    await $`[ -e ${kubelet} ] && [ ! -e ${manifestOf(params.manifestDir, 'kube-apiserver')} ] && ${words} get node ${nodeNameOf(host, inventory)} -o name`.nothrow()
  return answer.exitCode === 0
}

/**
 * A node becomes a master: everything of `kubeadm join` but what makes a kubelet. Its proxy has the port of its API
 * server, and leaves when all else is ready, images included: for the seconds until the API server answers the
 * kubelet goes on without.
 */
export const nodeJoins: Joining = {
  mark,
  clean: async (context, params, peer) => {
    const { $, host } = context
    const begun = (await $`[ -e ${markerOf(params)} ]`.nothrow()).exitCode === 0
    if (!begun) return
    if (await isMaster(context, params))
      throw new Error(`${host.name} is a master that serves: nothing is taken off it`)
    await $`${stripMaster(params)}`.timeout(180)
    // A host that is no master has no member of kubeadm's but that of an attempt.
    await forgetAttempt(context, params, peer, { node: true, status: false, member: false })
  },
  calls: params => [
    ['join', 'phase', 'preflight', ...ignoreFlag([...params.ignorePreflightErrors, ...ofNodes(params)])],
    raw(`{\n${standAside(params.apiserverPort, proxiesOf(params), aside)}\n}`),
    ['join', ...listFlag('skip-phases', ['preflight', ...kubeletPhases(params)])],
  ],
  settle: nodeIsMaster,
  giveUp: async (context, params, peer) => {
    const { $, host, inventory } = context
    // First: without it the kubelet reaches nobody, and the peer may not answer either.
    await $`${raw(comeBack(aside, params.manifestDir))}`
    await demote(peer, kubectlWords(params), nodeNameOf(host, inventory))
    return 'the host is the node that it was'
  },
}

/**
 * Shell text for a node whose API server serves. Not before: kubeadm ends well where its preflight errors are ignored
 * and nothing ever starts, and the proxy is what the node goes back to.
 */
export function nodeIsMaster(params: Pick<Params, 'kubeConfigDir'>): Shell {
  return sh`rm -rf ${aside} && ${ended(params)}`
}

const proxiesOf = ({ manifestDir, nginxUnit, nginxPodName }: Params) =>
  nodeProxies({ manifestDir, configDir: '', prefix: '', unit: nginxUnit, podName: nginxPodName })

/** What kubeadm's checks find on every node. */
const ofNodes = ({ apiserverPort }: Params): readonly string[] => [
  'FileAvailable--etc-kubernetes-kubelet.conf',
  'FileAvailable--etc-kubernetes-bootstrap-kubelet.conf',
  'FileAvailable--etc-kubernetes-pki-ca.crt',
  'DirAvailable--etc-kubernetes-manifests',
  'Port-10250',
  `Port-${apiserverPort}`,
]

/** The second was a part of the first before, and so nobody could leave it out. */
const kubeletPhases = ({ kubeVersion }: Params): readonly string[] =>
  atLeast(kubeVersion, '1.31') ? ['kubelet-start', 'kubelet-wait-bootstrap'] : ['kubelet-start']
