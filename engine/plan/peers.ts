import { type FactMap, type Facts, valuesOf } from '../facts/index.ts'
import type { HostView, InventoryView, RoleContext } from '../role/index.ts'
import type { BoundRole } from './bound.ts'

/** What is known of other hosts where the tasks of a role on a host are made. */
export type PeersOf = (role: BoundRole, host: HostView) => RoleContext<unknown>['peers']

/** Facts of the peers that one role of one host wants, from what was read of each. */
export function peersFrom(
  wanted: { readonly hosts: readonly string[]; readonly facts: (peer: HostView) => FactMap },
  read: (host: string) => Facts | undefined,
  inventory: InventoryView,
): RoleContext<unknown>['peers'] {
  return new Map(
    wanted.hosts.map(name => {
      const facts = read(name)
      return [name, facts && valuesOf(wanted.facts(inventory.host(name)), facts)]
    }),
  )
}

const nobody: RoleContext<unknown>['peers'] = new Map()

/** No peer can be asked: what tasks are built from for listings and for checks before the first connection. */
export const noPeers: PeersOf = () => nobody
