import type { Problem } from '../failure/index.ts'
import { didYouMean } from '../failure/index.ts'
import type { Inventory, Variable } from '../inventory/index.ts'
import { clustersOf, type ReadyPlay } from '../plan/index.ts'
import type { Play, Serial } from '../playbook/index.ts'
import { specialTags, type TagSelection } from '../playbook/index.ts'
import { type HasParams, variableNames } from '../values/index.ts'

/** All tags that the plays, their roles and their tasks have. */
export function tagsIn(plays: readonly ReadyPlay[]): readonly string[] {
  const tags = plays.flatMap(play => [...play.tags, ...play.roles.flatMap(role => role.tags), ...play.taskTags])
  return [...new Set(tags)].sort()
}

/**
 * A tag that nothing has would run nothing, silently: it is refused. One to be skipped leaves nothing out, which is
 * said.
 */
export function checkTags(
  plays: readonly ReadyPlay[],
  { only, skip }: TagSelection,
): { readonly problems: readonly Problem[]; readonly warnings: readonly string[] } {
  if ([...only, ...skip].every(tag => specialTags.includes(tag))) return { problems: [], warnings: [] }
  const known = tagsIn(plays)
  const isUnknown = (tag: string) => !specialTags.includes(tag) && !known.includes(tag)
  const hint = (tag: string) => didYouMean(tag, known).hint ?? `the tags are ${known.join(', ')}`
  return {
    problems: only
      .filter(isUnknown)
      .map(tag => ({ message: `no play, role or task has the tag ${tag}`, hint: hint(tag) })),
    warnings: skip
      .filter(isUnknown)
      .map(tag => `--skip-tags ${tag}: no play, role or task has this tag, so nothing is left out; ${hint(tag)}`),
  }
}

/** `--serial` changes the batches of plays that have any; where none has, it would do nothing, silently. */
export function checkSerialFlag(plays: readonly Play[], serial: Serial | undefined): readonly Problem[] {
  if (serial === undefined || plays.some(play => play.serial !== undefined)) return []
  return [{ message: '--serial: no play of this playbook works in batches' }]
}

/**
 * An extra variable that nothing reads is most often a misspelt one. Names that the inventory sets, or that a role of
 * this playbook reads, or that say how to connect, are fine.
 */
export function checkExtraVars(
  plays: readonly Play[],
  own: readonly string[],
  inventory: Inventory,
  given: readonly string[],
): readonly Problem[] {
  if (given.length === 0) return []
  const read = new Set([
    ...own,
    ...plays.flatMap(({ gate, around = [] }) => [...(gate?.vars ?? []), ...around.flatMap(hook => hook.vars ?? [])]),
    ...withParams(plays).flatMap(({ name, params }) =>
      Object.entries(params.properties).flatMap(([param, schema]) => variableNames(name, param, schema)),
    ),
  ])
  const [first] = inventory.hosts.values()
  const extra = [...(first?.vars ?? [])].filter(([, variable]) => variable.source === 'extra vars')
  const problems = extra.flatMap(([name, variable]): readonly Problem[] => {
    if (read.has(name) || name.startsWith('ansible_')) return []
    // kubespray's plays have `serial: "{{ serial | default('20%') }}"`.
    if (name === 'serial') return [serialAsVariable(variable)]
    if (isSetElsewhere(inventory, name)) return []
    const { hint } = didYouMean(name, read)
    return [
      {
        message: `extra variable ${name}: no role of this playbook reads it and the inventory does not set it`,
        origin: variable.origin,
        ...(hint ? { hint } : {}),
      },
    ]
  })
  return problems
}

/** All in the plays that have params: roles, and the clusters of whoever is handed one. */
const withParams = (plays: readonly Play[]): readonly HasParams[] =>
  plays.flatMap(play => [
    ...(play.roles ?? []).map(({ role }) => role),
    ...clustersOf(play).map(({ params }) => ({ name: 'cluster', params })),
  ])

const serialAsVariable = ({ value, origin }: Variable): Problem => ({
  message: 'extra variable serial: how many hosts there are in a batch is no variable here',
  origin,
  hint: `say it with --serial ${Array.isArray(value) ? value.join(',') : String(value)}`,
})

/** The inventory sets it too, or one of its templates refers to it. */
const isSetElsewhere = (inventory: Inventory, name: string): boolean =>
  [...inventory.hosts.values()].some(
    host =>
      host.vars.get(name)?.overrides !== undefined ||
      [...host.vars.values()].some(
        ({ value }) => typeof value === 'string' && value.includes('{{') && value.includes(name),
      ),
  )
