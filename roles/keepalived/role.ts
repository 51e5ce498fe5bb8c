import { isIPv6 } from 'node:net'
import {
  type Computed,
  computed,
  defineRole,
  file,
  flushHandlers,
  type HostView,
  type ParamsOf,
  packages,
  service,
} from 'rota'
import { isLeaving, mastersOf, namesOf, unknownLeaving } from '../cluster/index.ts'
import { interfaceOf, wayTo } from './interface.ts'
import { type KeepalivedConf, keepalivedConf } from './keepalived.conf.ts'
import { params } from './params.ts'
import { validate } from './validate.ts'

type Params = ParamsOf<typeof params>

/** The virtual address of the masters: on one of them whose haproxy runs. */
export const keepalived = defineRole({
  name: 'keepalived',
  description: 'a virtual address that follows a healthy load balancer',
  params,
  check: ({ params, inventory }) => [
    ...unknownLeaving(inventory, params.leaving),
    ...(params.authPassword !== undefined && params.authPassword.length > 8
      ? ['authPassword: keepalived uses the first 8 characters at most, and this one is longer: shorten it']
      : []),
    ...(params.election === 'primary' && !mastersOf(inventory).some(master => master.name === params.primary)
      ? [
          `primary: with election primary it names the master that holds the address: one of ${mastersOf(inventory)
            .map(master => master.name)
            .join(', ')}`,
        ]
      : []),
    ...(params.election === 'primary' && params.primaryPriority <= params.priority
      ? [`primaryPriority: ${params.primaryPriority} is not above the priority of the others, ${params.priority}`]
      : []),
    ...(params.election === 'primary' &&
    params.checkWeight !== 0 &&
    params.primaryPriority + params.checkWeight >= params.priority
      ? [
          `checkWeight: with ${params.checkWeight} a primary whose check fails still wins over the others (${params.primaryPriority} against ${params.priority})`,
        ]
      : []),
    ...(params.checkWeight > 0 && params.election === 'equal'
      ? [
          'checkWeight: a positive weight makes the address move to whichever check succeeds last; use a negative one or 0',
        ]
      : []),
  ],
  tasks: ({ params, host, inventory }) => {
    if (isLeaving(host, params.leaving)) return []
    const others = mastersOf(inventory, namesOf(params.leaving)).filter(master => master.name !== host.name)
    const secret = params.authPassword !== undefined
    return [
      packages({ names: params.packages, start: false }),
      file({
        path: params.config,
        content: content(params, host, others),
        mode: secret ? '0600' : '0644',
        secret,
        validate,
        notify: 'reload',
      }),
      flushHandlers(),
      service({ name: 'keepalived', enabled: true, running: true }),
    ]
  },
  handlers: { reload: service.reload('keepalived') },
})

function content(params: Params, host: HostView, others: readonly HostView[]): string | Computed<string> {
  if (params.interface !== undefined) return keepalivedConf(confOf(params, host, others, params.interface))
  const address = params.virtualAddress
  return computed(wayTo(address), way => {
    const found = interfaceOf(address, way)
    if ('name' in found) return keepalivedConf(confOf(params, host, others, found.name))
    throw new Error(`no interface of ${host.name} leads to ${address} (${found.reason}): set keepalived_interface`)
  })
}

function confOf(params: Params, host: HostView, others: readonly HostView[], device: string): KeepalivedConf {
  const isPrimary = params.election === 'primary' && params.primary === host.name
  return {
    routerId: params.routerId ?? host.name,
    state: isPrimary ? 'MASTER' : 'BACKUP',
    priority: isPrimary ? params.primaryPriority : params.priority,
    interface: device,
    virtualRouterId: params.virtualRouterId,
    advertInterval: params.advertInterval,
    virtualAddress: withPrefix(params.virtualAddress, params.prefix),
    authPassword: params.authPassword,
    trackInterface: params.trackInterface,
    dontTrackPrimary: params.dontTrackPrimary,
    unicast: params.unicast ? { source: host.ip, peers: others.map(other => other.address) } : undefined,
    check: {
      script: params.checkScript,
      interval: params.checkInterval,
      weight: params.checkWeight,
      fall: params.checkFall,
      rise: params.checkRise,
    },
    scriptUser: params.scriptUser,
    scriptSecurity: params.scriptSecurity,
  }
}

const withPrefix = (address: string, prefix: number | undefined): string =>
  `${address}/${prefix ?? (isIPv6(address) ? 128 : 32)}`
