import { isIPv6 } from 'node:net'
import type { HostView, InventoryView } from 'rota'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { etcdClientUrls, nodesOf, podRanges, serviceRanges, withV } from '../../lib/cluster/index.ts'
import { servedNames } from '../credentials/certificates.ts'
import { apiServerFlags } from '../daemons/apiserver-flags.ts'
import { controllerManagerFlags, schedulerFlags } from '../daemons/controller-flags.ts'
import type { Params } from '../daemons/daemons.ts'
import { type Flag, flagValues } from '../daemons/flags.ts'
import { type ApiVersion, apiVersionOf } from './api-version.ts'
import { controlPlaneEndpoint } from './endpoint.ts'
import { patchesOf } from './neighbour/listing.ts'

type Document = Readonly<Record<string, unknown>>

/** JSON is YAML, and needs no quoting rules. */
export const documents = (list: readonly Document[]): string =>
  list.map(item => `${JSON.stringify(item, undefined, 2)}\n`).join('---\n')

/** Everything that `kubeadm init` is told on the first master. */
export function initDocuments(params: Params, host: HostView, inventory: InventoryView): readonly Document[] {
  const version = apiVersionOf(params.kubeVersion)
  return [
    {
      ...kind(version, 'InitConfiguration'),
      // Only there so that kubeadm does not make one that lives for a day.
      bootstrapTokens: [{ ttl: '10m0s', usages: ['signing', 'authentication'] }],
      localAPIEndpoint: localEndpoint(params, host),
      nodeRegistration: nodeRegistration(params, host, inventory, version),
      ...timeouts(version),
    },
    clusterConfiguration(params, host, inventory),
    {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      ...params.kubeletConfiguration,
    },
  ]
}

export interface JoinMaterial {
  /** `10.0.0.1:6443` of a master that is ready. */
  readonly endpoint: string
  readonly token: string
  /** `sha256:…` of the authority's public key. */
  readonly caCertHash: string
  readonly certificateKey: string
  /** The masters of this cluster are patched. */
  readonly patches: boolean
  /** File on the host that says where the cluster is, where nobody tells that without credentials. */
  readonly discoveryFile?: string
}

/** What `kubeadm join` is told on a new master. It holds secrets. */
export function joinDocument(params: Params, host: HostView, inventory: InventoryView, made: JoinMaterial): Document {
  const version = apiVersionOf(params.kubeVersion)
  return {
    ...kind(version, 'JoinConfiguration'),
    discovery: discovery(made),
    controlPlane: { localAPIEndpoint: localEndpoint(params, host), certificateKey: made.certificateKey },
    nodeRegistration: nodeRegistration(params, host, inventory, version),
    ...(made.patches && version !== 'v1beta2' ? { patches: { directory: patchesOf(params) } } : {}),
    ...timeouts(version),
  }
}

/** What `kubeadm join` is told on a new worker. It holds a secret. */
export function workerDocument(
  params: NodeParams & Pick<Params, 'kubeVersion'>,
  host: HostView,
  inventory: InventoryView,
  made: Discovered,
): Document {
  const version = apiVersionOf(params.kubeVersion)
  return {
    ...kind(version, 'JoinConfiguration'),
    discovery: discovery(made),
    nodeRegistration: nodeRegistration(params, host, inventory, version),
  }
}

type Discovered = Pick<JoinMaterial, 'discoveryFile' | 'endpoint' | 'token' | 'caCertHash'>

const discovery = ({ discoveryFile, endpoint, token, caCertHash }: Discovered): Document =>
  discoveryFile === undefined
    ? { bootstrapToken: { apiServerEndpoint: endpoint, token, caCertHashes: [caCertHash] } }
    : { file: { kubeConfigPath: discoveryFile }, tlsBootstrapToken: token }

/**
 * An InitConfiguration for phases that work on the cluster as it is: `cluster` is the ClusterConfiguration that it has
 * itself.
 */
export const phaseConfig = (
  params: Params,
  { host, inventory }: { readonly host: HostView; readonly inventory: InventoryView },
  cluster: string,
  more: { readonly certificateKey?: string } = {},
): string => {
  const [version = ''] = /kubeadm\.k8s\.io\/\w+/.exec(cluster) ?? []
  const own = {
    apiVersion: version,
    kind: 'InitConfiguration',
    localAPIEndpoint: localEndpoint(params, host),
    nodeRegistration: { name: nodeNameOf(host, inventory), ...socket(params) },
    ...more,
  }
  return `${documents([own])}---\n${cluster}`
}

