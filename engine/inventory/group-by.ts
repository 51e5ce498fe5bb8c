import { descendants } from './group-order.ts'

/**
 * Groups that are made of others, in order: who is in one of those on the right is in the one on the left as well. A
 * later line sees what an earlier one has made.
 */
export type GroupBy = Readonly<Record<string, readonly string[]>>

type Groups = ReadonlyMap<string, { readonly hosts: Iterable<string>; readonly children: Iterable<string> }>

/** Who is in one of `sources`, and not in the group yet, in the order of the inventory. */
export function joining(
  name: string,
  sources: readonly string[],
  groups: Groups,
  hosts: ReadonlyMap<string, unknown>,
): readonly string[] {
  const members = (group: string) => descendants(group, groups).flatMap(each => [...(groups.get(each)?.hosts ?? [])])
  const wanted = new Set(sources.flatMap(members))
  for (const member of members(name)) wanted.delete(member)
  return wanted.size === 0 ? [] : [...hosts.keys()].filter(host => wanted.has(host))
}
