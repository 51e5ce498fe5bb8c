import { didYouMean, refused } from '../failure/index.ts'
import type { MapNode } from '../python/index.ts'
import { compareText, pythonStr } from '../python/index.ts'
import { groupNode, hostNode, type ListOptions } from './list.ts'
import { type TreeRoom, treeRoom } from './tree-room.ts'
import type { Inventory } from './types.ts'

export interface GraphOptions extends ListOptions {
  /** Also the variables of each host and group (`--vars`). */
  readonly vars?: boolean
}

/**
 * The text of `ansible-inventory --graph [GROUP]`: groups before hosts, each where it belongs, as often as it belongs.
 */
export function graphInventory(inventory: Inventory, start = 'all', options: GraphOptions = {}): string {
  if (!inventory.groups.has(start)) {
    throw refused([{ message: `--graph: there is no group '${start}'`, ...didYouMean(start, inventory.groups.keys()) }])
  }
  const room = treeRoom()
  return graphGroup(inventory, start, 0, options, room).join('\n')
}

function graphGroup(
  inventory: Inventory,
  name: string,
  depth: number,
  options: GraphOptions,
  room: TreeRoom,
): string[] {
  const group = inventory.groups.get(name)
  if (group === undefined) return []
  room.take(1 + group.hosts.length)
  const hosts = name === 'all' ? [] : group.hosts
  // A line of the tree has no room for a ciphertext.
  const opened = { ...options, open: true }
  const varsOf = (node: () => MapNode, depth: number) => (options.vars ? varLines(node(), depth) : [])
  return [
    indent(`@${name}:`, depth),
    ...group.children.flatMap(child => graphGroup(inventory, child, depth + 1, options, room)),
    ...hosts.flatMap(name => {
      const host = inventory.hosts.get(name)
      return [indent(name, depth + 1), ...(host ? varsOf(() => hostNode(host, opened), depth + 2) : [])]
    }),
    ...varsOf(() => groupNode(group, opened), depth + 1),
  ]
}

function varLines({ entries }: MapNode, depth: number): string[] {
  return entries
    .map(({ key, node }) => ({ name: String(key.value), node }))
    .sort((a, b) => compareText(a.name, b.name))
    .map(({ name, node }) => indent(`{${name} = ${pythonStr(node)}}`, depth))
}

function indent(text: string, depth: number): string {
  return depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`
}
