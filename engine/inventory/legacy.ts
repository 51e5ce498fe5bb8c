import type { Statement } from './types.ts'

/** Group names that kubespray used before 2.16 and what they are called now (playbooks/legacy_groups.yml). */
export const legacyGroups: Readonly<Record<string, string>> = {
  'kube-master': 'kube_control_plane',
  'kube-node': 'kube_node',
  'k8s-cluster': 'k8s_cluster',
  'calico-rr': 'calico_rr',
  'no-floating': 'no_floating',
}

/**
 * Makes each old group that is there a child of its new one, so that its hosts, and group_vars of the new name, are
 * found. Where the new one is already under the old one, that would be a loop: then the old one's own hosts join the
 * new one.
 */
export function aliasStatements(
  statements: readonly Statement[],
  aliases: Readonly<Record<string, string>>,
): readonly Statement[] {
  return Object.entries(aliases).flatMap(([old, name]): Statement[] => {
    const declared = statements.find(one => one.kind === 'group' && one.name === old)
    if (declared?.kind !== 'group') return []
    const { at } = declared
    if (!isUnder(name, old, statements)) {
      return [
        { kind: 'group', name, at },
        { kind: 'child', parent: name, child: old, at },
      ]
    }
    return statements.flatMap((one): Statement[] => {
      if (one.kind !== 'hosts' || one.group !== old) return []
      return [{ kind: 'hosts', names: one.names, group: name, at, settings: () => [] }]
    })
  })
}

function isUnder(name: string, above: string, statements: readonly Statement[]): boolean {
  const parents = new Map<string, string[]>()
  for (const one of statements) {
    if (one.kind === 'child') parents.set(one.child, [...(parents.get(one.child) ?? []), one.parent])
  }
  const seen = new Set([name])
  for (const each of seen) for (const parent of parents.get(each) ?? []) seen.add(parent)
  return name !== above && seen.has(above)
}
