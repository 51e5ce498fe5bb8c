import { isIP } from 'node:net'
import type { HostView } from 'rota'
import { firstAddress } from '../cluster/address.ts'
import type { Wish } from './wish.ts'

/** What certificates depend on. */
export interface ClusterNames {
  readonly masters: readonly HostView[]
  readonly dnsDomain: string
  /** `10.233.0.0/18`, or two of them separated by a comma. */
  readonly serviceAddresses: string
  readonly loadBalancerName: string
  /** The virtual address, the external load balancer. */
  readonly loadBalancerAddresses: readonly string[]
  /** kubespray's `supplementary_addresses_in_ssl_keys`. */
  readonly supplementary: readonly string[]
}

/** kubeadm's names of the authorities, and their subjects. */
export const kubernetesAuthorities = {
  ca: 'kubernetes-ca',
  'front-proxy-ca': 'front-proxy-ca',
  'etcd/ca': 'etcd-ca',
} as const
export const etcdAuthorities = { 'etcd/ca': 'etcd-ca' } as const

/**
 * Everything a client may dial or call an API server: every master has the names of all, so that any of them serves for
 * any.
 */
export function apiServerNames(cluster: ClusterNames): {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
} {
  const { masters, dnsDomain } = cluster
  const all = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${dnsDomain}`,
    'localhost',
    '127.0.0.1',
    '::1',
    ...cluster.serviceAddresses.split(',').map(range => firstAddress(range.trim())),
    cluster.loadBalancerName,
    ...cluster.loadBalancerAddresses,
    ...masters.flatMap(hostNames),
    ...masters.map(master => `${master.name}.${dnsDomain}`),
    ...cluster.supplementary,
  ]
  return split(all)
}

/** The certificates of one master, by kubeadm's names. */
export function masterWishes(host: HostView, cluster: ClusterNames): readonly Wish[] {
  const client = (name: string, ca: string, commonName: string, organization?: string): Wish => ({
    name: of(host, name),
    ca,
    subject: { commonName, ...(organization === undefined ? {} : { organization }) },
    names: [],
    addresses: [],
    usages: ['client'],
  })
  return [
    {
      name: of(host, 'apiserver'),
      ca: 'ca',
      subject: { commonName: 'kube-apiserver' },
      ...apiServerNames(cluster),
      usages: ['server'],
    },
    client('apiserver-kubelet-client', 'ca', 'kube-apiserver-kubelet-client', 'system:masters'),
    client('apiserver-etcd-client', 'etcd/ca', 'kube-apiserver-etcd-client'),
    client('front-proxy-client', 'front-proxy-ca', 'front-proxy-client'),
    client('admin', 'ca', 'kubernetes-admin', 'system:masters'),
    client('controller-manager', 'ca', 'system:kube-controller-manager'),
    client('scheduler', 'ca', 'system:kube-scheduler'),
  ]
}

/**
 * The certificates of one etcd member: it dials and is dialled as itself alone, so a new member changes nobody else's.
 */
export function etcdWishes(host: HostView): readonly Wish[] {
  const own = split([...hostNames(host), 'localhost', '127.0.0.1', '::1'])
  const wish = (name: string, usages: Wish['usages'], names: typeof own): Wish => ({
    name: of(host, `etcd/${name}`),
    ca: 'etcd/ca',
    subject: { commonName: host.name },
    ...names,
    usages,
  })
  return [
    wish('server', ['server', 'client'], own),
    wish('peer', ['server', 'client'], own),
    { ...wish('client', ['client'], { names: [], addresses: [] }), subject: { commonName: 'kube-etcd-client' } },
  ]
}

/** Path of a host's certificate in the store. */
export const of = (host: HostView, name: string): string => `hosts/${encodeURIComponent(host.name)}/${name}`

const hostNames = (host: HostView): readonly string[] => [host.name, host.address, host.ip]

const split = (
  all: readonly string[],
): { readonly names: readonly string[]; readonly addresses: readonly string[] } => {
  const unique = [...new Set(all)]
  return { names: unique.filter(text => isIP(text) === 0), addresses: unique.filter(text => isIP(text) !== 0) }
}
