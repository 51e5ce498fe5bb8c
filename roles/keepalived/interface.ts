import { addresses, type FactValues, route } from 'rota'

/** What tells the interface of an address: who has it now, and the way to it. */
export const wayTo = (address: string) => ({ route: route({ to: address }), addresses: addresses({}) })

/**
 * The interface of the virtual address. On the host that holds it the route leads to `lo`, because the address is its own; there it is
 * the interface that has it. Else the reason why there is none.
 */
export function interfaceOf(
  address: string,
  { route, addresses }: FactValues<ReturnType<typeof wayTo>>,
): { readonly name: string } | { readonly reason: string } {
  const holder = addresses.find(entry => entry.address === address)
  if (holder !== undefined) return { name: holder.interface }
  if (route.type === 'none') return { reason: route.reason }
  return route.interface === 'lo' ? { reason: 'the route to it leads to lo' } : { name: route.interface }
}
