import { messageOf, refused } from '../failure/index.ts'
import type { InventoryView } from '../role/index.ts'
import { type BoundPlay, type BoundRole, paramsOn } from './bound.ts'

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
      const hosts = item.hosts.map(host => ({ host, params: paramsOn(bound, host) }))
      const prepared = hosts.length > 0 ? await prepareOne(bound, { hosts, inventory: view, check }) : undefined
      roles.push({ ...bound, prepared })
    }
    ready.push({ ...item, roles })
  }
  return ready
}

async function prepareOne({ call, label }: BoundRole, context: object): Promise<unknown> {
  try {
    return await call.role.prepare?.(context as never)
  } catch (error) {
    throw refused([
      { message: `role ${label} can't prepare its work on this machine: ${messageOf(error)}`, origin: call.site },
    ])
  }
}
