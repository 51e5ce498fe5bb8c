import { createHash } from 'node:crypto'
import { type HostView, type InventoryView, quote } from 'rota'
import { clusterHostsOf, isOneOf, mastersOf } from '../lib/cluster/groups.ts'
import { checksumOf } from './source-params.ts'

export interface Source {
  readonly version: string
  readonly sha256?: string | undefined
  readonly prefix: string
  readonly configureFlags: readonly string[]
  readonly workDir: string
  readonly buildHost?: string | undefined
}

/**
 * The host that builds. Not the first of a play: with `--limit` that would be another one, and it would be built there
 * again.
 */
export const buildHostOf = (source: Source, inventory: InventoryView): HostView | undefined =>
  source.buildHost === undefined
    ? (inventory.group('kube_node')[0] ?? mastersOf(inventory)[0])
    : inventory.hosts.find(host => host.name === source.buildHost)

/**
 * nginx is built in a play of the cluster's hosts: another one would never build it, and every proxy would wait for
 * that.
 */
export function buildHostProblems(source: Source, inventory: InventoryView): readonly string[] {
  const builder = buildHostOf(source, inventory)
  if (builder === undefined) return [noBuildHost(source)]
  return isOneOf(clusterHostsOf(inventory), builder)
    ? []
    : [
        `nginx_build_host: ${builder.name} is no host of the cluster, so nothing is built there: take one of k8s_cluster, or put it into that group`,
      ]
}

const noBuildHost = ({ buildHost }: Pick<Source, 'buildHost'>): string =>
  buildHost === undefined
    ? 'nginx_build_host: it is not set, and the inventory has neither a node nor a master'
    : `nginx_build_host: ${buildHost} is no host of the inventory`

export const flagsOf = (source: Source): readonly string[] => [`--prefix=${source.prefix}`, ...source.configureFlags]

/** Where the program is on the build host: another source, other flags are another file, so that each is built once. */
export function artefactOf(source: Source): string {
  const what = JSON.stringify([source.version, checksumOf(source), flagsOf(source)])
  const id = createHash('sha256').update(what).digest('hex').slice(0, 12)
  return `${source.workDir}/nginx-${source.version}-${id}/nginx`
}

/**
 * Shell text that judges a program (`$program`): it is this version with these flags, so it runs here; and it needs
 * nothing but the C library, so it runs on the others.
 */
export const judge = (source: Source): string => `said=$("$program" -V 2>&1) || { printf '%s\\n' "$said" >&2; exit 1; }
case $said in
  *'nginx/${source.version}'[!0-9]*) ;;
  *) printf 'it is not nginx ${source.version}: %s\\n' "$said" >&2; exit 1 ;;
esac
case $said in
  *--with-stream*) ;;
  *) printf 'stream is not built in: %s\\n' "$said" >&2; exit 1 ;;
esac
more=$(ldd "$program" 2>/dev/null | grep -vE ${quote(`^[[:space:]]*(${cLibrary.join('|')})`)} || :)
[ -z "$more" ] || { printf 'it needs more than the C library:\\n%s\\n' "$more" >&2; exit 1; }`

// Lines of ldd, of glibc's and musl's.
const cLibrary = [
  'linux-(vdso|gate)[0-9]*\\.so',
  '/[^ ]*/ld-[a-z]',
  'lib(c|m|dl|rt|pthread|crypt)\\.so',
  'libc\\.musl',
  'statically linked',
]
