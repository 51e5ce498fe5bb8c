import { facts, quote } from 'rota'
import { withV } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'

type At = Pick<Params, 'binDir' | 'kubeConfigDir'>

/** What a host shows of its kubelet. */
export interface Seen {
  /** It has joined a cluster. */
  readonly isNode: boolean
  /** Version of the program in `bin_dir`, and of the one that runs. */
  readonly file?: string
  readonly runs?: string
  /** Where the one that runs was started from. */
  readonly path?: string
  /** Its configuration is kubespray's (`kubelet.env`), not kubeadm's. */
  readonly isKubesprays: boolean
}

export const kubeletFact = (at: At) => facts.command({ run: seenText(at), timeout: 30 })

const seenText = ({ binDir, kubeConfigDir }: At): string => `${functions({ binDir })}
[ ! -e ${quote(`${kubeConfigDir}/kubelet.conf`)} ] || echo node
[ ! -e ${quote(`${kubeConfigDir}/kubelet.env`)} ] || echo env
echo "file $(file)"
echo "runs $(runs)"
[ -z "$pid" ] || echo "path $(readlink "/proc/$pid/exe" | sed 's/ (deleted)$//')"
:`

/**
 * Shell text: a node whose kubelet is not of the version, on disk or in memory. A program that was replaced goes on as
 * it was until it is started anew.
 */
export const isBehindText = (params: At & Pick<Params, 'kubeVersion'>): string => `${functions(params)}
[ -e ${quote(`${params.kubeConfigDir}/kubelet.conf`)} ] || exit 1
[ "$(file)" != ${quote(withV(params.kubeVersion))} ] || [ "$(runs)" != ${quote(withV(params.kubeVersion))} ]`

const functions = ({
  binDir,
}: Pick<At, 'binDir'>): string => `pid=$(systemctl show -p MainPID kubelet.service 2>/dev/null | sed 's/^MainPID=//')
[ "\${pid:-0}" -gt 0 ] || pid=
file() { ${quote(`${binDir}/kubelet`)} --version 2>/dev/null | sed 's/.* //'; }
runs() { [ -z "$pid" ] || "/proc/$pid/exe" --version 2>/dev/null | sed 's/.* //'; }`

/** What a host says: lines that are none of `seenText` are left out. */
export function readSeen({ stdout }: { readonly stdout: string }): Seen {
  const lines = stdout.split('\n')
  const version = (name: string): string | undefined =>
    lines.flatMap(line => new RegExp(`^${name} (v\\d+\\.\\d+\\.\\d+\\S*)$`).exec(line)?.[1] ?? []).at(0)
  const [file, runs] = [version('file'), version('runs')]
  const path = lines.flatMap(line => /^path (\/\S+)$/.exec(line)?.[1] ?? []).at(0)
  return {
    isNode: lines.includes('node'),
    isKubesprays: lines.includes('env'),
    ...(file === undefined ? {} : { file }),
    ...(runs === undefined ? {} : { runs }),
    ...(path === undefined ? {} : { path }),
  }
}

/** Why the kubelet is to be changed, or nothing. */
export function behind({ isNode, file, runs }: Seen, kubeVersion: string): string | undefined {
  const wanted = withV(kubeVersion)
  if (!isNode) return undefined
  if (runs === undefined) return 'the kubelet does not run'
  if (runs !== wanted) return `the kubelet is ${runs}`
  return file === wanted ? undefined : `its program is ${file ?? 'not there'}`
}
