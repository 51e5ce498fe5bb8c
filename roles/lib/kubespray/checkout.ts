import type { DefaultsFolder, DefaultsRule } from 'rota'
import { releaseOnHosts } from './betrayed.ts'
import { isKnown, knownDefaults, knownReleases } from './releases.ts'

/**
 * A checkout of kubespray, whose role defaults count where the inventory says nothing. Its own inventories lie in it,
 * `inventory/mycluster`.
 */
export const kubesprayCheckout: DefaultsRule = {
  what: 'checkout of kubespray',
  flag: 'kubespray',
  description: 'checkout of kubespray whose role defaults count (kubespray_dir, ROTA_KUBESPRAY, or found beside)',
  variable: 'kubespray_dir',
  environment: 'ROTA_KUBESPRAY',
  beside: 'kubespray',
  look: folder => {
    const version = versionOf(folder)
    if (version === undefined) return undefined
    const files = filesOf(folder)
    const found = { label: `kubespray ${version}`, version, files, forTemplates }
    if (!isKnown(version)) return { ...found, files: [], wrong: knownReleases }
    return files.length === 0 ? { ...found, wrong: 'its roles with the defaults are not there' } : found
  },
  version: { variable: 'kubespray_release', look: knownDefaults, onHosts: releaseOnHosts },
}

/**
 * Here they say where an etcd of Rota's own is, beside which kubespray's is told by its own files on the host: moved
 * to its folders, ours would begin with no data. `etcd_access_address` counts for their API servers only where the
 * inventory sets it. So it is with the version of etcd: no member that works goes to another one because a default has
 * become another. URLs of programs are made of `dl_k8s_io_url` and `github_url` here, too, without asking each host
 * which machine it is.
 */
const forTemplates = [
  'etcd_access_address',
  'etcd_config_dir',
  'etcd_data_dir',
  'etcd_version',
  'etcd_image_tag',
  'etcd_download_url',
  'kubeadm_download_url',
  'kubelet_download_url',
  'kubectl_download_url',
  'containerd_download_url',
  'runc_download_url',
  'crictl_download_url',
  'nerdctl_download_url',
  'cni_download_url',
]

/** As its collection calls itself; a branch has the version of its next release. */
function versionOf(folder: DefaultsFolder): string | undefined {
  const galaxy = folder.read('galaxy.yml') ?? ''
  const field = (name: string) => new RegExp(`^${name}: *["']?([\\w.-]+)["']? *$`, 'm').exec(galaxy)?.[1]
  return field('name') === 'kubespray' ? field('version') : undefined
}

/**
 * Roles whose variables ours read, by the names of all releases. Where two define a variable, the one that every play
 * of theirs begins with counts, and so it comes last.
 */
const roles = [
  'container-engine/containerd-common',
  'container-engine/containerd',
  'container-engine/cri-dockerd',
  'container-engine/docker',
  'kubernetes/client',
  'kubernetes/preinstall',
  'kubernetes/kubeadm',
  'kubernetes/kubeadm_common',
  'kubernetes/node',
  'kubernetes/control-plane',
  'etcd',
  'etcd_defaults',
  'upgrade/pre-upgrade',
  'upgrade/post-upgrade',
  'kubespray-defaults',
  'kubespray_defaults',
]

const filesOf = (folder: DefaultsFolder): readonly string[] =>
  roles.flatMap(role => [
    ...filesIn(folder, `roles/${role}/defaults`),
    // Theirs are stronger than an inventory: no sensible one sets them.
    ...(/kubespray.defaults/.test(role) ? filesIn(folder, `roles/${role}/vars`) : []),
  ])

/** `main.yml`, or all in a folder `main`. */
const filesIn = (folder: DefaultsFolder, path: string): readonly string[] => [
  ...folder
    .list(path)
    .filter(name => /^main\.ya?ml$/.test(name))
    .map(name => `${path}/${name}`),
  ...folder
    .list(`${path}/main`)
    .filter(name => /^[^.].*\.ya?ml$/.test(name))
    .map(name => `${path}/main/${name}`),
]
