import type { HostView, InventoryView } from 'rota'
import { atLeast } from '../lib/cluster/index.ts'
import { buildHostProblems } from '../nginx-build/artefact.ts'
import { checksumOf } from '../nginx-build/source-params.ts'
import type { Settings } from './settings.ts'

interface Insecure {
  readonly protocol: 'tcp' | 'http'
  readonly allowInsecureUpstream: boolean
  readonly insecurePort: number
  readonly kubeVersion?: string | undefined
}

/** `protocol: http` is for clusters that have no other way, and only where the operator says so. */
export function insecureProblems(
  { protocol, allowInsecureUpstream, insecurePort, kubeVersion }: Insecure,
  role: string,
) {
  if (protocol !== 'http') return []
  const allow = `${role}_allow_insecure_upstream`
  return [
    ...(allowInsecureUpstream
      ? []
      : [
          `protocol: http leads to the insecure port of the API servers, which asks nobody who they are and encrypts nothing: everybody who reaches the proxy is an administrator of the cluster. For an old cluster that has nothing else, set ${allow}: true`,
        ]),
    ...(insecurePort === 0
      ? ['protocol: http has nothing to lead to: kube_apiserver_insecure_port is 0, the insecure port is off']
      : []),
    ...(kubeVersion !== undefined && /^v?\d+\.\d+/.test(kubeVersion) && atLeast(kubeVersion, '1.20')
      ? [
          `protocol: http has nothing to lead to: the insecure port can't be opened from Kubernetes 1.20 on, its flags are gone from 1.24 on, and kube_version is ${kubeVersion}`,
        ]
      : []),
  ]
}

/** What is wrong with a proxy's set-up beyond the schema. */
export const settingsProblems = (settings: Settings, inventory: InventoryView): readonly string[] => [
  ...insecureProblems(settings, 'nginx_proxy'),
  ...(settings.healthPort === settings.port ? [`healthPort: ${settings.port} is the port of the proxy itself`] : []),
  ...(settings.variant === 'source' ? sourceProblems(settings, inventory) : []),
]

const sourceProblems = (settings: Settings, inventory: InventoryView): readonly string[] => [
  ...buildHostProblems(settings, inventory),
  ...(checksumOf(settings) === undefined
    ? [`nginx_source_sha256: the checksum of nginx ${settings.version} is not known here: set it`]
    : []),
  ...(settings.configureFlags.includes('--with-stream') || settings.protocol === 'http'
    ? []
    : ['configureFlags: without --with-stream there is no TCP proxy']),
  ...(settings.configureFlags.includes('--without-http') && (settings.protocol === 'http' || settings.healthPort > 0)
    ? ['configureFlags: --without-http leaves out what protocol: http and healthPort need']
    : []),
]

/** Where the load balancer of a master would take the port of its API server. */
export const portProblems = (port: number, apiserverPort: number, host: HostView): readonly string[] =>
  port === apiserverPort && host.groups.some(group => group === 'kube_control_plane' || group === 'kube-master')
    ? [`port: ${port} is the API server's own port on this host: choose another, such as 8443`]
    : []
