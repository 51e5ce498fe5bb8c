import { isIPv6 } from 'node:net'
import { assert, computed, facts, type HostView, type InventoryView, kernelModule, sysctl, type Task } from 'rota'
import { balancersOf, mastersOf } from '../lib/cluster/index.ts'

/**
 * A director that is a real server too hands packets to itself: what another director has forwarded to it by DR would
 * be balanced again and go round, and with NAT the answers of the others would not come back through it. So the
 * directors are hosts of their own.
 */
export function directorProblems(
  params: {
    readonly virtualAddress: string
    readonly lvsKind: 'DR' | 'NAT'
    readonly lvsPort?: number | undefined
    readonly lvsGateway?: string | undefined
    readonly apiserverPort: number
  },
  host: HostView,
  inventory: InventoryView,
): readonly string[] {
  const isMaster = mastersOf(inventory).some(master => master.name === host.name)
  const isDirector = balancersOf(inventory).some(balancer => balancer.name === host.name)
  return [
    ...(isMaster && isDirector
      ? [
          `kube_vip_load_balancer: with lvs ${host.name} would balance and be a master too, and ${
            params.lvsKind === 'DR'
              ? 'balance again what another host has forwarded to it'
              : 'the other masters would not answer through it'
          }: put hosts that are no masters into the group load_balancer`,
        ]
      : []),
    ...(params.lvsKind === 'DR' && params.lvsPort !== undefined && params.lvsPort !== params.apiserverPort
      ? [
          `lvsPort: DR does not change the port of a packet: it is ${params.apiserverPort}, that of the API servers, or kube_lvs_kind is NAT`,
        ]
      : []),
    ...(params.lvsKind === 'DR' && isIPv6(params.virtualAddress)
      ? [
          `virtualAddress: with DR every master has it on lo, and of IPv6 addresses it answers for it all the same (arp_ignore is for IPv4 alone): use IPv4 or NAT`,
        ]
      : []),
    ...(params.lvsKind === 'NAT' && params.lvsGateway === undefined
      ? ['lvsGateway: with NAT the masters answer through the director: set kube_lvs_gateway to an address for that']
      : []),
  ]
}

/** The kernel of the director: IPVS, and for NAT that it passes packets on. */
export const directorKernel = (kind: 'DR' | 'NAT'): readonly Task[] => [
  assert({
    that: 'the kernel can balance (IPVS)',
    holds: computed(
      { module: facts.kernelModule({ name: 'ip_vs' }), table: facts.path({ path: '/proc/net/ip_vs' }) },
      ({ module, table }) =>
        table.type === 'absent' && module.state === 'missing'
          ? 'this kernel has no IPVS: there is neither /proc/net/ip_vs nor a module ip_vs. Use a kernel that has it, or haproxy or nginx as kube_vip_load_balancer'
          : undefined,
    ),
  }),
  kernelModule({ name: 'ip_vs' }),
  ...(kind === 'NAT' ? [sysctl({ file: '60-kube-lvs', values: { 'net.ipv4.ip_forward': 1 } })] : []),
]
