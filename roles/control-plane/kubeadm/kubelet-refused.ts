import { assert, computed, facts, quote, type Task } from 'rota'
import { binDirOf } from '../../kube-binaries/paths.ts'
import { minorOf, withV } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { behind, kubeletFact, readSeen, type Seen } from './kubelet-seen.ts'

type At = Pick<Params, 'kubeVersion' | 'binDir' | 'installDir' | 'kubeConfigDir'>

/**
 * All that would fail once the node is drained, found out before: on a master also before its control plane has moved,
 * which comes first.
 */
export const kubeletMayChange = (params: At): Task =>
  assert({
    that: `the kubelet can be ${withV(params.kubeVersion)}`,
    holds: computed({ kubelet: kubeletFact(params), flags: flagsFact(params) }, ({ kubelet, flags }) =>
      whyNot(params, readSeen(kubelet), flags.stdout),
    ),
  })

/**
 * The new program is started with all that the present one is started with, and asked for its version: it refuses a
 * flag that it has not before it answers. Only kubespray's own: kubeadm takes such flags away itself.
 */
const flagsFact = (params: At) =>
  facts.command({
    run: `new=${quote(`${binDirOf(params)}/kubelet`)}
pid=$(systemctl show -p MainPID kubelet.service 2>/dev/null | sed 's/^MainPID=//')
[ "\${pid:-0}" -gt 0 ] && [ -x "$new" ] && [ -e ${quote(`${params.kubeConfigDir}/kubelet.env`)} ] || exit 0
[ "$("/proc/$pid/exe" --version 2>/dev/null)" != "$("$new" --version 2>/dev/null)" ] || exit 0
command -v xargs >/dev/null || exit 0
xargs -0 sh -c 'new=$1; shift 2; exec "$new" "$@" --version' sh "$new" <"/proc/$pid/cmdline" 2>&1 |
  grep -oE 'unknown (shorthand )?flag: .*|invalid argument .*' | sed -n 1p | cut -c 1-300
:`,
    timeout: 30,
  })

/** `flags`: what the new program says of the flags that it would be started with; empty where it takes them. */
export function whyNot(params: At, seen: Seen, flags: string): string | undefined {
  if (behind(seen, params.kubeVersion) === undefined) return undefined
  const wanted = withV(params.kubeVersion)
  const newer = [seen.file, seen.runs].find(version => version !== undefined && isNewerMinor(version, wanted))
  if (newer !== undefined) return `it is ${newer}, which is newer: a kubelet does not go back to an older minor version`
  const own = [`${params.binDir}/`, `${params.installDir}/`]
  if (seen.path !== undefined && !own.some(directory => seen.path?.startsWith(directory) === true))
    return `kubelet.service starts ${seen.path}, not ${params.binDir}/kubelet: have it start that one, or set bin_dir`
  if (flags !== '')
    return `kubelet ${wanted} does not start with what this one is started with: ${flags}. Take it out of ${params.kubeConfigDir}/kubelet.env and restart the kubelet first`
  return undefined
}

function isNewerMinor(version: string, than: string): boolean {
  const [[major, minor], [wantedMajor, wanted]] = [minorOf(version), minorOf(than)]
  return major > wantedMajor || (major === wantedMajor && minor > wanted)
}
