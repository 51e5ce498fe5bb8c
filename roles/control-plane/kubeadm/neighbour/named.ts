import { dirname } from 'node:path/posix'
import { certificatesDirIn } from '../config-map.ts'
import { type At, filledByKubeadm, isWithin, ownDirectories } from './listing.ts'

/** A path of the host that the pods of a master are given. */
export interface Named {
  readonly path: string
  /** `--audit-policy-file` of a daemon, or a volume. */
  readonly by: string
  /** Of a volume: a directory is meant with everything in it. */
  readonly whole: boolean
  /** `DirectoryOrCreate`; empty where nothing is said. */
  readonly type: string
  /** A pod may write there: logs. */
  readonly writable: boolean
}

interface Mount {
  readonly host: string
  readonly container: string
  readonly type: string
  readonly writable: boolean
}

interface Pod {
  readonly flags: readonly (readonly [name: string, value: string])[]
  readonly mounts: readonly Mount[]
}

// kubeadm writes both kinds of text itself, with sorted keys and one item a line: see config-map.ts.

/** Paths that the manifests of a master name, one text after the other. */
export const namedByManifests = (manifests: string, at: At): readonly Named[] =>
  manifests.split(/^(?=apiVersion: )/m).flatMap(text => namedBy(podOf(text), at))

function podOf(manifest: string): Pod {
  const volumes = new Map(
    [...manifest.matchAll(/^ *- hostPath:\n +path: (\S+)(?:\n +type: (\S*))?\n +name: (\S+)/gm)].map(
      ([, path = '', type = '', name = '']) => [name, { path: bare(path), type: bare(type) }] as const,
    ),
  )
  const mounts = [...manifest.matchAll(/^ *- mountPath: (\S+)\n +name: (\S+)(?:\n +(readOnly: true))?/gm)].flatMap(
    ([, container = '', name = '', readOnly]) => {
      const volume = volumes.get(name)
      if (volume === undefined) return []
      return { host: volume.path, type: volume.type, container: bare(container), writable: readOnly === undefined }
    },
  )
  const flags = [...manifest.matchAll(/^ *- ["']?--([a-z0-9-]+)=(.*)$/gm)].map(
    ([, name = '', value = '']) => [name, bare(value)] as const,
  )
  return { flags, mounts }
}

/** Paths that a ClusterConfiguration names. */
export const namedByConfig = (config: string, at: At): readonly Named[] =>
  config
    .split(/^(?=\S)/m)
    .filter(section => /^(apiServer|controllerManager|scheduler):/.test(section))
    .flatMap(section => namedBy(podIn(section, certificatesDirIn(config) ?? `${at.kubeConfigDir}/pki`), at))

function podIn(section: string, certificates: string): Pod {
  const mounts = [
    ...section.matchAll(
      /^ *- hostPath: (\S+)\n +mountPath: (\S+)\n +name: \S+(?:\n +pathType: (\S*))?(?:\n +(readOnly: true))?/gm,
    ),
  ].map(([, host = '', container = '', type = '', readOnly]) => ({
    ...{ host: bare(host), container: bare(container), type: bare(type), writable: readOnly === undefined },
  }))
  // Mounted without being named there.
  const own = { host: certificates, container: certificates, type: 'DirectoryOrCreate', writable: false }
  const flags = [
    ...section.matchAll(/^ +([a-z0-9-]+): (["']?\/.*)$/gm),
    ...section.matchAll(/^ *- name: (\S+)\n +value: (["']?\/.*)$/gm),
  ].map(([, name = '', value = '']) => [bare(name), bare(value)] as const)
  return { flags, mounts: [...mounts, own] }
}

const bare = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .replace(/["']$/, '')

/** Flags whose value a daemon writes to, or that kubeadm brings with the certificates of an etcd. */
const notRead = [
  ...['audit-log-path', 'log-file', 'log-dir', 'cert-dir', 'root-dir', 'flex-volume-plugin-dir'],
  ...['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'],
]

function namedBy({ flags, mounts }: Pod, at: At): readonly Named[] {
  const volumes = mounts
    .filter(({ host, type, writable }) => {
      if (host === '/' || host === at.kubeConfigDir) return false
      if ([...ownDirectories, ...filledByKubeadm(at)].some(directory => isWithin(host, directory))) return false
      // What is made where it is missing, or written to, is no configuration; kubespray has some in its own directory.
      return isWithin(host, at.kubeConfigDir) || (type !== 'DirectoryOrCreate' && !writable)
    })
    .map(({ host, type, writable }) => ({ path: host, by: `a volume of ${host}`, whole: true, type, writable }))
  const files = flags
    .filter(([name]) => !notRead.includes(name))
    .flatMap(([name, value]) =>
      [...value.matchAll(/(?:^|[,:=])(\/[^,:=\s]+)/g)].flatMap(([, path = '']) => {
        const onHost = hostPath(path, mounts)
        return onHost === undefined ? [] : { path: onHost, by: `--${name}`, whole: false, type: '', writable: false }
      }),
    )
  const certificates = flags.flatMap(([name, value]) => (name === 'client-ca-file' ? dirname(value) : []))
  return [...volumes, ...files].filter(({ path }) => !isKubeadms(path, certificates, at))
}

/** A flag names a path in the container. */
function hostPath(path: string, mounts: readonly Mount[]): string | undefined {
  const [mount] = mounts
    .filter(({ container }) => isWithin(path, container))
    .sort((a, b) => b.container.length - a.container.length)
  return mount && `${mount.host}${path.slice(mount.container.length)}`
}

/** Made by kubeadm on every master. */
function isKubeadms(path: string, certificates: readonly string[], at: At): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (dirname(path) === at.kubeConfigDir)
    return /^(admin|super-admin|controller-manager|scheduler|kubelet|bootstrap-kubelet)\.conf$/.test(name)
  const directories = [...certificates, `${at.kubeConfigDir}/pki`, `${at.kubeConfigDir}/ssl`]
  return directories.some(
    directory =>
      path === directory ||
      isWithin(path, `${directory}/etcd`) ||
      (dirname(path) === directory &&
        /^(ca|apiserver|apiserver-[\w-]+|front-proxy-[\w-]+|sa)\.(crt|key|pub)$/.test(name)),
  )
}
