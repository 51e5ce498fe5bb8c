import { isSelected, type TagSelection } from '../playbook/index.ts'
import type { Check, HostView, InventoryView } from '../role/index.ts'
import { plainContext } from './contexts.ts'
import { draftOf, type ReadyPlay } from './ready-play.ts'

/** A check with the role it came from. */
export interface LabelledCheck {
  readonly role: string
  readonly check: Check
}

/** The checks of a play on one host, those whose tags are selected. */
export function checksOn(
  { roles }: Pick<ReadyPlay, 'roles'>,
  host: HostView,
  inventory: InventoryView,
  tags: TagSelection,
): readonly LabelledCheck[] {
  return roles.flatMap(bound => {
    const { call, label } = bound
    if (!call.role.checks || !isSelected(bound.tags, tags)) return []
    const checks = call.role.checks(plainContext(bound, host, inventory) as never)
    return checks.flatMap(check => (check ? [{ role: label, check }] : []))
  })
}

/** The play has nothing but checks: no host is worked on. */
export const onlyChecks = (ready: ReadyPlay, hosts: readonly HostView[]): boolean =>
  ready.play.gate === undefined &&
  ready.roles.some(({ call }) => call.role.checks) &&
  hosts.every(host => draftOf(ready, host).work.items.length === 0)
