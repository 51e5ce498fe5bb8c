import { setTimeout as sleep } from 'node:timers/promises'
import { facts, type Step, type StepContext, seconds, step } from 'rota'
import { documents, workerDocument } from '../control-plane/kubeadm/config.ts'
import { discoveryFile } from '../control-plane/kubeadm/discovery.ts'
import { type Invitation, whileInvited } from '../control-plane/kubeadm/invite.ts'
import { attempts } from '../control-plane/kubeadm/is-master.ts'
import { linkCertificates } from '../control-plane/kubeadm/join.ts'
import { ignoreFlag, kubeadm, kubeadmWithConfig, lastLines, resetWords } from '../control-plane/kubeadm/program.ts'
import { ended, isThere, markerOf } from '../control-plane/kubeadm/seen.ts'
import { nodeNameOf } from '../lib/cluster/cluster.ts'
import { type Kubectl, kubectlOn } from '../lib/cluster/kubectl.ts'
import type { JoinParams } from './join-params.ts'

/**
 * Joins through a master that serves: a token of some minutes is made for it and taken back. What an attempt that
 * failed has left is reset, and its node deleted where there was none before.
 */
export const joinCluster = (params: JoinParams): Step =>
  step({
    title: 'be a node of the cluster',
    facts: {
      kubelet: facts.path({ path: `${params.kubeConfigDir}/kubelet.conf` }),
      marker: facts.path({ path: markerOf(params) }),
    },
    needed: ({ kubelet, marker }) =>
      isThere(marker) ? 'an earlier run has not ended' : !isThere(kubelet) && 'this host is no node yet',
    run: context => join(context, params),
  })

async function join(context: StepContext, params: JoinParams): Promise<{ readonly summary: string }> {
  const { $, inventory } = context
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined) throw new Error('no API server answers: there is no cluster to join')
  const through = inventory.host(kubectl.master)
  const configuration =
    await kubectl.$`${kubectl.words} -n kube-system get configmap kubeadm-config -o ${'jsonpath={.data.ClusterConfiguration}'}`.text()
  await linkCertificates($, params, configuration)
  const token = { seconds: seconds(params.joinTimeout) * attempts, description: 'a new worker' }
  await whileInvited(kubectl.$, params, through, token, made => joinBy(kubectl, context, params, made))
  return { summary: `joined through ${through.name}` }
}

async function joinBy(kubectl: Kubectl, context: StepContext, params: JoinParams, made: Invitation): Promise<void> {
  const { $, host, inventory, say } = context
  const name = nodeNameOf(host, inventory)
  const wasNode = await isKnown(kubectl, name)
  const file = made.discovery === undefined ? {} : { discoveryFile }
  // kubespray has the proxy's manifest there before, and so may a run of ours.
  const ignored = ['DirAvailable--etc-kubernetes-manifests', ...params.ignorePreflightErrors]
  try {
    for (let attempt = 1; ; attempt += 1) {
      await reset(context, params)
      if (made.discovery !== undefined) await $`umask 077; cat >${discoveryFile}`.stdin(made.discovery).secret()
      const answer = await $`mkdir -p ${params.kubeConfigDir} && : >${markerOf(params)}
${kubeadmWithConfig(params, ['join', ...ignoreFlag(ignored)], ended(params))}`
        .stdin(documents([workerDocument(params, host, inventory, { ...made, ...file })]))
        .timeout(seconds(params.joinTimeout))
        .nothrow()
      if (answer.exitCode === 0) break
      if (attempt < attempts) {
        say(`${host.name}: kubeadm join failed, it is tried again: ${lastLines(answer.stdout, [made.token], 3)}`)
        continue
      }
      const why = lastLines(answer.stdout, [made.token])
      await undo(context, params, kubectl, wasNode ? undefined : name)
      throw new Error(`kubeadm join failed:\n${why}\nthe host was reset: the cluster is as it was`)
    }
    const isReady = await becomesReady(kubectl, name)
    if (!isReady) say(`${name} is in the cluster and not Ready yet: a network plugin may have to come to it first`)
  } finally {
    if (made.discovery !== undefined) await $`rm -f ${discoveryFile}`.nothrow().catch(() => undefined)
  }
}

const isKnown = async ({ $, words }: Kubectl, name: string): Promise<boolean> =>
  (await $`${words} get node ${name} --ignore-not-found -o name`).stdout.trim() !== ''

/** Nothing of an earlier attempt: that it was ours, and never ended, its mark says. */
async function reset({ $ }: Pick<StepContext, '$'>, params: JoinParams): Promise<void> {
  if ((await $`[ -e ${markerOf(params)} ]`.nothrow()).exitCode !== 0) return
  const words = resetWords({ etcdDeployment: 'external' }, params.criSocket)
  const answer = await $`${kubeadm(params, ...words)} 2>&1`.timeout(resetTimeout).nothrow()
  if (answer.exitCode !== 0) throw new Error(`kubeadm reset failed:\n${lastLines(answer.stdout)}`)
}

const resetTimeout = 180

async function undo(context: StepContext, params: JoinParams, { $, words }: Kubectl, name: string | undefined) {
  await reset(context, params)
  if (name !== undefined) await $`${words} delete node ${name} --ignore-not-found`.timeout(60).nothrow()
  await context.$`rm -f ${markerOf(params)}`
}

/** Seconds: pods of a network plugin come to a new node first. */
const readyTimeout = 120

async function becomesReady({ $, words }: Kubectl, name: string): Promise<boolean> {
  const jsonpath = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
  for (const end = Date.now() + readyTimeout * 1000; ; ) {
    const ready = await $`${words} get node ${name} -o ${jsonpath}`.nothrow().text()
    if (ready === 'True') return true
    if (Date.now() > end) return false
    await sleep(2000)
  }
}
