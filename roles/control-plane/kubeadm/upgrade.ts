import { setTimeout as sleep } from 'node:timers/promises'
import { facts, type RemoteShell, raw, type Step, type StepContext, seconds, step } from 'rota'
import { snapshotTimeout } from '../../etcd/snapshot.ts'
import { atLeast, withV } from '../../lib/cluster/index.ts'
import { kubectlOn } from '../../lib/cluster/kubectl.ts'
import { type Params, stopSeconds } from '../daemons/daemons.ts'
import { keepOfMasters } from '../snapshot.ts'
import { foreignAddons, mendsOf } from './addons.ts'
import { addonsNow, begin, begunCall, begunOf, ended, mend, whatBegan } from './begun.ts'
import { closeClusterInfo } from './cluster-info.ts'
import { versionIn } from './config-map.ts'
import { giveUpLeadership } from './etcd.ts'
import { attempts, servesItself } from './is-master.ts'
import { patchesOf } from './neighbour/index.ts'
import { ignoreFlag, kubeadm, lastLines, listFlag } from './program.ts'
import { stopContainer } from './restart.ts'
import { clusterConfig, isThere, manifests, textOf, versionsOf } from './seen.ts'
import { isOlder, skewProblem } from './skew.ts'
import { whileAlone } from './turn.ts'

/**
 * Upgrades the static pods of a master. Whichever master comes first while the cluster's own configuration is older
 * does `upgrade apply`, every other one `upgrade node`. What is left to do is seen in the manifests and in that
 * configuration, so a run that was cut short goes on.
 */
export const upgradeMaster = (params: Params): Step =>
  step({
    title: `kubeadm upgrade to ${withV(params.kubeVersion)}`,
    facts: {
      ...manifests(params),
      config: clusterConfig(params),
      begun: facts.path({ path: begunOf(params), content: true }),
    },
    needed: ({ config, begun, ...seen }) => {
      if (isThere(begun)) return `an earlier ${begunCall(textOf(begun)) ?? 'upgrade'} has not ended`
      const behind = versionsOf(seen).find(
        ([, version]) => version !== undefined && version !== withV(params.kubeVersion),
      )
      if (behind) return `${behind[0]} is ${behind[1]}`
      const cluster = config.exitCode === 0 ? versionIn(config.stdout) : undefined
      return (
        cluster !== undefined && cluster !== withV(params.kubeVersion) && `the cluster's configuration is ${cluster}`
      )
    },
    run: context => whileAlone(context, params, patience(params), () => upgrade(context, params)),
  })

/** Seconds that it may take: a snapshot, every attempt, and until the API server is healthy before each. */
const patience = (params: Params): number =>
  (seconds(params.upgradeTimeout) + mostUnhealthy) * attempts + params.readyTimeout + snapshotTimeout + 120

async function upgrade(context: StepContext, params: Params): Promise<{ readonly summary: string }> {
  const { $, host, say } = context
  const wanted = withV(params.kubeVersion)
  await healthy($, host.name, params)
  const cluster = await clusterVersion(context)
  const problem = skewProblem(cluster, wanted)
  if (problem !== undefined) throw new Error(`the cluster's configuration: ${problem}`)
  await keepOfMasters(context, params)
  if (params.etcdDeployment === 'kubeadm') {
    await giveUpLeadership(context, params)
    await letGo($, host.name, params)
  }
  const patches = (await $`ls ${patchesOf(params)} 2>/dev/null || :`.text()) !== ''
  for (let attempt = 1; ; attempt += 1) {
    // Another master may have done it meanwhile. One that was cut short has uploaded the new version first, and counts
    // for nothing before it has ended.
    const applies = isOlder(await clusterVersion(context), wanted) || (await whatBegan($, params)) === 'apply'
    const before = await begin($, params, applies ? 'apply' : 'node')
    const foreign = foreignAddons(before, params.initPhasesSkip)
    const skip = foreign.map(addon => `addon/${addon}`)
    const answer = await $`${kubeadm(params, ...upgradeWords(params, applies, { skip, patches }))} 2>&1`
      .timeout(seconds(params.upgradeTimeout))
      .nothrow()
    if (answer.exitCode === 0) {
      await healthy($, host.name, params)
      const mended = await mend($, params, await mendsOf(before, await addonsNow($, params), foreign))
      // Before the call counts as ended: a run that is cut short here has it done by the next one.
      const close = closeClusterInfo(params)
      const closed = close !== undefined && (await $`${close}`.timeout(60).text()) !== ''
      await ended($, params)
      const what = applies ? `applied ${wanted}, the cluster was ${cluster}` : `this node, to ${wanted}`
      const done = [...mended, ...(closed ? ['cluster-info is not read without credentials'] : [])]
      return { summary: [what, ...done].join('; ') }
    }
    const said = lastLines(answer.stdout)
    if (attempt === attempts) throw new Error(`kubeadm upgrade failed:\n${said}`)
    say(`${host.name}: kubeadm upgrade failed, it is tried again: ${lastLines(answer.stdout, [], 3)}`)
    await healthy($, host.name, params)
  }
}

/**
 * The words of the upgrade, as kubespray has them. `skip`: phases of add-ons that are not kubeadm's; a version that
 * can't be told is mended afterwards.
 */
export function upgradeWords(
  params: Params,
  applies: boolean,
  { skip, patches }: { readonly skip: readonly string[]; readonly patches: boolean },
): readonly string[] {
  const ignored = [
    ...params.ignorePreflightErrors,
    // Nobody migrates what was never there.
    ...(skip.includes('addon/coredns') && applies ? ['CoreDNSUnsupportedPlugins', 'CoreDNSMigration'] : []),
  ]
  return [
    'upgrade',
    ...(applies ? ['apply', '-y', withV(params.kubeVersion)] : ['node']),
    `--certificate-renewal=${params.certificateRenewal}`,
    `--etcd-upgrade=${params.etcdDeployment === 'kubeadm'}`,
    ...ignoreFlag(ignored),
    ...(patches && atLeast(params.kubeVersion, '1.22') ? [`--patches=${patchesOf(params)}`] : []),
    // Older ones have no such phases.
    ...(atLeast(params.kubeVersion, '1.32') ? listFlag('skip-phases', skip) : []),
  ]
}

/** As any master has it: this one is about to change. */
async function clusterVersion(context: StepContext): Promise<string> {
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined) throw new Error('no API server answers: kubeadm has nothing to upgrade')
  const { $, words } = kubectl
  const config =
    await $`${words} -n kube-system get configmap kubeadm-config -o ${'jsonpath={.data.ClusterConfiguration}'}`.text()
  const version = versionIn(config)
  if (version === undefined) throw new Error('the ConfigMap kubeadm-config names no version')
  return version
}

/**
 * kubeadm restarts the etcd member before the API server, and who is still connected to that would be answered with
 * errors. So it restarts first: they are sent away in good order, and nobody new has been let in since the port was
 * closed.
 */
async function letGo($: RemoteShell, host: string, params: Params): Promise<void> {
  await $`${raw(stopContainer('kube-apiserver', stopSeconds(params, 'kube-apiserver')))}`.nothrow()
  await healthy($, host, params)
}

/** kubespray looks for as long, 60 times every five seconds. */
const mostUnhealthy = 300

async function healthy($: RemoteShell, host: string, params: Params): Promise<void> {
  for (let left = mostUnhealthy; !(await servesItself($, params, '/healthz')); left -= 1) {
    if (left === 0) throw new Error(`the API server of ${host} is not healthy: kubeadm upgrade is not begun`)
    await sleep(1000)
  }
}
