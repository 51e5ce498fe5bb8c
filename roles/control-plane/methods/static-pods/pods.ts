import type { HostView } from 'rota'
import { atLeast, tagOfVersion } from '../../../lib/cluster/index.ts'
import { type MasterFile, sha256 } from '../../credentials/files.ts'
import { controllerPorts } from '../../daemons/controller-flags.ts'
import {
  type ClusterHosts,
  type DaemonName,
  daemonNames,
  daemonWords,
  type Params,
  stopSeconds,
} from '../../daemons/daemons.ts'
import type { Flag } from '../../daemons/flags.ts'
import { type DaemonPod, type Mount, podManifest } from './manifest.ts'

/** Sums of the credentials on the host, by the names of the files; none for one that is not there. */
export type CredentialSums = Readonly<Record<string, string | undefined>>

export interface PodSources {
  readonly params: Params
  readonly host: HostView
  readonly cluster: ClusterHosts
  readonly files: readonly MasterFile[]
  readonly credentials: CredentialSums
}

/** The manifests of a master, in the order in which its daemons start. */
export const podManifests = (sources: PodSources): Readonly<Record<DaemonName, string>> => {
  const pods = daemonNames.map(name => [name, podManifest(podOf(name, sources))] as const)
  return Object.fromEntries(pods) as Record<DaemonName, string>
}

export const imageOf = ({ imageRepo, kubeVersion }: Params, name: DaemonName): string =>
  `${imageRepo ?? (atLeast(kubeVersion, '1.25') ? 'registry.k8s.io' : 'k8s.gcr.io')}/${name}:${tagOfVersion(kubeVersion)}`

export const logOf = (name: DaemonName): string => `/var/log/${name}.log`

function podOf(name: DaemonName, sources: PodSources): DaemonPod {
  const { params, host, cluster } = sources
  const words = daemonWords(params, host, cluster, daemon => ownFlags(daemon, sources))[name]
  return {
    name,
    image: imageOf(params, name),
    words: [...launcher(params, name), ...words],
    probes: probesOf(params, name),
    mounts: mountsOf(params, name),
    cpu: name === 'kube-apiserver' ? '250m' : name === 'kube-controller-manager' ? '200m' : '100m',
    stopTimeout: stopSeconds(params, name),
    reads: readsOf(name, sources),
  }
}

/**
 * Who writes the log file: the daemon itself while it has the flags for it, later the launcher that is in Kubernetes'
 * images. Both write to the container's log as well.
 */
const launcher = ({ kubeVersion }: Params, name: DaemonName): readonly string[] =>
  atLeast(kubeVersion, '1.26')
    ? ['/go-runner', `--log-file=${logOf(name)}`, '--also-stdout=true', '--redirect-stderr=true', name]
    : [name]

function ownFlags(name: DaemonName, { params, credentials }: PodSources): readonly Flag[] {
  const dir = params.credentialsDir
  const until = { until: '1.26' }
  const log: readonly Flag[] = [
    ['alsologtostderr', true, until],
    ['log-file', logOf(name), until],
    ['logtostderr', false, until],
  ]
  if (name !== 'kube-apiserver') return log
  return [
    ...log,
    ['basic-auth-file', credentials['basic_auth.csv'] && `${dir}/basic_auth.csv`, { until: '1.19' }],
    ['client-ca-file', `${dir}/ca.crt`],
    ['tls-cert-file', `${dir}/server.cert`],
    ['tls-private-key-file', `${dir}/server.key`],
    ['token-auth-file', credentials['known_tokens.csv'] && `${dir}/known_tokens.csv`],
  ]
}

function probesOf({ apiserverPort, kubeVersion }: Params, name: DaemonName): DaemonPod['probes'] {
  if (name === 'kube-controller-manager') return { live: '/healthz', port: controllerPorts.controllerManager }
  if (name === 'kube-scheduler') return { live: '/healthz', port: controllerPorts.scheduler }
  return { live: atLeast(kubeVersion, '1.16') ? '/livez' : '/healthz', ready: '/readyz', port: apiserverPort }
}

function mountsOf(params: Params, name: DaemonName): readonly Mount[] {
  const dir = params.kubeConfigDir
  const log: Mount = { name: 'logfile', path: logOf(name), type: 'FileOrCreate', writable: true }
  const pki: Mount = { name: 'pki', path: `${dir}/pki`, type: 'Directory' }
  const authorities: readonly Mount[] = [
    { name: 'ca-certs', path: '/etc/ssl/certs', type: 'DirectoryOrCreate' },
    // Where the links in it lead to.
    { name: 'ca-certificates', path: '/usr/share/ca-certificates', type: 'DirectoryOrCreate' },
  ]
  const kubeconfig = (file: string): Mount => ({ name: 'kubeconfig', path: `${dir}/${file}`, type: 'File' })
  if (name === 'kube-scheduler') return [kubeconfig('scheduler.conf'), log]
  if (name === 'kube-controller-manager') return [kubeconfig('controller-manager.conf'), pki, ...authorities, log]
  return [
    { name: 'srvkube', path: params.credentialsDir, type: 'Directory' },
    pki,
    ...(params.encryptionConfig === undefined
      ? []
      : [{ name: 'encryption', path: `${dir}/encryption.yaml`, type: 'File' } as const]),
    ...authorities,
    log,
  ]
}

/** One sum over the sums: with the keys among them, nobody can guess a password from it. */
function readsOf(name: DaemonName, { files, credentials }: PodSources): string {
  const read = files.filter(file => file.readers.includes(name)).map(file => [file.path, sha256(file.content)])
  return sha256(JSON.stringify([...read, ...(name === 'kube-apiserver' ? Object.entries(credentials) : [])])).slice(
    0,
    40,
  )
}
