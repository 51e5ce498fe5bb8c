import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HostView, type RemoteShell, raw, type StepContext, seconds, sh } from 'rota'
import { snapshotTimeout } from '../../etcd/snapshot.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import { fetchImages } from '../../lib/pods/static-pod.ts'
import type { Params } from '../daemons/daemons.ts'
import { openPort } from '../drain/closed-port.ts'
import { keepOfMasters } from '../snapshot.ts'
import { documents, type JoinMaterial, joinDocument, phaseConfig } from './config.ts'
import { certificatesDirIn, daemonImagesIn } from './config-map.ts'
import { discoveryFile } from './discovery.ts'
import { tellEtcdMembers } from './etcd-members.ts'
import { type Invitation, whileInvited } from './invite.ts'
import { attempts, mayBeReset, servesItself } from './is-master.ts'
import type { Joining } from './joining.ts'
import { addNames } from './names.ts'
import { bringFiles } from './neighbour/index.ts'
import { ignoreFlag, kubeadm, kubeadmWithConfig, lastLines, resetWords } from './program.ts'
import { isNodeOf, nodeJoins } from './promote.ts'
import { ended, markerOf } from './seen.ts'
import { whileAlone } from './turn.ts'
import { forgetAttempt, type Known, knownOf } from './undo.ts'
import { shown, whyNotReady } from './why.ts'

/**
 * Joins a cluster through a master that serves. Its certificates are uploaded under a key made for this, a token of
 * some minutes is made, and both are taken back afterwards. What an attempt that failed has left is reset: this host is
 * no master, that has been made sure of.
 */
export const join = (context: StepContext, params: Params, through: HostView): Promise<{ readonly summary: string }> =>
  whileAlone(context, params, patience(params), async () => {
    const { $, on, inventory } = context
    const peer = on(through.name)
    const cluster =
      await peer`${kubectlWords(params)} -n kube-system get configmap kubeadm-config -o ${'jsonpath={.data.ClusterConfiguration}'}`.text()
    // What can't be had is told before anything of the cluster is changed.
    await bringFiles(context, params, through, { config: cluster })
    await hasImages(context, cluster)
    // Its member joins with it; one of an etcd of the hosts has done so before.
    if (params.etcdDeployment === 'kubeadm') await keepOfMasters(context, params)
    // Its certificate is made by this configuration, with every name at once.
    await addNames({ $: peer, words: kubectlWords(params) }, params, inventory)
    await tellEtcdMembers(context, params, peer)
    // No proxy lists this host yet, and a newer kubeadm waits for the API server at the host's own address.
    await $`${openPort(params.apiserverPort)}`
    await linkCertificates($, params, cluster)
    const way = { peer, through, cluster }
    await whilePrepared(way, params, inventory, made => joinBy(way, context, params, made))
    return { summary: `joined through ${through.name}` }
  })

interface Way {
  readonly peer: RemoteShell
  readonly through: HostView
  /** Its ClusterConfiguration. */
  readonly cluster: string
}

async function joinBy({ peer, through, cluster }: Way, context: StepContext, params: Params, made: Made) {
  const { $, host, inventory, say } = context
  const secrets = [made.token, made.certificateKey]
  const before = await knownOf(context, params, peer)
  const file = made.discovery === undefined ? {} : { discoveryFile }
  const joining = (await isNodeOf(context, params, through)) ? nodeJoins : hostJoins
  const attempted = { peer, before, secrets, joining }
  try {
    for (let attempt = 1; ; attempt += 1) {
      await joining.clean(context, params, peer)
      // A reset takes away what was copied into the directory of certificates.
      const { patches } = await bringFiles(context, params, through, { config: cluster })
      if (made.discovery !== undefined) await $`umask 077; cat >${discoveryFile}`.stdin(made.discovery).secret()
      const answer = await $`mkdir -p ${params.kubeConfigDir} && echo ${joining.mark} >${markerOf(params)}
${kubeadmWithConfig(params, ...joining.calls(params))}`
        .stdin(documents([joinDocument(params, host, inventory, { ...made, patches, ...file })]))
        .timeout(seconds(params.joinTimeout))
        .nothrow()
      if (answer.exitCode === 0) break
      const said = (count?: number) => lastLines(answer.stdout, secrets, count)
      if (attempt === attempts) throw await failed(context, params, attempted, `kubeadm join failed:\n${said()}`)
      say(`${host.name}: kubeadm join failed, it is tried again: ${said(3)}`)
    }
    if (!(await becomesReady($, params)))
      throw await failed(context, params, attempted, 'the API server of the new master is not ready')
    await $`${joining.settle(params)}`
  } finally {
    if (made.discovery !== undefined) await $`rm -f ${discoveryFile}`.nothrow().catch(() => undefined)
  }
}

/**
 * Without the images of a master's daemons its API server would never start. kubeadm's own look is passed over where
 * its preflight errors are ignored, as kubespray does; and of a node the proxy has left by then.
 */
