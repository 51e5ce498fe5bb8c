import type { RemoteShell } from 'rota'
import { tagOfVersion } from '../../lib/version.ts'

// kubeadm writes these itself, with sorted keys and one item a line: reading them needs no YAML library, which would
// cost every run.

/** `kubernetesVersion` of a ClusterConfiguration. */
export const versionIn = (config: string): string | undefined => /^kubernetesVersion: "?(v[^"\s]+)/m.exec(config)?.[1]

/** `certSANs` of a ClusterConfiguration. */
export const sansIn = (config: string): readonly string[] => listIn(config, 'certSANs')

/** Endpoints of an external etcd in a ClusterConfiguration. */
export const etcdEndpointsIn = (config: string): readonly string[] => listIn(config, 'endpoints')

function listIn(config: string, name: string): readonly string[] {
  const list = new RegExp(`^( *)${name}:\\n((?:\\1 *- .*\\n?)+)`, 'm').exec(config)?.[2] ?? ''
  return list
    .split('\n')
    .map(line => line.replace(/^ *- +/, '').replace(/^(["'])(.*)\1$/, '$2'))
    .filter(Boolean)
}

/** Images of a master's daemons, as kubeadm makes them from a ClusterConfiguration; none where it names no version. */
export function daemonImagesIn(config: string): readonly string[] {
  const version = versionIn(config)
  const repository = /^imageRepository: "?([^"\s]+)/m.exec(config)?.[1]
  if (version === undefined || repository === undefined) return []
  return ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
    name => `${repository}/${name}:${tagOfVersion(version)}`,
  )
}

export const certificatesDirIn = (config: string): string | undefined =>
  /^certificatesDir: "?([^"\s]+)/m.exec(config)?.[1]

export const endpointIn = (config: string): string | undefined =>
  /^controlPlaneEndpoint: "?([^"\n]+)/m.exec(config)?.[1]

/** Nodes of a ClusterStatus, which kubeadm kept up to 1.21. */
export const statusNodesIn = (config: string): readonly string[] =>
  [...(/^apiEndpoints:\n((?: .*\n?)+)/m.exec(config)?.[1] ?? '').matchAll(/^ {2}(\S+):$/gm)].map(
    ([, name = '']) => name,
  )

/** The parts of kubeadm-config as plain data. A change works on them in place. */
export interface ClusterParts {
  readonly ClusterConfiguration: {
    controlPlaneEndpoint?: string
    apiServer?: { certSANs?: string[] }
    etcd?: { external?: { endpoints: readonly string[]; caFile?: string; certFile?: string } }
  }
  readonly ClusterStatus?: { apiEndpoints?: Record<string, unknown> }
}

interface ConfigMap {
  readonly data: Record<string, string>
}

/**
 * Changes kubeadm-config through an API server. What has changed since it was read is not overwritten: Kubernetes
 * refuses it by its resourceVersion, and it is read again.
 */
export async function changeClusterConfig(
  { $, words }: { readonly $: RemoteShell; readonly words: readonly string[] },
  change: (parts: ClusterParts) => void,
): Promise<void> {
  const { parse, stringify } = await import('yaml')
  await changeConfigMap({ $, words }, ['kube-system', 'kubeadm-config'], data => {
    const parts = Object.fromEntries(Object.entries(data).map(([name, text]) => [name, parse(text)]))
    const before = JSON.stringify(parts)
    change(parts as unknown as ClusterParts)
    if (JSON.stringify(parts) === before) return data
    return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, stringify(part)]))
  })
}

export async function changeConfigMap(
  { $, words }: { readonly $: RemoteShell; readonly words: readonly string[] },
  [namespace, name]: readonly [namespace: string, name: string],
  change: (data: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  for (let left = 5; ; left -= 1) {
    const map = JSON.parse((await $`${words} -n ${namespace} get configmap ${name} -o json`).stdout) as ConfigMap
    const data = change(map.data)
    // What stays as it is keeps its text, too: who else writes it would find it changed.
    if (data === map.data) return
    const changed = { ...map, data }
    const answer = await $`${words} -n ${namespace} replace -f -`.stdin(JSON.stringify(changed)).nothrow()
    if (answer.exitCode === 0) return
    if (left === 0 || !/has been modified|Conflict/i.test(answer.stderr))
      throw new Error(`${namespace}/${name} could not be changed: ${answer.stderr.trim()}`)
  }
}
