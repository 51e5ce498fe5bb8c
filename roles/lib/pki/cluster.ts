import { isIP } from 'node:net'
import type { HostView } from 'rota'
import { firstAddress } from '../cluster/address.ts'
import type { Alternatives, Wish } from './wish.ts'

/** What certificates depend on. */
export interface ClusterNames {
  readonly masters: readonly HostView[]
  /** Of the masters, kubespray's `kube_override_hostname`: it has it among the names, and so has kubeadm. */
  readonly nodeNames: readonly string[]
  readonly dnsDomain: string
  /** `10.233.0.0/18`, one of each family. */
  readonly services: readonly string[]
  readonly loadBalancerName: string
  /** The operator has said that name: somebody calls it, whether or not there is a balancer that is known here. */
  readonly namesLoadBalancer: boolean
  /** The virtual address, the external load balancer. */
  readonly loadBalancerAddresses: readonly string[]
  /** Addresses of the masters of a second family. */
  readonly secondAddresses: readonly string[]
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
 * What a certificate of an API server has when it is made: every master has the names of all, so that any of them
 * serves for any. `needed` is the part of it that clients dial and call, and the only one for whose sake a certificate
 * is made anew: a cluster that others have made keeps its own, and nothing restarts for names that nobody uses. Of the
 * masters' addresses these are the ones of `dialled`: those who show this certificate, so that a new master changes
 * nobody else's; nobody, where it is looked at through a proxy.
 */
export function apiServerNames(
  cluster: ClusterNames,
  dialled: readonly HostView[],
): Alternatives & { readonly needed: Alternatives } {
  const { masters, dnsDomain, loadBalancerName } = cluster
  const services = cluster.services.map(firstAddress)
  const needed = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${dnsDomain}`,
    'localhost',
    // Where the cluster speaks IPv6 alone, too: every host has it, and kubespray's kubeconfigs go there.
    '127.0.0.1',
    // The Service `kubernetes` has one address, of the first range.
    ...services.slice(0, 1),
    ...(cluster.loadBalancerAddresses.length > 0 || cluster.namesLoadBalancer ? [loadBalancerName] : []),
    ...cluster.loadBalancerAddresses,
    ...dialled.flatMap(({ address, ip }) => [address, ip]),
    ...cluster.supplementary,
  ]
  const wished = [
    '::1',
    ...services,
    ...cluster.secondAddresses,
    loadBalancerName,
    ...masters.flatMap(({ address, ip }) => [address, ip]),
    ...masters.map(({ name }) => name),
    ...cluster.nodeNames,
    ...masters.map(({ name }) => `${name}.${dnsDomain}`),
  ]
  return { ...split([...needed, ...wished]), needed: split(needed) }
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
      ...apiServerNames(cluster, [host]),
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
 * Clients dial its `accessAddress`.
 */
export function etcdWishes(host: HostView, accessAddress: string): readonly Wish[] {
  const own = [host.name, host.address, host.ip, 'localhost', '127.0.0.1', '::1']
  const wish = (name: string, usages: Wish['usages'], names: Alternatives): Wish => ({
    name: of(host, `etcd/${name}`),
    ca: 'etcd/ca',
    subject: { commonName: host.name },
    ...names,
    usages,
  })
  return [
    wish('server', ['server', 'client'], split([...own, accessAddress])),
    wish('peer', ['server', 'client'], split(own)),
    { ...wish('client', ['client'], { names: [], addresses: [] }), subject: { commonName: 'kube-etcd-client' } },
  ]
}

/** Path of a host's certificate in the store. */
export const of = (host: HostView, name: string): string => `hosts/${encodeURIComponent(host.name)}/${name}`

const split = (all: readonly string[]): Alternatives => {
  const unique = [...new Set(all)]
  return { names: unique.filter(text => isIP(text) === 0), addresses: unique.filter(text => isIP(text) !== 0) }
}
