import { isIP, isIPv6 } from 'node:net'
import { assert, computed, facts, type HostView, type InventoryView, type Task } from 'rota'
import { cluster } from '../lib/cluster/index.ts'

interface FamilyParams {
  readonly virtualAddress: string
  readonly lvsGateway?: string | undefined
  readonly authPassword?: string | undefined
  readonly unicast: boolean
}

/**
 * A VRRP instance speaks one family, that of its virtual address: what is of the other one keepalived leaves out, and
 * with IPv6 (VRRP version 3) it has no password.
 */
export function familyProblems(
  { virtualAddress, lvsGateway, authPassword, unicast }: FamilyParams,
  balancers: readonly HostView[],
  inventory: InventoryView,
): readonly string[] {
  const family = isIP(virtualAddress)
  const without = unicast ? balancers.filter(host => vrrpAddress(host, virtualAddress, inventory) === undefined) : []
  return [
    ...(family === 6 && authPassword !== undefined
      ? ['authPassword: VRRP has none with a virtual address of IPv6, and keepalived would ignore it: take it away']
      : []),
    ...(lvsGateway !== undefined && isIP(lvsGateway) !== family
      ? [`lvsGateway: ${lvsGateway} is not of the family of the virtual address ${virtualAddress}`]
      : []),
    ...(without.length > 0
      ? [
          `unicast: the virtual address is of IPv${family}, and ${without.map(({ name }) => name).join(', ')} ${
            without.length === 1 ? 'has' : 'have'
          } no address of it: set ${family === 6 ? 'ip6' : 'ip'}, or keepalived_unicast to false`,
        ]
      : []),
  ]
}

/** The address of a host that speaks VRRP for the virtual address: the one that others use, or that of IPv6. */
export function vrrpAddress(
  host: HostView,
  virtualAddress: string,
  inventory: InventoryView,
  first = host.address,
): string | undefined {
  const { secondAddress } = inventory.cluster(cluster, host)
  return [first, secondAddress].find(address => address !== undefined && isIP(address) === isIP(virtualAddress))
}

/** Nothing where the virtual address is of IPv4. */
export const kernelSpeaks = (virtualAddress: string): readonly Task[] =>
  isIPv6(virtualAddress)
    ? [
        assert({
          that: `the kernel can have ${virtualAddress}`,
          holds: computed({ addresses: facts.addresses({}) }, ({ addresses }) =>
            addresses.some(({ address }) => address === '::1')
              ? undefined
              : 'it has no IPv6, or net.ipv6.conf.lo.disable_ipv6 is on: let it have IPv6, or take a virtual address of IPv4',
          ),
        }),
      ]
    : []
