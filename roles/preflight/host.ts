import { type Check, defineRole, type HostView, type InventoryView } from 'rota'
import { balancerOn, nodeProxyOn } from '../check-ha/places.ts'
import {
  balancersOf,
  cluster,
  clusterHostsOf,
  clusterProblems,
  etcdMembersOf,
  isOneOf,
  mastersOf,
  membersOf,
} from '../lib/cluster/index.ts'
import { unusualPorts } from '../nginx-proxy/selinux.ts'
import { filesMayBeReplaced, type Written } from './attributes.ts'
import { clocksAreTogether } from './clocks.ts'
import { type HostParams, hostParams } from './host-params.ts'
import { packagesAreWhole } from './package-state.ts'
import type { looksAtHosts } from './params.ts'
import { type Port, portsAreOurs, servers } from './ports.ts'
import { type Place, roomIsThere } from './room.ts'
import { selinuxLetsServe } from './selinux.ts'

/**
 * What would stop any change of a host half-way: a disk that is full, a file that may not be replaced, packages that
 * are half installed, a port that somebody else has, a clock that is wrong. Changes nothing.
 */
export const hostPreflight = defineRole({
  name: 'host-preflight',
  description: 'what would stop any change of a host half-way, looked for before it begins',
  params: hostParams,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: () => [],
  checks: ({ params, host, inventory }) =>
    params.among === 'all' || params.among === kindOf(host, inventory)
      ? Object.entries(checks).flatMap(([name, check]) =>
          params.skip.some(skipped => skipped === name) ? [] : check(params, host, inventory),
        )
      : [],
})

const kindOf = (host: HostView, inventory: InventoryView): HostParams['among'] => {
  if (isOneOf([...mastersOf(inventory), ...etcdMembersOf(inventory)], host)) return 'masters'
  return isOneOf(balancersOf(inventory), host) ? 'balancers' : 'workers'
}

const checks: Record<
  (typeof looksAtHosts)[number],
  (params: HostParams, host: HostView, inventory: InventoryView) => readonly Check[]
> = {
  clocks: () => [clocksAreTogether()],
  room: (params, host, inventory) => [
    roomIsThere(
      placesOn(params, host, inventory),
      // `kubeadm upgrade` copies the data of its member to kubeConfigDir/tmp.
      params.fetches && params.etcdDeployment === 'kubeadm' && isOneOf(mastersOf(inventory), host)
        ? kubeadmData
        : undefined,
    ),
  ],
  attributes: params => [filesMayBeReplaced(writtenOn(params))],
  packages: () => [packagesAreWhole()],
  ports: (params, host, inventory) => {
    const ports = portsOn(params, host, inventory)
    return ports.length === 0 ? [] : [portsAreOurs(ports)]
  },
  selinux: (params, host, inventory) => {
    const ports = unusualPorts(nginxPortsOn(params, host, inventory))
    return ports.length === 0 ? [] : [selinuxLetsServe(ports)]
  },
}

const kubeadmData = '/var/lib/etcd'

/** The first is where kubeadm copies to. Programs of a version take 250 MB and more, twice: beside those in use. */
export function placesOn(params: HostParams, host: HostView, inventory: InventoryView): readonly Place[] {
  const isNode = isOneOf(clusterHostsOf(inventory), host)
  const { etcdDeployment, leaving } = params
  const isMember = etcdDeployment !== 'external' && isOneOf(membersOf(inventory, etcdDeployment, leaving), host)
  return [
    { path: isNode ? params.kubeConfigDir : '/etc', needs: 16 },
    { path: '/var/lib/rota', needs: 64 },
    ...(isNode && params.fetches
      ? [
          { path: params.binDir, needs: 300 },
          { path: params.installDir, needs: 300 },
          { path: '/var/lib/kubelet', needs: 32, evictsBelow: 10 },
          { path: '/var/lib/containerd', needs: 512, evictsBelow: 15 },
          { path: '/var/lib/docker', needs: 0, evictsBelow: 15 },
        ]
      : []),
    ...(isMember
      ? [
          { path: etcdDeployment === 'kubeadm' ? kubeadmData : params.dataDir, needs: params.fetches ? 256 : 16 },
          { path: params.backupDir, needs: 64 },
        ]
      : []),
  ]
}

const writtenOn = ({ kubeConfigDir, manifestDir, binDir }: HostParams): Written => ({
  dirs: [kubeConfigDir, manifestDir, binDir, '/etc/systemd/system', '/etc/haproxy', '/etc/keepalived', '/etc/nginx'],
  files: [
    [kubeConfigDir, '*'],
    [manifestDir, '*.yaml'],
    [`${kubeConfigDir}/pki`, '*'],
    [`${kubeConfigDir}/pki/etcd`, '*'],
    [binDir, 'kube*'],
    ['/var/lib/kubelet', '*.yaml'],
    ['/var/lib/kubelet', '*.env'],
    ['/etc/systemd/system', '*.service'],
    ['/etc', 'hosts'],
    ['/etc', 'etcd.env'],
    ['/etc/haproxy', '*.cfg'],
    ['/etc/keepalived', '*.conf'],
    ['/etc/nginx', '*.conf'],
  ],
})

/** Ports that daemons of the playbooks have on a host, or are about to have. */
export function portsOn(params: HostParams, host: HostView, inventory: InventoryView): readonly Port[] {
  const { etcdDeployment, etcdClientPort, peerPort, leaving } = params
  const proxy = nodeProxyOn(params, host, inventory)
  const balancer = balancerOn(params, host, inventory)
  const isMaster = isOneOf(mastersOf(inventory, leaving), host)
  const isMember = etcdDeployment !== 'external' && isOneOf(membersOf(inventory, etcdDeployment, leaving), host)
  return [
    ...(proxy === undefined ? [] : [{ port: proxy.port, what: proxy.name, programs: servers }]),
    ...(balancer === undefined ? [] : [{ port: balancer.port, what: balancer.name, programs: servers }]),
    ...(isMaster
      ? [
          { port: params.apiserverPort, what: 'kube-apiserver', programs: servers },
          // The kernel keeps fifteen characters of a name.
          { port: 10257, what: 'kube-controller-manager', programs: ['kube-controller', 'hyperkube'] },
          { port: 10259, what: 'kube-scheduler', programs: ['kube-scheduler', 'hyperkube'] },
        ]
      : []),
    ...(isOneOf(clusterHostsOf(inventory), host)
      ? [{ port: 10250, what: 'kubelet', programs: ['kubelet', 'hyperkube'] }]
      : []),
    ...(isMember ? [etcdClientPort, peerPort].map(port => ({ port, what: 'etcd', programs: ['etcd'] })) : []),
  ]
}

/** Where the distribution's nginx listens. */
function nginxPortsOn(params: HostParams, host: HostView, inventory: InventoryView): readonly number[] {
  const proxy = params.variant === 'system' ? nodeProxyOn(params, host, inventory) : undefined
  const daemons = [proxy, balancerOn(params, host, inventory)]
  return daemons.flatMap(daemon => (daemon?.program === 'nginx' ? [daemon.port] : []))
}
