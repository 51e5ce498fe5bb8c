import { assert, command, computed, defineRole, facts, flushHandlers, service, sysctl, systemdUnit } from 'rota'
import { cluster, clusterProblems, isLeaving, mastersOf } from '../lib/cluster/index.ts'
import { params } from './params.ts'
import { realServerUnit, silence, sysctlFile, unitName } from './unit.ts'

/**
 * What a master needs to be balanced to by LVS: with DR the virtual address on lo, with NAT a way back through the
 * director.
 */
export const lvsRealServer = defineRole({
  name: 'lvs-real-server',
  description: 'a master that the kernel of the balancing hosts sends packets to',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params }) =>
    params.vipLoadBalancer === 'lvs' && params.virtualAddress === undefined
      ? ['virtualAddress: LVS needs it: set kube_vip_address']
      : [],
  tasks: ({ params, host, inventory }) => {
    const isMaster = mastersOf(inventory).some(master => master.name === host.name)
    const { virtualAddress, lvsKind, lvsGateway } = params
    if (params.vipLoadBalancer !== 'lvs' || virtualAddress === undefined || !isMaster) return []
    if (isLeaving(host, params.leaving)) return []
    if (lvsKind === 'NAT') return [answersThrough(lvsGateway)]
    return [
      // First: an address that is on lo before its host is silent about it would be taken for the director's.
      sysctl({ file: sysctlFile, values: silence }),
      systemdUnit({ name: unitName, content: realServerUnit(virtualAddress), notify: 'restart' }),
      flushHandlers(),
      service({ name: unitName, enabled: true, running: true, settle: 0 }),
      hasAddress(virtualAddress),
    ]
  },
  handlers: { restart: service.restart(unitName) },
})

/** Should somebody have taken it off lo, the unit, which has run once, does not notice. */
const hasAddress = (address: string) =>
  command({
    title: `${address} is on lo`,
    why: 'it is not',
    unless: `ip -o address show dev lo | grep -qF ${`' ${address}/'`}`,
    run: ['systemctl', 'restart', unitName],
  })

/** The default route is the network's business, not changed here: it is said what is wrong. */
const answersThrough = (gateway: string | undefined) =>
  assert({
    that: 'answers go back through the director',
    holds: computed({ route: facts.command({ run: 'ip route show default' }) }, ({ route }) =>
      gateway !== undefined && route.stdout.split('\n').some(line => line.includes(`via ${gateway} `))
        ? undefined
        : `with NAT the director has to see the answers, but the default route here is ${
            route.stdout.trim() || 'none'
          }: it must be via ${gateway ?? 'kube_lvs_gateway'} (ip route replace default via …, and in the configuration of the network), or use DR`,
    ),
  })
