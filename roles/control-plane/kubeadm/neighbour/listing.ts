import { quote, raw, type Shell, sh } from 'rota'
import { daemonNames, type Params } from '../../daemons/daemons.ts'
import { manifestOf } from '../../methods/static-pods/running.ts'

/** What is at a path of a master. */
export interface Entry {
  /** `other`: a socket, a device. */
  readonly type: 'file' | 'directory' | 'other'
  readonly path: string
  /** Where it is once all links are followed; the path itself where there is none. */
  readonly real: string
  /** `640`. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  /** In bytes. */
  readonly size: number
  /** Of a file that is not too long to be copied. */
  readonly sha256: string
}

/** A file that is longer is no configuration. In bytes. */
export const longestFile = 1024 * 1024
/** Of one directory. */
export const mostInDirectory = 64

/**
 * Directories of the system, of data and of logs: a pod may mount one, and every host has its own. A single file of
 * them that a flag names is another matter.
 */
export const ownDirectories = [
  ...['/bin', '/boot', '/dev', '/lib', '/lib64', '/proc', '/run', '/sbin', '/sys', '/usr', '/var'],
  ...['/etc/ssl', '/etc/pki', '/etc/ca-certificates', '/etc/cni', '/opt/cni'],
]

export const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`)

/** Files of a kubelet, and of the timer that renews certificates, as kubespray has them. */
export const kubeletFiles = ({ kubeConfigDir, binDir }: Pick<Params, 'kubeConfigDir' | 'binDir'>) => ({
  env: `${kubeConfigDir}/kubelet.env`,
  config: `${kubeConfigDir}/kubelet-config.yaml`,
  unit: '/etc/systemd/system/kubelet.service',
  dropIns: '/etc/systemd/system/kubelet.service.d',
  renewScript: `${binDir}/k8s-certs-renew.sh`,
  renewService: '/etc/systemd/system/k8s-certs-renew.service',
  renewTimer: '/etc/systemd/system/k8s-certs-renew.timer',
})

export type At = Pick<Params, 'kubeConfigDir' | 'manifestDir' | 'binDir'>

/** Where kubeadm finds patches, as kubespray has it. */
export const patchesOf = ({ kubeConfigDir }: Pick<Params, 'kubeConfigDir'>): string => `${kubeConfigDir}/patches`

/** Directories that kubeadm fills, or that are no one's configuration. */
export const filledByKubeadm = ({ kubeConfigDir, manifestDir }: Pick<At, 'kubeConfigDir' | 'manifestDir'>) => [
  ...['pki', 'ssl', 'tmp'].map(name => `${kubeConfigDir}/${name}`),
  manifestDir,
]

/**
 * Shell text that tells of every path that the manifests of a master name, of those that are given, and of what is in
 * such a directory. The manifests come first, then `entriesMark`, then a line for each entry.
 */
export const listing = (at: At, more: readonly string[] = []): Shell => {
  const manifests = daemonNames.map(name => manifestOf(at.manifestDir, name))
  const fixed = [...Object.values(kubeletFiles(at)), patchesOf(at), ...more]
  return sh`tell() {
  [ -e "$1" ] || return 0
  sum=-
  if [ -f "$1" ]; then type=file
    [ "$(stat -L -c %s "$1")" -gt ${longestFile} ] || sum=$(sha256sum <"$1" | cut -d' ' -f1)
  elif [ -d "$1" ]; then type=directory
  else type=other; fi
  printf '%s %s %s %s %s\n' "$type" "$(stat -L -c '%a %u %g %U %G %s' "$1")" "$sum" "$1" "$(readlink -f "$1")"
}
text=$(cat ${manifests} 2>/dev/null
  sed -n 's/^resolvConf:/# resolvConf:/p' ${kubeletFiles(at).config} 2>/dev/null) || :
printf '%s\n' "$text" ${entriesMark}
{ printf '%s\n' "$text" | grep -oE '/[A-Za-z0-9_.@+/-]+' || :
  printf '%s\n' ${fixed}
} | grep -v '^//' | sort -u | sed -n ${`1,${mostPaths}p`} | while IFS= read -r path; do
  tell "$path"
  [ -d "$path" ] || continue
  case $path/ in ${raw(inside([...ownDirectories, ...filledByKubeadm(at)]))} | ${`${at.kubeConfigDir}/`} | /) continue ;; esac
  find "$path/" -mindepth 1 -maxdepth 4 ! -name '* *' 2>/dev/null | sed -n ${`s#//#/#;1,${mostInDirectory + 1}p`} |
    while IFS= read -r inner; do tell "$inner"; done
done`
}

/** Stands between the manifests and the entries. */
const entriesMark = '# entries'
const mostPaths = 300

const inside = (directories: readonly string[]): string => directories.map(path => `${quote(path)}/*`).join(' | ')

/** What a host says: lines that are none of `listing` are left out. */
export function readListing(output: string): { readonly manifests: string; readonly entries: readonly Entry[] } {
  const [manifests = '', lines = ''] = output.split(`\n${entriesMark}\n`)
  return { manifests, entries: lines.split('\n').flatMap(line => entryOf(line) ?? []) }
}

const line =
  /^(file|directory|other) ([0-7]{1,4}) (\d{1,10}) (\d{1,10}) ([\w.-]+\$?) ([\w.-]+\$?) (\d{1,15}) ([0-9a-f]{64}|-) (\/\S*) (\/\S*)$/

function entryOf(text: string): Entry | undefined {
  const [found, type, mode = '', uid, gid, user = '', group = '', size, sha256 = '', path = '', real = ''] =
    line.exec(text) ?? []
  if (found === undefined) return undefined
  return {
    ...{ type: type as Entry['type'], mode, user, group, sha256, path, real },
    ...{ uid: Number(uid), gid: Number(gid), size: Number(size) },
  }
}
