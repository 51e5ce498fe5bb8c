import { BlockList, isIPv6 } from 'node:net'
import type { HostView, InventoryView } from 'rota'

/** One VRRP group, as this host's params have it. */
export interface Group {
  readonly virtualAddress: string
  readonly virtualRouterId: number
  readonly routerId?: string | undefined
  readonly prefix?: number | undefined
}

/**
 * What tells one keepalived from another must not be the same twice: `router_id` on two hosts, or `virtual_router_id`
 * in two groups of one network, which would then take each other's advertisements for their own.
 */
export const clashes = (
  group: Group,
  host: HostView,
  inventory: InventoryView,
  balancers: readonly HostView[],
): readonly string[] => {
  const others = inventory.hosts.filter(other => other.name !== host.name)
  const members = others.filter(
    other => vipOf(other) !== undefined || balancers.some(({ name }) => name === other.name),
  )
  return [
    ...members
      .filter(other => group.routerId !== undefined && String(other.var('keepalived_router_id')) === group.routerId)
      .map(
        other => `routerId: ${other.name} is ${group.routerId} too: every host needs a name of its own, or none set`,
      ),
    ...others
      .filter(other => isOtherGroup(group, other) && idOf(other) === group.virtualRouterId)
      .map(
        other =>
          `virtualRouterId: ${group.virtualRouterId} is also that of ${other.name}, for ${vipOf(other)}, in the same network: give one of the groups another keepalived_virtual_router_id`,
      ),
  ]
}

const first = (host: HostView, names: readonly string[]): unknown =>
  names.map(name => host.var(name)).find(value => value !== undefined && value !== null && value !== '')

const vipOf = (host: HostView): string | undefined => {
  const found = first(host, ['kube_vip_address', 'vip_address', 'keepalived_virtual_address'])
  return typeof found === 'string' ? found : undefined
}

const idOf = (host: HostView): number => Number(host.var('keepalived_virtual_router_id') ?? 51)

const isOtherGroup = (group: Group, host: HostView): boolean => {
  const vip = vipOf(host)
  return vip !== undefined && vip !== group.virtualAddress && sameNetwork(group, vip)
}

/** Advertisements stay in one link. Where its prefix is not said, it is taken for the usual one. */
function sameNetwork({ virtualAddress, prefix }: Group, other: string): boolean {
  const family = isIPv6(virtualAddress) ? 'ipv6' : 'ipv4'
  if (isIPv6(other) !== (family === 'ipv6')) return false
  const [usual, whole] = family === 'ipv6' ? [64, 128] : [24, 32]
  const network = new BlockList()
  network.addSubnet(virtualAddress, prefix === undefined || prefix === whole ? usual : prefix, family)
  return network.check(other, family)
}
