import { BlockList, isIPv6 } from 'node:net'
import type { ClusterOf, HostView, InventoryView } from 'rota'
import { cluster } from '../lib/cluster/index.ts'

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
  const of = (other: HostView) => inventory.cluster(cluster, other)
  const members = others.filter(
    other => of(other).virtualAddress !== undefined || balancers.some(({ name }) => name === other.name),
  )
  return [
    ...members
      .filter(other => group.routerId !== undefined && of(other).routerId === group.routerId)
      .map(
        other => `routerId: ${other.name} is ${group.routerId} too: every host needs a name of its own, or none set`,
      ),
    ...others
      .filter(other => isOtherGroup(group, of(other)) && of(other).virtualRouterId === group.virtualRouterId)
      .map(
        other =>
          `virtualRouterId: ${group.virtualRouterId} is also that of ${other.name}, for ${of(other).virtualAddress}, in the same network: give one of the groups another keepalived_virtual_router_id`,
      ),
  ]
}

const isOtherGroup = (group: Group, { virtualAddress: other }: Pick<Values, 'virtualAddress'>): boolean =>
  other !== undefined && other !== group.virtualAddress && sameNetwork(group, other)

type Values = ClusterOf<typeof cluster>

/** Advertisements stay in one link. Where its prefix is not said, it is taken for the usual one. */
function sameNetwork({ virtualAddress, prefix }: Group, other: string): boolean {
  const family = isIPv6(virtualAddress) ? 'ipv6' : 'ipv4'
  if (isIPv6(other) !== (family === 'ipv6')) return false
  const [usual, whole] = family === 'ipv6' ? [64, 128] : [24, 32]
  const network = new BlockList()
  network.addSubnet(virtualAddress, prefix === undefined || prefix === whole ? usual : prefix, family)
  return network.check(other, family)
}
