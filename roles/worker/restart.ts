import { type RemoteShell, type Step, type StepContext, step } from 'rota'
import { behind, kubeletFact, readSeen } from '../control-plane/kubeadm/kubelet-seen.ts'
import { shown } from '../control-plane/kubeadm/why.ts'
import { withV } from '../lib/cluster/index.ts'
import { restartOn } from '../lib/drain/restart-on.ts'
import type { Params } from './params.ts'

/**
 * The kubelet is started anew, its node is Ready with the new version, and the pods that were ready on it are so again.
 */
export const kubeletIsNew = (params: Params): Step =>
  step({
    title: `the kubelet is ${withV(params.kubeVersion)}`,
    facts: { kubelet: kubeletFact(params) },
    needed: ({ kubelet }) => behind(readSeen(kubelet), params.kubeVersion) ?? false,
    run: context => restart(context, params),
  })

async function restart(context: StepContext, params: Params): Promise<{ readonly summary: string }> {
  const { $ } = context
  const name = await restartOn(context, {
    what: 'kubelet',
    restart: () => $`systemctl restart kubelet`.timeout(120),
    timeout: params.readyTimeout,
    wanted: withV(params.kubeVersion),
    is: ({ kubelet }) => kubelet,
    lastWords: () => lastWords($),
  })
  return { summary: `${name} is Ready with it` }
}

async function lastWords($: RemoteShell): Promise<string> {
  const { stdout } = await $`systemctl is-active kubelet || :
journalctl -q -u kubelet -n 60 --no-pager -o cat 2>/dev/null | grep -E '^[EF][0-9]|rror|ailed' | tail -n 3 | cut -c 1-2000 || :`
    .timeout(30)
    .nothrow()
  const [state = '', ...lines] = stdout.trim().split('\n')
  const said = lines.map(line => `kubelet: ${shown(line, [])}`)
  return [` (kubelet.service is ${shown(state, [])})`, ...said].join('\n')
}
