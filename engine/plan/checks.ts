import type { TagSelection } from '../playbook/index.ts'
import { isSelected } from '../playbook/index.ts'
import type { Check, HostView, InventoryView } from '../role/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { buildWork, noPeers, paramsOn } from './build.ts'
import type { ReadyPlay } from './ready-play.ts'
/** A check with the role it came from. */
export interface LabelledCheck {
  readonly role: string
  readonly check: Check
}

/** The checks of a play on one host, those whose tags are selected. */
export function checksOn(
  { play, roles }: ReadyPlay,
  host: HostView,
  inventory: InventoryView,
  tags: TagSelection,
): readonly LabelledCheck[] {
  return roles.flatMap(bound => {
    const { call, label } = bound
    if (!call.role.checks || !isSelected([...tagsOf(play.tags), ...call.tags], tags)) return []
    const context = { params: paramsOn(bound, host), host, inventory }
    return call.role.checks(context as never).flatMap(check => (check ? [{ role: label, check }] : []))
  })
}

/** The play has nothing but checks: no host is worked on. */
export const onlyChecks = (
  { play, roles }: ReadyPlay,
  hosts: readonly HostView[],
  inventory: InventoryView,
  tags: TagSelection,
): boolean =>
  play.gate === undefined &&
  roles.some(({ call }) => call.role.checks) &&
  hosts.every(host => buildWork(play, roles, host, inventory, tags, noPeers).work.items.length === 0)