function clusterConfiguration(params: Params, host: HostView, inventory: InventoryView): Document {
  const version = apiVersionOf(params.kubeVersion)
  const { names, addresses } = servedNames(params, inventory, [])
  const hosts = { masters: [], etcd: [] }
  const args = (flags: readonly Flag[], own: readonly string[], extra: Readonly<Record<string, unknown>>) => ({
    extraArgs: extraArgs(version, flagValues(params.kubeVersion, only(flags, own), extra)),
  })
  return {
    ...kind(version, 'ClusterConfiguration'),
    kubernetesVersion: withV(params.kubeVersion),
    clusterName: params.clusterName,
    controlPlaneEndpoint: controlPlaneEndpoint(params, inventory),
    certificatesDir: `${params.kubeConfigDir}/pki`,
    ...(params.imageRepo === undefined ? {} : { imageRepository: params.imageRepo }),
    networking: {
      dnsDomain: params.dnsDomain,
      serviceSubnet: serviceRanges(params).join(','),
      podSubnet: podRanges(params).join(','),
    },
    etcd: etcd(params, inventory, version),
    apiServer: {
      ...args(apiServerFlags(params, host, hosts), apiServerArguments, params.apiserverArguments),
      certSANs: [...names, ...addresses],
      ...(version === 'v1beta4' ? {} : { timeoutForControlPlane: '5m0s' }),
      ...(params.encryptionConfig === undefined ? {} : { extraVolumes: [encryptionVolume(params)] }),
    },
    controllerManager: args(
      controllerManagerFlags(params),
      controllerManagerArguments,
      params.controllerManagerArguments,
    ),
    scheduler: args(schedulerFlags(params), schedulerArguments, params.schedulerArguments),
    ...(version === 'v1beta4' ? { certificateValidityPeriod: `${params.certificateDays * 24}h0m0s` } : {}),
  }
}

// kubeadm sets the others itself.
const apiServerArguments = [
  'authorization-mode',
  'bind-address',
  'enable-admission-plugins',
  'encryption-provider-config',
  'goaway-chance',
  'kubelet-preferred-address-types',
  'profiling',
  'service-node-port-range',
  'shutdown-delay-duration',
  'v',
]
const controllerManagerArguments = [
  'bind-address',
  'node-cidr-mask-size',
  'node-cidr-mask-size-ipv4',
  'node-cidr-mask-size-ipv6',
  'profiling',
  'v',
]
const schedulerArguments = ['bind-address', 'profiling', 'v']

const only = (flags: readonly Flag[], names: readonly string[]): readonly Flag[] =>
  flags.filter(([name]) => names.includes(name))

/** A map, from v1beta4 on a list. */
const extraArgs = (version: ApiVersion, values: readonly (readonly [string, string])[]) =>
  version === 'v1beta4' ? values.map(([name, value]) => ({ name, value })) : Object.fromEntries(values)

function etcd(params: Params, inventory: InventoryView, version: ApiVersion): Document {
  if (params.etcdDeployment === 'kubeadm')
    return { local: { dataDir: params.etcdDataDir, extraArgs: extraArgs(version, etcdArguments(params)) } }
  const pki = `${params.kubeConfigDir}/pki`
  return {
    external: {
      endpoints: etcdClientUrls(params, inventory),
      caFile: `${pki}/etcd/ca.crt`,
      certFile: `${pki}/apiserver-etcd-client.crt`,
      keyFile: `${pki}/apiserver-etcd-client.key`,
    },
  }
}

/** As kubespray has them: etcd's own (100 and 1000) are for disks and networks without load. */
const etcdArguments = (params: Params): readonly (readonly [string, string])[] => [
  ['election-timeout', String(params.etcdElectionTimeout)],
  ['heartbeat-interval', String(params.etcdHeartbeatInterval)],
]

const encryptionVolume = (params: Params) => {
  const path = `${params.kubeConfigDir}/encryption.yaml`
  return { name: 'encryption', hostPath: path, mountPath: path, readOnly: true, pathType: 'File' }
}

type NodeParams = Pick<Params, 'criSocket' | 'kubeletArguments' | 'ipv4Stack' | 'ipv6Stack' | 'secondAddress'>

function nodeRegistration(params: NodeParams, host: HostView, inventory: InventoryView, version: ApiVersion): Document {
  const isNode = nodesOf(inventory).some(node => node.name === host.name)
  const flags = Object.entries({ 'node-ip': nodeAddresses(params, host), ...params.kubeletArguments })
  return {
    name: nodeNameOf(host, inventory),
    ...socket(params),
    // Without a list kubeadm taints a master; one that is in kube_node too takes pods, as in kubespray.
    ...(isNode ? { taints: [] } : {}),
    kubeletExtraArgs: extraArgs(
      version,
      flags.map(([name, value]) => [name, String(value)] as const),
    ),
  }
}

/** kubespray's `main_ips`: of each family that is spoken, and known. */
const nodeAddresses = ({ ipv4Stack, ipv6Stack, secondAddress }: NodeParams, host: HostView): string =>
  ipv4Stack && ipv6Stack && secondAddress !== undefined && isIPv6(secondAddress) && !isIPv6(host.ip)
    ? `${host.ip},${secondAddress}`
    : host.ip

const socket = ({ criSocket }: Pick<Params, 'criSocket'>) => (criSocket === undefined ? {} : { criSocket })

const localEndpoint = (params: Params, host: HostView) => ({
  advertiseAddress: host.ip,
  bindPort: params.apiserverPort,
})

const timeouts = (version: ApiVersion): Document =>
  version === 'v1beta4' ? { timeouts: { controlPlaneComponentHealthCheck: '5m0s' } } : {}

const kind = (version: ApiVersion, name: string) => ({ apiVersion: `kubeadm.k8s.io/${version}`, kind: name })
