import { isIPv6 } from 'node:net'
import { dirname } from 'node:path'
import {
  type Computed,
  computed,
  defineRole,
  directory,
  type FactValues,
  file,
  flushHandlers,
  type HostView,
  type ParamsOf,
  packages,
  service,
} from 'rota'
import {
  balancersOf,
  cluster,
  clusterProblems,
  type ListingOptions,
  listingContent,
  mastersOf,
  onEveryFamily,
  readyz,
  sayLeftOut,
  unknownLeaving,
} from '../lib/cluster/index.ts'
import { clashes } from './clashes.ts'
import { familyProblems, kernelSpeaks, vrrpAddress } from './family.ts'
import { interfaceOf, wayTo } from './interface.ts'
import { type KeepalivedConf, keepalivedConf } from './keepalived.conf.ts'
import { directorKernel, directorProblems } from './lvs.ts'
import { params } from './params.ts'
import { validate } from './validate.ts'
import { realServersIn } from './virtual-server.ts'

type Params = ParamsOf<typeof params> & { readonly virtualAddress: string }

/**
 * The virtual address of the masters, where there is one: on one host whose load balancer runs. With LVS, keepalived
 * also tells the kernel how to balance.
 */
export const keepalived = defineRole({
  name: 'keepalived',
  description: 'a virtual address that follows a healthy load balancer',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host, inventory }) => {
    const balancers = balancersOf(inventory)
    const { virtualAddress } = params
    if (virtualAddress === undefined || !balancers.some(balancer => balancer.name === host.name))
      return unknownLeaving(inventory, params.leaving)
    const given = { ...params, virtualAddress }
    return [
      ...unknownLeaving(inventory, params.leaving),
      ...(params.authPassword !== undefined && params.authPassword.length > 8
        ? ['authPassword: keepalived uses the first 8 characters at most, and this one is longer: shorten it']
        : []),
      ...(params.election === 'primary' ? primaryProblems(given, balancers) : []),
      ...(params.checkWeight > 0 && params.election === 'equal'
        ? [
            'checkWeight: a positive weight makes the address move to whichever check succeeds last; use a negative one or 0',
          ]
        : []),
      ...familyProblems(given, balancers, inventory),
      ...clashes(given, host, inventory, balancers),
      ...(params.vipLoadBalancer === 'lvs' ? directorProblems(given, host, inventory) : []),
    ]
  },
  peers: ({ params, host, inventory }) => ({
    hosts:
      params.vipLoadBalancer === 'lvs' && balancersOf(inventory, params.leaving).some(({ name }) => name === host.name)
        ? mastersOf(inventory, params.leaving).map(master => master.name)
        : [],
    facts: master => ({ ready: readyz(master, params.apiserverPort, `${params.kubeConfigDir}/pki/ca.crt`) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    const balancers = balancersOf(inventory, params.leaving)
    // Not on a master that leaves either: keepalived-absent moves the address away from it.
    const { virtualAddress } = params
    if (virtualAddress === undefined || !balancers.some(balancer => balancer.name === host.name)) return []
    const given = { ...params, virtualAddress }
    const isLvs = params.vipLoadBalancer === 'lvs'
    const spoken = (balancer: HostView, first?: string) =>
      vrrpAddress(balancer, virtualAddress, inventory, first) ?? balancer.address
    const speakers: Speakers = {
      source: spoken(host, host.ip),
      peers: balancers.filter(({ name }) => name !== host.name).map(balancer => spoken(balancer)),
    }
    const masters = mastersOf(inventory, params.leaving)
    const listing = { path: params.config, port: params.apiserverPort, masters, peers, endpoints: realServersIn }
    const secret = params.authPassword !== undefined
    return [
      isLvs && directorKernel(params.lvsKind),
      kernelSpeaks(virtualAddress),
      packages({ names: onEveryFamily(params.packages), start: false }),
      directory({ path: dirname(params.config) }),
      file({
        path: params.config,
        content: isLvs ? balancing(given, host, speakers, listing) : content(given, host, speakers),
        mode: secret ? '0600' : '0644',
        secret,
        validate,
        notify: 'reload',
      }),
      flushHandlers(),
      service({ name: 'keepalived', enabled: true, running: true }),
      isLvs && sayLeftOut(listing),
    ]
  },
  handlers: { reload: service.reload('keepalived') },
})

function primaryProblems(params: Params, balancers: readonly HostView[]): readonly string[] {
  const watches = params.vipLoadBalancer !== 'lvs' || params.checkScript !== undefined
  return [
    ...(balancers.some(balancer => balancer.name === params.primary)
      ? []
      : [
          `primary: with election primary it names the host that holds the address: one of ${balancers
            .map(balancer => balancer.name)
            .join(', ')}`,
        ]),
    ...(params.primaryPriority <= params.priority
      ? [`primaryPriority: ${params.primaryPriority} is not above the priority of the others, ${params.priority}`]
      : []),
    ...(watches && params.checkWeight !== 0 && params.primaryPriority + params.checkWeight >= params.priority
      ? [
          `checkWeight: with ${params.checkWeight} a primary whose check fails still wins over the others (${params.primaryPriority} against ${params.priority})`,
        ]
      : []),
  ]
}

/** Addresses that speak VRRP with each other, where they do so by address. */
type Speakers = NonNullable<KeepalivedConf['unicast']>

function content(params: Params, host: HostView, speakers: Speakers): string | Computed<string> {
  if (params.interface !== undefined) return keepalivedConf(confOf(params, host, speakers, params.interface))
  return computed(wayTo(params.virtualAddress), way =>
    keepalivedConf(confOf(params, host, speakers, found(params, host, way))),
  )
}

/** With the masters that the kernel balances to. */
const balancing = (params: Params, host: HostView, speakers: Speakers, listing: ListingOptions) =>
  listingContent(
    listing,
    (listed, way) =>
      keepalivedConf(confOf(params, host, speakers, params.interface ?? found(params, host, way), listed)),
    wayTo(params.virtualAddress),
  )

function found(params: Params, host: HostView, way: FactValues<ReturnType<typeof wayTo>>): string {
  const device = interfaceOf(params.virtualAddress, way)
  if ('name' in device) return device.name
  throw new Error(
    `no interface of ${host.name} leads to ${params.virtualAddress} (${device.reason}): set keepalived_interface`,
  )
}

function confOf(
  params: Params,
  host: HostView,
  speakers: Speakers,
  device: string,
  masters: readonly HostView[] = [],
): KeepalivedConf {
  const isPrimary = params.election === 'primary' && params.primary === host.name
  return {
    routerId: params.routerId ?? host.name,
    state: isPrimary ? 'MASTER' : 'BACKUP',
    priority: isPrimary ? params.primaryPriority : params.priority,
    interface: device,
    virtualRouterId: params.virtualRouterId,
    advertInterval: params.advertInterval,
    virtualAddresses: [
      withPrefix(params.virtualAddress, params.prefix),
      ...(params.lvsGateway === undefined ? [] : [withPrefix(params.lvsGateway, params.prefix)]),
    ],
    authPassword: params.authPassword,
    trackInterface: params.trackInterface,
    dontTrackPrimary: params.dontTrackPrimary,
    unicast: params.unicast ? speakers : undefined,
    check: checkOf(params),
    traps: params.traps,
    scriptUser: params.scriptUser === 'none' ? undefined : params.scriptUser,
    scriptSecurity: params.scriptSecurity,
    virtualServer:
      params.vipLoadBalancer === 'lvs'
        ? {
            address: params.virtualAddress,
            port: params.lvsPort ?? params.apiserverPort,
            delayLoop: params.lvsDelayLoop,
            algorithm: params.lvsAlgorithm,
            kind: params.lvsKind,
            persistence: params.lvsPersistence,
            check: params.lvsCheck,
            anonymousAuth: params.anonymousAuth,
            masters,
            masterPort: params.apiserverPort,
          }
        : undefined,
  }
}

function checkOf(params: Params): KeepalivedConf['check'] {
  const name = params.vipLoadBalancer
  if (name === 'lvs' && params.checkScript === undefined) return undefined
  // keepalived runs what a link leads to, under that name: pidof, a link to killall5 in Debian, would take its argument
  // for a signal.
  const usual = {
    unit: `/usr/bin/env systemctl is-active --quiet ${name === 'nginx' ? params.nginxVipUnit : name}`,
    killall: `/usr/bin/killall -0 ${name}`,
    pidof: `/usr/bin/env pidof ${name}`,
  }[params.checkWith ?? (name === 'nginx' ? 'unit' : 'killall')]
  return {
    name,
    script: params.checkScript ?? usual,
    interval: params.checkInterval,
    weight: params.checkWeight,
    fall: params.checkFall,
    rise: params.checkRise,
  }
}

const withPrefix = (address: string, prefix: number | undefined): string =>
  `${address}/${prefix ?? (isIPv6(address) ? 128 : 32)}`
