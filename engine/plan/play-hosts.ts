import { isFailure, type Problem } from '../failure/index.ts'
import { type Host, type Inventory, selectHosts, splitPatterns } from '../inventory/index.ts'
import type { Play } from '../playbook/index.ts'
import { isSelected, type TagSelection } from '../playbook/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { flatten } from './work.ts'

/** Whom a play's pattern names, whatever `--limit` says, and what of it this inventory does not know. */
export interface PlayHosts {
  readonly everyone: readonly Host[]
  /** One text for each name that is no host and no group. */
  readonly unknown: readonly string[]
}

/** As in Ansible, a name that the inventory does not have stands for nobody: the rest of the pattern counts. */
export function hostsOf({ hosts }: Pick<Play, 'hosts'>, inventory: Inventory): PlayHosts {
  const parts = splitPatterns(hosts).map(part => ({ part, wrong: unknownIn(inventory, part) }))
  const unknown = parts.flatMap(({ wrong }) => wrong)
  const known = parts.filter(({ wrong }) => wrong.length === 0).map(({ part }) => part)
  // A pattern of nothing but exclusions begins with all hosts; one whose every name is unknown does not, and nobody is
  // in both of two groups of which one does not exist.
  const lost = parts.some(({ part }) => isUnion(part)) && !known.some(isUnion)
  const nobody = known.length === 0 || lost || parts.some(({ part, wrong }) => part.startsWith('&') && wrong.length > 0)
  return { everyone: nobody ? [] : selectHosts(inventory, known), unknown }
}

const isUnion = (part: string): boolean => !/^[!&]/.test(part)

function unknownIn(inventory: Inventory, part: string): readonly string[] {
  try {
    selectHosts(inventory, part.replace(/^[!&]/, ''))
    return []
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    return error.reason.problems.map(({ message, hint }) =>
      [message.replace(/^hosts: /, ''), hint].filter(Boolean).join('; '),
    )
  }
}

/**
 * Whether the tags choose anything of a play, as far as can be told without a host: which tags the tasks of its roles
 * have themselves, only a host's params could say.
 */
export function isChosen({ tags, roles = [], tasks }: Play, selection: TagSelection): boolean {
  const own = tagsOf(tags)
  const ofTasks = tasks === undefined || typeof tasks === 'function' ? [[]] : flatten(tasks).map(unit => unit.tags)
  const all = [...roles.map(call => call.tags), ...(tasks === undefined && roles.length > 0 ? [] : ofTasks)]
  return all.some(more => isSelected([...own, ...more], selection))
}

/** In a few words, why nobody is in a play. */
export const whyNobody = ({ hosts }: Play, { unknown }: PlayHosts): string =>
  unknown.length > 0 ? unknown.join('; ') : `'${[hosts].flat().join(',')}' matches none`

/** Passed over without a word, a misspelt group would leave half of a rollout undone, and the run green. */
export const nobodyIn = (play: Play, found: PlayHosts, inventory: Inventory): Problem => ({
  message: `play "${play.name}" has no host: ${whyNobody(play, found)}`,
  origin: play.site,
  hint: `${groupsOf(inventory)}; where the play may have no host, it has to say so: optional: true`,
})

/**
 * Hosts that are in no group, beside groups that are empty, as a sample is left half written: said once, not by play.
 */
export function nobodyAnywhere(
  plays: readonly Play[],
  { groups, hostsOf: members, hosts }: Inventory,
): Problem | undefined {
  const own = [...groups.keys()].filter(name => !['all', 'ungrouped'].includes(name))
  if (own.length === 0 || own.some(name => members(name).length > 0)) return undefined
  const wanted = [...new Set(plays.flatMap(play => splitPatterns(play.hosts)))].join(', ')
  const [first] = hosts.values()
  return {
    message: 'no group of the inventory has a host',
    ...(first && { origin: first.origin }),
    hint: `the hosts that it names must be in groups, too: the plays work on ${wanted}`,
  }
}

const shown = 20

function groupsOf({ groups, hostsOf: members }: Inventory): string {
  const names = [...groups.keys()].filter(name => !['all', 'ungrouped'].includes(name) && members(name).length > 0)
  if (names.length === 0) return 'this inventory has no groups'
  return `the groups of this inventory are ${listed(names)}`
}

export const listed = (names: readonly string[]): string =>
  names.length > shown ? `${names.slice(0, shown).join(', ')} and ${names.length - shown} more` : names.join(', ')
