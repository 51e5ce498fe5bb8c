import { type Check, type Finding, facts, hostCheck, quote } from 'rota'
import { askedOf } from '../container-engine/params.ts'
import { atLeast, minorOf, withV } from '../lib/cluster/index.ts'
import type { Params } from './params.ts'

/** The container runtime is there, answers, and is one that a kubelet of the wanted version can use. */
export const runtimeSuits = (params: Params): Check =>
  hostCheck({
    name: 'the container runtime',
    facts: { runtime: runtimeFact(params) },
    verdict: ({ runtime }) => judgeRuntime(params.kubeVersion, runtime.stdout, askedOf(params).versions.containerd),
  })

/** `KEY VALUE` a line; where the host has no kubelet's configuration, there is no endpoint. */
export const runtimeFact = (params: Pick<Params, 'criSocket' | 'binDir' | 'kubeConfigDir'>) =>
  facts.command({ run: `${runtimeText(params)}\n:`, timeout: 15 })

/**
 * Shell text that says which endpoint the kubelet has (what a variable says is for one that is to come), whether
 * somebody listens there (/proc/net/unix, as the server named it), and which containerd it is. `$endpoint` is left
 * behind.
 */
export const runtimeText = ({
  criSocket,
  binDir,
  kubeConfigDir,
}: Pick<Params, 'criSocket' | 'binDir' | 'kubeConfigDir'>): string => `PATH=$PATH:${quote(binDir)}
dir=${quote(kubeConfigDir)}
files=$(ls /var/lib/kubelet/kubeadm-flags.env "$dir/kubelet.env" /var/lib/kubelet/instance-config.yaml \
  /var/lib/kubelet/config.yaml "$dir/kubelet-config.yaml" /etc/default/kubelet 2>/dev/null)
if [ -z "$files" ]; then endpoint=${quote(criSocket ?? '')}
else
  echo "kubelet yes"
  endpoint=$(cat $files 2>/dev/null |
    sed -n -e 's/.*--container-runtime-endpoint[= ]*\\([^ "]*\\).*/\\1/p' \
      -e 's/^ *containerRuntimeEndpoint: *"\\{0,1\\}\\([^ "]*\\).*/\\1/p' | grep . | head -n 1)
fi
endpoint=\${endpoint#unix://}
[ -z "$endpoint" ] || echo "endpoint $endpoint"
if [ -n "$endpoint" ]; then
  other=/var$endpoint; case $endpoint in /var/run/*) other=\${endpoint#/var} ;; esac
  if [ ! -S "$endpoint" ]; then echo "socket absent"
  elif awk -v a="$endpoint" -v b="$other" '$4 == "00010000" && ($8 == a || $8 == b) { f = 1 } END { exit !f }' \
    /proc/net/unix; then echo "socket listening"
  else echo "socket stale"; fi
fi
case $endpoint in *containerd*)
  echo "containerd $(containerd --version 2>/dev/null | tr ' ' '\\n' | grep -E '^v?[0-9]+\\.[0-9]+\\.[0-9]+' | head -n 1)" ;;
esac
! command -v docker >/dev/null || echo "docker yes"`

export interface Runtime {
  readonly kubelet: boolean
  readonly endpoint?: string
  readonly socket?: string
  readonly containerd?: string
  readonly docker: boolean
}

export function readRuntime(stdout: string): Runtime {
  const said = new Map(
    stdout.split('\n').map(line => {
      const [key = '', ...rest] = line.split(' ')
      return [key, rest.join(' ')]
    }),
  )
  const endpoint = said.get('endpoint')
  const socket = said.get('socket')
  const containerd = said.get('containerd')
  return {
    kubelet: said.has('kubelet'),
    docker: said.has('docker'),
    ...(endpoint ? { endpoint } : {}),
    ...(socket ? { socket } : {}),
    ...(containerd && /^v?\d+\.\d+\.\d+/.test(containerd) ? { containerd } : {}),
  }
}

/**
 * Oldest containerd that a kubelet of a minor version works with. Sources: Kubernetes' "Container Runtime
 * Interface" (from 1.26 on a kubelet speaks CRI v1 alone) with containerd's table of Kubernetes versions (1.6 has it),
 * and Kubernetes' announcement of 1.35 (the last with containerd 1.x).
 */
const oldestContainerd = [
  { since: '1.36', containerd: '2.0', why: 'Kubernetes has left containerd 1.x behind with 1.35' },
  { since: '1.26', containerd: '1.6', why: 'kubelets speak CRI v1 alone since 1.26' },
] as const

/** Why a kubelet of one version can't use containerd of another, or nothing. */
export function containerdProblem(kubeVersion: string, containerd: string): string | undefined {
  const rule = ruleOf(kubeVersion)
  if (rule !== undefined && isOlderMinor(containerd, rule.containerd))
    return `containerd ${containerd} with a kubelet ${withV(kubeVersion)}: ${rule.why}`
  // containerd's announcement of 2.0, and Kubernetes' of 1.23.
  if (!isOlderMinor(containerd, '2.0') && !atLeast(kubeVersion, '1.23'))
    return `containerd ${containerd} with a kubelet ${withV(kubeVersion)}: containerd speaks CRI v1 alone since 2.0, and kubelets since 1.23`
  return undefined
}

const ruleOf = (kubeVersion: string) => oldestContainerd.find(({ since }) => atLeast(kubeVersion, since))

/** `becomes`: the version that containerd is brought to in the same run, before the kubelet is. */
export function judgeRuntime(kubeVersion: string, stdout: string, becomes?: string): Finding {
  const seen = readRuntime(stdout)
  const rule = ruleOf(kubeVersion)
  const noDockershim = atLeast(kubeVersion, '1.24')
  const expected = `a socket that answers${rule === undefined ? '' : `, containerd ${rule.containerd} or newer`}${noDockershim ? ', no dockershim' : ''}, for a kubelet ${withV(kubeVersion)}`
  const finding = (ok: boolean, saw: string): Finding => ({ ok, expected, saw })
  if (!seen.kubelet) return finding(true, 'no kubelet here yet')
  const { endpoint, socket, containerd } = seen
  if (endpoint === undefined || endpoint.endsWith('/dockershim.sock')) {
    if (!noDockershim) return finding(true, 'dockershim')
    if (endpoint === undefined && !seen.docker) return finding(true, "the kubelet's own choice")
    return finding(
      false,
      'the kubelet uses Docker through dockershim, which is gone since 1.24: go over to containerd or cri-dockerd first',
    )
  }
  // Another kind of address, such as one on Windows or a TCP port: nobody can look.
  if (!endpoint.startsWith('/')) return finding(true, endpoint)
  if (socket === 'absent') return finding(false, `there is no socket ${endpoint}: is the runtime running?`)
  if (socket === 'stale') return finding(false, `nobody listens on ${endpoint}: start the runtime`)
  const will = containerd === undefined ? undefined : (becomes ?? containerd)
  if (rule !== undefined && will !== undefined && isOlderMinor(will, rule.containerd))
    return finding(false, `containerd ${will}: ${rule.why}; upgrade it first (containerd_version)`)
  return finding(true, containerd === undefined ? endpoint : `containerd ${containerd}`)
}

function isOlderMinor(version: string, than: string): boolean {
  const [major, minor] = minorOf(version)
  const [wantedMajor, wantedMinor] = minorOf(than)
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
}