async function hasImages({ $, host }: StepContext, cluster: string): Promise<void> {
  const images = daemonImagesIn(cluster)
  if (images.length === 0) return
  const found = await $`${raw(fetchImages(images))}`.timeout(600).nothrow()
  if (found.exitCode !== 0)
    throw new Error(
      `${host.name} has not the images of a master (${found.stderr.trim()}): nothing was changed. Load them, or make their registry reachable`,
    )
}

/**
 * Seconds that a join may take: a snapshot, every attempt with the reset before it, and until the API server is ready.
 */
const patience = (params: Params): number =>
  (seconds(params.joinTimeout) + resetTimeout) * attempts + params.readyTimeout + snapshotTimeout

const resetTimeout = 180

type Made = Invitation & Pick<JoinMaterial, 'certificateKey'>

/** Works with what a new master needs: made on one that serves, and taken back whatever comes of it. */
async function whilePrepared(
  { peer, through, cluster }: Way,
  params: Params,
  inventory: StepContext['inventory'],
  work: (made: Made) => Promise<void>,
): Promise<void> {
  const certificateKey = randomBytes(32).toString('hex')
  const upload = kubeadmWithConfig(params, [
    ...['init', 'phase', 'upload-certs'],
    ...['--upload-certs', '--skip-certificate-key-print'],
  ])
  const token = { seconds: seconds(params.joinTimeout) * attempts, description: 'a new master' }
  try {
    await peer`${upload}`.stdin(phaseConfig(params, { host: through, inventory }, cluster, { certificateKey })).secret()
    await whileInvited(peer, params, through, token, invitation => work({ ...invitation, certificateKey }))
  } finally {
    await peer`${kubectlWords(params)} -n kube-system delete secret kubeadm-certs --ignore-not-found`
      .nothrow()
      .catch(() => undefined)
  }
}

/**
 * kubespray's clusters have their certificates in /etc/kubernetes/ssl, and `pki` leads there: so it does on a new
 * master.
 */
export async function linkCertificates(
  $: RemoteShell,
  { kubeConfigDir }: Pick<Params, 'kubeConfigDir'>,
  cluster: string,
): Promise<void> {
  const pki = `${kubeConfigDir}/pki`
  const dir = certificatesDirIn(cluster)
  if (dir === undefined || dir === pki) return
  if (!/^\/[\w./-]+$/.test(dir) || dir.includes('..'))
    throw new Error(`certificatesDir of the cluster is no directory that could be meant: ${JSON.stringify(dir)}`)
  await $`[ -e ${pki} ] || [ -L ${pki} ] || { mkdir -p ${dir} && ln -s ${dir} ${pki}; }`
}

/** A host that is new, or that an attempt has left half a master. */
const hostJoins: Joining = {
  mark: 'host',
  clean: (context, params) => reset(context, params),
  calls: params => [['join', ...ignoreFlag(params.ignorePreflightErrors)], ended(params)],
  settle: ended,
  giveUp: async () => 'the host was reset',
}

async function reset(context: StepContext, params: Params): Promise<void> {
  const { $ } = context
  const left = sh`[ -e ${`${params.manifestDir}/kube-apiserver.yaml`} ] || [ -e ${`${params.kubeConfigDir}/kubelet.conf`} ]`
  if ((await $`${left}`.nothrow()).exitCode !== 0) return
  await mayBeReset(context, params)
  const answer = await $`${kubeadm(params, ...resetWords(params, params.criSocket))} 2>&1`
    .timeout(resetTimeout)
    .nothrow()
  if (answer.exitCode !== 0) throw new Error(`kubeadm reset failed:\n${lastLines(answer.stdout)}`)
}

/** The next one joins when this one has caught up. */
async function becomesReady($: RemoteShell, params: Params): Promise<boolean> {
  const until = Date.now() + params.readyTimeout * 1000
  while (!(await servesItself($, params))) {
    if (Date.now() > until) return false
    await sleep(1000)
  }
  return true
}

/**
 * Why it failed, asked before anything is taken away; then neither the host nor the cluster knows of the attempt any
 * more. Only of a host that is no master.
 */
async function failed(context: StepContext, params: Params, attempt: Attempt, what: string): Promise<Error> {
  const { peer, secrets } = attempt
  const why = await whyNotReady(context, params, peer, secrets)
  const end = await undo(context, params, attempt).catch(
    (error: Error) => `what the attempt has left could not be taken back: ${shown(error.message, secrets)}`,
  )
  return new Error([what, why, end].filter(Boolean).join('\n'))
}

interface Attempt {
  readonly peer: RemoteShell
  readonly before: Known
  readonly secrets: readonly string[]
  readonly joining: Joining
}

async function undo(context: StepContext, params: Params, { peer, before, joining }: Attempt): Promise<string> {
  await joining.clean(context, params, peer)
  const done = await forgetAttempt(context, params, peer, before)
  const is = await joining.giveUp(context, params, peer)
  await context.$`rm -f ${markerOf(params)}`
  return `${is}${done.length === 0 ? '' : `, and ${done.join(', ')} removed`}: the cluster is as it was`
}
