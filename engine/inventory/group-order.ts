type Groups = ReadonlyMap<string, { readonly children: readonly string[]; readonly parents: readonly string[] }>

/** The longest way from `all`: a deeper group's variables win. */
export function depths(groups: Groups): ReadonlyMap<string, number> {
  const known = new Map<string, number>()
  const depthOf = (name: string): number => {
    const cached = known.get(name)
    if (cached !== undefined) return cached
    const parents = groups.get(name)?.parents ?? []
    const depth = parents.reduce((most, parent) => Math.max(most, depthOf(parent) + 1), 0)
    known.set(name, depth)
    return depth
  }
  for (const name of groups.keys()) depthOf(name)
  return known
}

/**
 * The group and its descendants, level by level, each in the order of its parent's children (inventory/group.py,
 * `_walk_relationship`). Below the second level Ansible's own order depends on memory addresses; here it is that of the
 * file.
 */
export function descendants(
  name: string,
  groups: ReadonlyMap<string, { readonly children: Iterable<string> }>,
): readonly string[] {
  const seen = new Set([name])
  for (const current of seen) {
    for (const child of groups.get(current)?.children ?? []) seen.add(child)
  }
  return [...seen]
}

/** Every group above, without the group itself. */
export function ancestors(name: string, groups: Groups): readonly string[] {
  const seen = new Set(groups.get(name)?.parents ?? [])
  for (const current of seen) {
    for (const parent of groups.get(current)?.parents ?? []) seen.add(parent)
  }
  return [...seen]
}

/** Order of precedence, weakest first: depth, then `ansible_group_priority`, then name (inventory/helpers.py). */
export function sortByPrecedence(
  names: readonly string[],
  depth: ReadonlyMap<string, number>,
  priority: (name: string) => number,
): readonly string[] {
  return names.toSorted(
    (a, b) => (depth.get(a) ?? 0) - (depth.get(b) ?? 0) || priority(a) - priority(b) || (a < b ? -1 : a > b ? 1 : 0),
  )
}
