import { messageOf, refused } from '../failure/index.ts'
import type { HostView, InventoryView } from '../role/index.ts'
import type { BoundPlay, BoundRole } from './bound.ts'
import { plainContext } from './contexts.ts'

/**
 * The roles' work on the control machine (certificates), for real unless `check`. One after another: two roles that
 * need the same authority must not make two.
 */
export async function prepareRoles<P extends BoundPlay>(
  plays: readonly P[],
  view: InventoryView,
  { check }: { readonly check: boolean },
): Promise<readonly P[]> {
  const ready: P[] = []
  for (const item of plays) {
    const roles: BoundRole[] = []
    for (const bound of item.roles) {
      const prepared = item.hosts.length > 0 ? await prepareOne(bound, item.hosts, view, check) : undefined
      roles.push({ ...bound, prepared })
    }
    ready.push({ ...item, roles })
  }
  return ready
}

async function prepareOne(
  bound: BoundRole,
  hosts: readonly HostView[],
  inventory: InventoryView,
  check: boolean,
): Promise<unknown> {
  const { call, label } = bound
  if (!call.role.prepare) return undefined
  try {
    const context = { hosts: hosts.map(host => plainContext(bound, host, inventory)), inventory, check }
    return await call.role.prepare(context as never)
  } catch (error) {
    throw refused([
      { message: `role ${label} can't prepare its work on this machine: ${messageOf(error)}`, origin: call.site },
    ])
  }
}
