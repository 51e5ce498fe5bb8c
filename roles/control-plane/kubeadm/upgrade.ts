import { setTimeout as sleep } from 'node:timers/promises'
import { type RemoteShell, raw, type Step, type StepContext, step } from 'rota'
import { atLeast, withV } from '../../lib/cluster/index.ts'
import { type Params, stopSeconds } from '../daemons/daemons.ts'
import { seconds } from '../drain/duration.ts'
import { kubectlOn } from '../kubectl.ts'
import { versionIn } from './config-map.ts'
import { giveUpLeadership } from './etcd.ts'
import { attempts, servesItself } from './is-master.ts'
import { noteKubeProxy } from './kube-proxy.ts'
import { kubeadm, lastLines, listFlag } from './program.ts'
import { stopContainer } from './restart.ts'
import { clusterConfig, manifests, versionsOf } from './seen.ts'
import { isOlder, skewProblem } from './skew.ts'

/**
 * Upgrades the static pods of a master. Whichever master comes first while the cluster's own configuration is older
 * does `upgrade apply`, every other one `upgrade node`. What is left to do is seen in the manifests and in that
 * configuration, so a run that was cut short goes on.
 */
export const upgradeMaster = (params: Params): Step =>
  step({
    title: `kubeadm upgrade to ${withV(params.kubeVersion)}`,
    facts: { ...manifests(params), config: clusterConfig(params) },
    needed: ({ config, ...seen }) => {
      const behind = versionsOf(seen).find(
        ([, version]) => version !== undefined && version !== withV(params.kubeVersion),
      )
      if (behind) return `${behind[0]} is ${behind[1]}`
      const cluster = config.exitCode === 0 ? versionIn(config.stdout) : undefined
      return (
        cluster !== undefined && cluster !== withV(params.kubeVersion) && `the cluster's configuration is ${cluster}`
      )
    },
    run: async context => {
      const { $, host, say } = context
      const wanted = withV(params.kubeVersion)
      await healthy($, host.name, params)
      const cluster = await clusterVersion(context)
      const problem = skewProblem(cluster, wanted)
      if (problem !== undefined) throw new Error(`the cluster's configuration: ${problem}`)
      if (params.etcdDeployment === 'kubeadm') {
        await giveUpLeadership(context, params)
        await letGo($, host.name, params)
      }
      for (let attempt = 1; ; attempt += 1) {
        // Another master may have done it meanwhile.
        const applies = isOlder(await clusterVersion(context), wanted)
        if (applies) await noteKubeProxy($, params)
        const answer = await $`${kubeadm(params, ...upgradeWords(params, applies))} 2>&1`
          .timeout(seconds(params.upgradeTimeout))
          .nothrow()
        if (answer.exitCode === 0)
          return { summary: applies ? `applied ${wanted}, the cluster was ${cluster}` : `this node, to ${wanted}` }
        const said = lastLines(answer.stdout)
        if (attempt === attempts) throw new Error(`kubeadm upgrade failed:\n${said}`)
        say(`${host.name}: kubeadm upgrade failed, it is tried again: ${lastLines(answer.stdout, [], 3)}`)
        await healthy($, host.name, params)
      }
    },
  })

/** The words of the upgrade, as kubespray has them. */
export function upgradeWords(params: Params, applies: boolean): readonly string[] {
  const ignored = [
    ...params.ignorePreflightErrors,
    // Nobody migrates what was never there.
    ...(params.initPhasesSkip.some(phase => ['addon', 'addon/coredns'].includes(phase)) && applies
      ? ['CoreDNSUnsupportedPlugins', 'CoreDNSMigration']
      : []),
  ]
  return [
    'upgrade',
    ...(applies ? ['apply', '-y', withV(params.kubeVersion)] : ['node']),
    `--certificate-renewal=${params.certificateRenewal}`,
    `--etcd-upgrade=${params.etcdDeployment === 'kubeadm'}`,
    ...listFlag('ignore-preflight-errors', ignored),
    // Older ones have no such flag.
    ...(applies && atLeast(params.kubeVersion, '1.32')
      ? listFlag(
          'skip-phases',
          params.initPhasesSkip.filter(phase => /^addon(\/|$)/.test(phase)),
        )
      : []),
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
async function healthy($: RemoteShell, host: string, params: Params): Promise<void> {
  for (let left = 300; !(await servesItself($, params, '/healthz')); left -= 1) {
    if (left === 0) throw new Error(`the API server of ${host} is not healthy: kubeadm upgrade is not begun`)
    await sleep(1000)
  }
}
