import { BlockList, isIPv6 } from 'node:net'
import { type Address, type FactValues, facts } from 'rota'

/** What tells the interface of an address: who has it now, and the way to it. */
export const wayTo = (address: string) => ({ route: facts.route({ to: address }), addresses: facts.addresses({}) })

/**
 * The interface of the virtual address. On the host that holds it the route leads to `lo`, because the address is its
 * own; there it is the interface that has it. A master that LVS balanced to has it on `lo` itself: there it is the
 * interface of its network. Else the reason why there is none.
 */
export function interfaceOf(
  address: string,
  { route, addresses }: FactValues<ReturnType<typeof wayTo>>,
): { readonly name: string } | { readonly reason: string } {
  const others = addresses.filter(entry => entry.interface !== 'lo')
  const holder = others.find(entry => entry.address === address)
  if (holder !== undefined) return { name: holder.interface }
  if (route.type === 'none') return { reason: route.reason }
  if (route.interface !== 'lo') return { name: route.interface }
  const neighbour = others.find(entry => isNeighbour(address, entry))
  return neighbour === undefined ? { reason: 'the route to it leads to lo' } : { name: neighbour.interface }
}

function isNeighbour(address: string, entry: Address): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  if (isIPv6(entry.address) !== (family === 'ipv6')) return false
  const network = new BlockList()
  network.addSubnet(entry.address, entry.prefix, family)
  return network.check(address, family)
}
