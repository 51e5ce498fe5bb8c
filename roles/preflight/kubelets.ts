import { type Check, type Finding, facts, hostCheck, quote } from 'rota'
import { minorOf, withV } from '../lib/cluster/index.ts'
import { list } from './list.ts'
import type { Params } from './params.ts'

/**
 * The kubelet of every node, as the API server of this master knows it, may stay what it is beside the new API servers.
 * Source: Kubernetes' version skew policy; kubeadm refuses older ones itself (`detectTooOldKubelets`), in the middle of
 * the first master's upgrade.
 */
export const kubeletsMayStay = (params: Params): Check =>
  hostCheck({
    name: 'kubelets of all nodes',
    facts: { nodes: facts.command({ run: nodesText(params), timeout: 15 }) },
    verdict: ({ nodes }) => judgeKubelets(params.kubeVersion, nodes),
  })

// The exit codes: 3 is a host that is no master yet.
const nodesText = ({ binDir, kubeConfigDir }: Params): string => `conf=${quote(`${kubeConfigDir}/admin.conf`)}
[ -e "$conf" ] || exit 3
k=${quote(`${binDir}/kubectl`)}; [ -x "$k" ] || k=$(command -v kubectl) || exit 3
exec "$k" --kubeconfig "$conf" --request-timeout=10s get nodes -o \
  jsonpath='{range .items[*]}{.metadata.name}{" "}{.status.nodeInfo.kubeletVersion}{"\\n"}{end}'`

export function judgeKubelets(
  kubeVersion: string,
  { exitCode, stdout, stderr }: { readonly exitCode: number; readonly stdout: string; readonly stderr: string },
): Finding {
  const expected = `none older than ${oldestKubelet(kubeVersion)}, none newer than ${withV(kubeVersion)}`
  if (exitCode === 3) return { ok: true, expected, saw: 'no cluster here yet' }
  // A master that is down is to be mended by the run; the others know the nodes too.
  if (exitCode !== 0)
    return { ok: true, expected, saw: `not asked: no API server answers here (${stderr.slice(-200)})` }
  const nodes = stdout.split('\n').flatMap(line => {
    const [, name, version] = /^(\S+) (v\d+\.\d+\.\d+\S*)$/.exec(line) ?? []
    return name === undefined || version === undefined ? [] : [{ name, version }]
  })
  const wrong = nodes.filter(({ version }) => !maySpeakTo(version, kubeVersion))
  if (wrong.length === 0) {
    const versions = [...new Set(nodes.map(({ version }) => version))]
    return { ok: true, expected, saw: `${nodes.length} nodes: ${list(versions)}` }
  }
  const who = list(wrong.map(({ name, version }) => `${name} (${version})`))
  const isOld = wrong.some(({ version }) => minorOf(version)[1] < minorOf(kubeVersion)[1])
  const what = isOld
    ? 'bring them to the version that the masters have first (upgrade.mjs --tags node -e kube_version=…)'
    : 'no kubelet may be newer than an API server'
  return { ok: false, expected, saw: `${who}: ${what}` }
}

/** Three minor versions older at most; of kubelets before 1.25 two. Newer by none. */
export function maySpeakTo(kubelet: string, server: string): boolean {
  const [major, minor] = minorOf(kubelet)
  const [wantedMajor, wanted] = minorOf(server)
  if (major !== wantedMajor) return false
  return minor <= wanted && wanted - minor <= (minor >= 25 ? 3 : 2)
}

function oldestKubelet(server: string): string {
  const [major, minor] = minorOf(server)
  return `v${major}.${Math.max(0, minor - (minor >= 28 ? 3 : 2))}`
}
