import { posix } from 'node:path'
import { quote, type VersionOnHosts } from 'rota'
import { defaultsBetween, newest, oldest } from './releases.ts'

/**
 * Of which release a cluster is, where nobody says so: what kubespray writes on each master differs between releases.
 * All masters are asked, and what all their releases agree about counts: while kubespray upgrades, they differ.
 */
export const releaseOnHosts: VersionOnHosts = {
  variable: 'kubespray_release',
  group: 'kube_control_plane',
  script: value => marksText(filesOf(value)),
  look: printed => {
    const told = [...printed].flatMap(([host, text]) => {
      const seen = releasesBetrayed(text)
      return seen === undefined ? [] : [{ host, ...seen }]
    })
    const [first] = told
    if (first === undefined) return undefined
    const by = `told by ${told.map(({ host }) => host).join(', ')} (${first.files.join(', ')})`
    const releases = told.flatMap(each => each.releases)
    if (told.some(each => each.releases.length === 0))
      return { label: `kubespray, ${by}`, version: '', files: [], wrong: 'its files are of no one release' }
    const found = defaultsBetween(Math.min(...releases), Math.max(...releases))
    return { ...found, label: `${found.label}, ${by}` }
  },
}

/** Files of a master by which its release is told; paths as kubespray's variables have them. */
interface Files {
  readonly config: string
  readonly env: string
  readonly script: string
  readonly kubeadm: string
}

export function filesOf(value: (name: string) => string | undefined): Files {
  const dir = value('kube_config_dir') ?? '/etc/kubernetes'
  return {
    config: posix.join(dir, 'kubelet-config.yaml'),
    env: posix.join(dir, 'kubelet.env'),
    script: posix.join(value('bin_dir') ?? '/usr/local/bin', 'k8s-certs-renew.sh'),
    kubeadm: posix.join(dir, 'kubeadm-config.yaml'),
  }
}

/** Prints the marks alone, for kubeadm's configuration holds a token; nothing where kubespray has made no master. */
export const marksText = ({ config, env, script, kubeadm }: Files): string => `config=${quote(config)}
script=${quote(script)}
kubeadm=${quote(kubeadm)}
[ -r "$config" ] && [ -r ${quote(env)} ] || exit 0
printf 'file %s\\n' "$config"
grep -oE '^(maxParallelImagePulls|containerRuntimeEndpoint|failCgroupV1|address: ["0-9a-f:]|staticPodPath: ["/])' "$config"
if [ -r "$script" ]; then
  printf 'file %s\\n' "$script"
  grep -oE '^days_buffer|systemd-analyze calendar' "$script"
fi
if [ -r "$kubeadm" ]; then
  sed -n 's/^kubernetesVersion: *"\\{0,1\\}v\\{0,1\\}\\([0-9][0-9]*\\.[0-9][0-9]*\\)\\..*/kubernetes \\1/p' "$kubeadm"
fi
:`

/**
 * The releases (minor versions of kubespray 2) whose files print this; none where they contradict each other, undefined
 * where the master is not kubespray's. One before the oldest known stands for all before it.
 */
export function releasesBetrayed(
  text: string,
): { readonly releases: readonly number[]; readonly files: readonly string[] } | undefined {
  const lines = text.split('\n')
  const files = lines.flatMap(line => (line.startsWith('file ') ? [line.slice('file '.length)] : []))
  if (files.length === 0) return undefined
  const has = (mark: string) => lines.some(line => line.startsWith(mark))
  const hasScript = files.length > 1
  const byFiles = candidates.filter(release =>
    marks.every(({ mark, of, script, isOptional }) => {
      if (script && !hasScript) return true
      return has(mark) ? of(release) : isOptional || !of(release)
    }),
  )
  const minor = Number(/^kubernetes 1\.(\d+)$/m.exec(text)?.[1])
  const byVersion = byFiles.filter(release => minor >= release + 2 && minor <= release + 4)
  // A version that no release has was given by other means: by Rota, for one.
  return { releases: byVersion.length > 0 ? byVersion : byFiles, files }
}

const candidates = Array.from({ length: newest - oldest + 2 }, (_, index) => oldest - 1 + index)

interface Mark {
  /** What a line begins with. */
  readonly mark: string
  /** Whether the release writes it. */
  readonly of: (release: number) => boolean
  /** It stands in k8s-certs-renew.sh, else in kubelet-config.yaml. */
  readonly script?: true
  /** The release writes it at some settings only. */
  readonly isOptional?: true
}

/** Sources: templates of the roles kubernetes/node and kubernetes/control-plane, at each tag from v2.25.0 on. */
const marks: readonly Mark[] = [
  { mark: 'maxParallelImagePulls', of: release => release >= 26 },
  { mark: 'containerRuntimeEndpoint', of: release => release >= 27 },
  { mark: 'address: "', of: release => release >= 28 },
  { mark: 'staticPodPath: "', of: release => release === 29 || release === 30 },
  { mark: 'failCgroupV1', of: release => release >= 31, isOptional: true },
  { mark: 'days_buffer', of: release => release >= 29, script: true },
  { mark: 'systemd-analyze calendar', of: release => release >= 32, script: true },
]
