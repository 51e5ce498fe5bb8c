import { setTimeout as sleep } from 'node:timers/promises'
import { facts, raw, type Shell, type Step, type StepContext, seconds, step } from 'rota'
import { mastersOf } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { openPort } from '../drain/closed-port.ts'
import { manifestOf } from '../methods/static-pods/running.ts'
import { lookAround, wayFor } from './around.ts'
import { closeClusterInfo } from './cluster-info.ts'
import { documents, initDocuments } from './config.ts'
import { attempts, isMaster } from './is-master.ts'
import { join } from './join.ts'
import { clientServer, pointLocally } from './kubeconfigs.ts'
import { ignoreFlag, kubeadmWithConfig, lastLines, listFlag } from './program.ts'
import { nodeIsMaster } from './promote.ts'
import { ended, isThere, manifests, markerOf } from './seen.ts'

/** Makes a master of a host that is none: the first one begins the cluster, every other one joins, one at a time. */
export const becomeMaster = (params: Params): Step =>
  step({
    title: 'be a master of the cluster',
    facts: {
      manifest: manifests(params)['kube-apiserver'],
      kubelet: facts.path({ path: `${params.kubeConfigDir}/kubelet.conf` }),
      marker: facts.path({ path: markerOf(params) }),
    },
    needed: ({ manifest, kubelet, marker }) => {
      if (isThere(marker)) return 'an earlier run has not ended'
      if (!isThere(manifest)) return 'this host is no master yet'
      return !isThere(kubelet) && 'this host is half a master'
    },
    run: async context => {
      if (await isMaster(context, params)) {
        // An `init` may have been cut short before it came to that.
        const close = closeClusterInfo(params)
        if (close !== undefined) await context.$`${close}`.timeout(60)
        await context.$`${nodeIsMaster(params)}`
        return { summary: 'is a master already' }
      }
      const { host, inventory } = context
      const masters = mastersOf(inventory, params.leaving)
      const others = masters.filter(master => master.name !== host.name)
      const patience = seconds(params.initTimeout) + seconds(params.joinTimeout)
      const until = Date.now() + patience * 1000
      for (;;) {
        const way = wayFor(host, masters[0], await lookAround(context, params, others))
        if (way.kind === 'join') return join(context, params, way.through)
        if (way.kind === 'init') return init(context, params)
        if (way.kind === 'refuse' || Date.now() > until) throw new Error(way.reason)
        await sleep(2000)
      }
    },
  })

async function init(context: StepContext, params: Params): Promise<{ readonly summary: string }> {
  const { $, host, inventory, say } = context
  // There is nobody yet to protect, and kubeadm asks at the host's own address.
  await $`${openPort(params.apiserverPort)}`
  const config = documents(initDocuments(params, host, inventory))
  const close = closeClusterInfo(params)
  for (let attempt = 1; ; attempt += 1) {
    // What the first attempt has left would stop the second; nothing of it is reset, so that no data can be lost.
    const ignored = attempt === 1 && !(await isBegun($, params)) ? params.ignorePreflightErrors : ['all']
    const words = [
      'init',
      ...['--skip-token-print', '--skip-certificate-key-print'],
      ...ignoreFlag(ignored),
      ...listFlag('skip-phases', params.initPhasesSkip),
    ]
    const answer = await $`mkdir -p ${params.kubeConfigDir} && : >${markerOf(params)}
${kubeadmWithConfig(params, ...localControllers(params), words, ...(close === undefined ? [] : [close]), ended(params))}`
      .stdin(config)
      .timeout(seconds(params.initTimeout))
      .nothrow()
    if (answer.exitCode === 0) return { summary: 'the cluster begins here' }
    if (attempt === attempts) throw new Error(`kubeadm init failed:\n${lastLines(answer.stdout)}`)
    say(`${host.name}: kubeadm init failed, it is tried again: ${lastLines(answer.stdout, [], 3)}`)
  }
}

/**
 * The controllers lead to their own API server from the start. To be restarted for it would cost them their lease, and
 * everybody who joins meanwhile waits for a leader that signs.
 */
const localControllers = (params: Params): readonly (Shell | readonly string[])[] => [
  ['init', 'phase', 'certs', 'all'],
  ...(['controller-manager', 'scheduler'] as const).flatMap(name => [
    ['init', 'phase', 'kubeconfig', name],
    raw(pointLocally(params, name, clientServer(params))),
  ]),
]

const isBegun = async ($: StepContext['$'], params: Params): Promise<boolean> =>
  (await $`[ -e ${manifestOf(params.manifestDir, 'kube-apiserver')} ]`.nothrow()).exitCode === 0
