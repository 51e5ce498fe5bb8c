import { didYouMean, InventoryError } from './problem.ts'
import type { Inventory } from './types.ts'

/** The text of `ansible-inventory --graph [GROUP]`: groups before hosts, each where it belongs, as often as it belongs. */
export function graphInventory(inventory: Inventory, start = 'all'): string {
  if (!inventory.groups.has(start)) {
    throw new InventoryError([
      { message: `--graph: there is no group '${start}'`, ...didYouMean(start, inventory.groups.keys()) },
    ])
  }
  return graphGroup(inventory, start, 0).join('\n')
}

function graphGroup(inventory: Inventory, name: string, depth: number): string[] {
  const group = inventory.groups.get(name)
  if (group === undefined) return []
  const hosts = name === 'all' ? [] : group.hosts
  return [
    indent(`@${name}:`, depth),
    ...group.children.flatMap(child => graphGroup(inventory, child, depth + 1)),
    ...hosts.map(host => indent(host, depth + 1)),
  ]
}

function indent(name: string, depth: number): string {
  return depth === 0 ? name : `${'  |'.repeat(depth)}--${name}`
}
