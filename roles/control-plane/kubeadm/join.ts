import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HostView, type RemoteShell, type StepContext, sh } from 'rota'
import { endpoint } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { openPort } from '../drain/closed-port.ts'
import { seconds } from '../drain/duration.ts'
import { kubectlWords } from '../kubectl.ts'
import { documents, type JoinMaterial, joinDocument, phaseConfig } from './config.ts'
import { certificatesDirIn } from './config-map.ts'
import { tellEtcdMembers } from './etcd-members.ts'
import { attempts, mayBeReset, servesItself } from './is-master.ts'
import { addNames } from './names.ts'
import { kubeadm, kubeadmWithConfig, lastLines, listFlag, resetWords } from './program.ts'
import { ended, markerOf } from './seen.ts'
import { whileAlone } from './turn.ts'

/**
 * Joins a cluster through a master that serves. Its certificates are uploaded under a key made for this, a token of
 * some minutes is made, and both are taken back afterwards. What an attempt that failed has left is reset: this host is
 * no master, that has been made sure of.
 */
export const join = (context: StepContext, params: Params, through: HostView): Promise<{ readonly summary: string }> =>
  whileAlone(context, through, patience(params), async () => {
    const { $, on, host, inventory, say } = context
    const peer = on(through.name)
    // Its certificate is made by this configuration, with every name at once.
    await addNames({ $: peer, words: kubectlWords(params) }, params, inventory)
    await tellEtcdMembers(context, params, peer)
    // No proxy lists this host yet, and a newer kubeadm waits for the API server at the host's own address.
    await $`${openPort(params.apiserverPort)}`
    const cluster =
      await peer`${kubectlWords(params)} -n kube-system get configmap kubeadm-config -o ${'jsonpath={.data.ClusterConfiguration}'}`.text()
    await linkCertificates($, params, cluster)
    const made = await prepare(peer, params, { host: through, inventory }, cluster)
    const secrets = [made.token, made.certificateKey]
    try {
      for (let attempt = 1; ; attempt += 1) {
        await reset(context, params)
        const answer = await $`mkdir -p ${params.kubeConfigDir} && : >${markerOf(params)}
${kubeadmWithConfig(params, ['join', ...listFlag('ignore-preflight-errors', params.ignorePreflightErrors)], ended(params))}`
          .stdin(documents([joinDocument(params, host, inventory, made)]))
          .timeout(seconds(params.joinTimeout))
          .nothrow()
        if (answer.exitCode === 0) break
        if (attempt === attempts) throw new Error(`kubeadm join failed:\n${lastLines(answer.stdout, secrets)}`)
        say(`${host.name}: kubeadm join failed, it is tried again: ${lastLines(answer.stdout, secrets, 3)}`)
      }
      await ready($, params)
      return { summary: `joined through ${through.name}` }
    } finally {
      await takeBack(peer, params, made)
    }
  })

/** Seconds that a join may take: every attempt with the reset before it, and until the API server is ready. */
const patience = (params: Params): number =>
  (seconds(params.joinTimeout) + resetTimeout) * attempts + params.readyTimeout

const resetTimeout = 180

/** Makes what a new master needs, on one that serves. */
async function prepare(
  peer: RemoteShell,
  params: Params,
  through: Pick<StepContext, 'host' | 'inventory'>,
  cluster: string,
): Promise<JoinMaterial> {
  const certificateKey = randomBytes(32).toString('hex')
  const upload = kubeadmWithConfig(params, [
    ...['init', 'phase', 'upload-certs'],
    ...['--upload-certs', '--skip-certificate-key-print'],
  ])
  await peer`${upload}`.stdin(phaseConfig(params, through, cluster, { certificateKey })).secret()
  const ttl = `${seconds(params.joinTimeout) * attempts}s`
  const token =
    await peer`${kubeadm(params, ...['token', 'create', '--ttl', ttl, '--description', 'a new master'])} 2>/dev/null`
      .secret()
      .text()
  if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) throw new Error(`kubeadm on ${through.host.name} made no token`)
  const ca = await peer`cat ${`${params.kubeConfigDir}/pki/ca.crt`}`.text()
  return { endpoint: endpoint(through.host.ip, params.apiserverPort), token, certificateKey, caCertHash: hashOf(ca) }
}

/** The hash that `--discovery-token-ca-cert-hash` has: of the authority's public key. */
export const hashOf = (certificate: string): string =>
  `sha256:${createHash('sha256')
    .update(createPublicKey(certificate).export({ type: 'spki', format: 'der' }))
    .digest('hex')}`

/**
 * kubespray's clusters have their certificates in /etc/kubernetes/ssl, and `pki` leads there: so it does on a new
 * master.
 */
export async function linkCertificates($: RemoteShell, { kubeConfigDir }: Params, cluster: string): Promise<void> {
  const pki = `${kubeConfigDir}/pki`
  const dir = certificatesDirIn(cluster)
  if (dir === undefined || dir === pki) return
  if (!/^\/[\w./-]+$/.test(dir) || dir.includes('..'))
    throw new Error(`certificatesDir of the cluster is no directory that could be meant: ${JSON.stringify(dir)}`)
  await $`[ -e ${pki} ] || [ -L ${pki} ] || { mkdir -p ${dir} && ln -s ${dir} ${pki}; }`
}

async function takeBack(peer: RemoteShell, params: Params, { token }: JoinMaterial): Promise<void> {
  const [id = ''] = token.split('.')
  await peer`${kubeadm(params, 'token', 'delete', id)} >/dev/null || :
${kubectlWords(params)} -n kube-system delete secret kubeadm-certs --ignore-not-found`
    .nothrow()
    .catch(() => undefined)
}

/** Nothing of an earlier attempt, and only of a host that is no master. */
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
async function ready($: RemoteShell, params: Params): Promise<void> {
  const until = Date.now() + params.readyTimeout * 1000
  while (!(await servesItself($, params))) {
    if (Date.now() > until) throw new Error('the API server of the new master is not ready')
    await sleep(1000)
  }
}
