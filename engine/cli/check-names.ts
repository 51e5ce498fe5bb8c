import type { Problem } from '../failure/index.ts'
import { didYouMean } from '../failure/index.ts'
import type { Inventory, Variable } from '../inventory/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { Play, Serial } from '../playbook/index.ts'
import { asWindow, checkSerial, parseSerial, specialTags, type TagSelection } from '../playbook/index.ts'
import { longestWait } from '../values/index.ts'
import { extraVars, namesInTemplates, nobodyReads, variablesRead } from './variables-read.ts'

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

/** What becomes of the batches of plays that have any; with what is wrong with it and what is to be said. */
export interface PaceAsked {
  readonly paced?: (own: Serial) => Serial
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
}

/**
 * `--serial`, or `-e serial=1`, which kubespray's plays read, and `--window`, which is for either and for what the
 * plays themselves say. They change the batches of plays that have any; where none has, they would do nothing,
 * silently.
 */
export function paceAsked(
  plays: readonly Play[],
  own: readonly string[],
  inventory: Inventory,
  { serial: flag, window: isWindow }: { readonly serial?: Serial; readonly window: boolean },
): PaceAsked {
  const variable = variablesRead(plays, own).has('serial') ? undefined : extraVars(inventory).get('serial')
  const asked = variable === undefined ? undefined : serialIn(variable)
  const serial = flag ?? asked
  if (serial === undefined && !isWindow) return { problems: [], notes: [] }
  const what = asked !== undefined ? 'extra variable serial' : serial !== undefined ? '--serial' : '--window'
  const problem = (message: string, hint?: string): PaceAsked => ({
    problems: [{ message: `${what}: ${message}`, ...(variable && { origin: variable.origin }), ...(hint && { hint }) }],
    notes: [],
  })
  if (plays.every(play => play.serial === undefined)) return problem('no play of this playbook works in batches')
  if (serial === undefined) return { paced: refilled, problems: [], notes: [] }
  const made = isWindow ? asWindow(serial) : serial
  const wrong = checkSerial(serial) ?? checkSerial(made)
  if (wrong) return problem(wrong)
  if (asked === undefined) return { paced: () => made, problems: [], notes: [] }
  const [said, given] = [String(asked), flag === undefined ? undefined : String(flag)]
  if (given !== undefined && given !== said)
    return problem(`${said}, and --serial says ${given}`, 'leave one of them away')
  return { paced: () => made, problems: [], notes: [`-e serial=${said} is taken for --serial ${said}`] }
}

/** A play whose batches take all hosts at once goes on to do so. */
function refilled(own: Serial): Serial {
  const made = asWindow(own)
  return checkSerial(made) === undefined ? made : own
}

/** A pause between batches, where no play has any, and one that is too long. */
export const pauseProblems = (plays: readonly Play[], { pause }: { readonly pause?: number }): readonly Problem[] => [
  ...(pause === undefined || plays.some(play => play.serial !== undefined)
    ? []
    : [{ message: '--pause: no play of this playbook works in batches' }]),
  ...(pause !== undefined && pause > longestWait
    ? [
        {
          message: `--pause: ${pause} s is more than 24 h`,
          hint: 'let a run come to its end with --limit, and do the other hosts when it is time',
        },
      ]
    : []),
]

const serialIn = ({ value }: Variable): Serial =>
  Array.isArray(value)
    ? value.map(item => (typeof item === 'number' ? item : String(item)))
    : parseSerial(String(value))

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
  const read = variablesRead(plays, own)
  const problems = [...extraVars(inventory)].flatMap(([name, variable]): readonly Problem[] => {
    if (read.has(name) || name === 'serial' || name.startsWith('ansible_')) return []
    if (isSetElsewhere(inventory, name)) return []
    const { hint } = didYouMean(name, read)
    return [
      {
        message: `extra variable ${name}: ${nobodyReads} and the inventory does not set it`,
        origin: variable.origin,
        ...(hint ? { hint } : {}),
      },
    ]
  })
  return problems
}

/** The inventory sets it too, or one of its templates refers to it, or it overrides a default. */
const isSetElsewhere = (inventory: Inventory, name: string): boolean =>
  inventory.defaults?.names.has(name) === true ||
  [...inventory.hosts.values()].some(({ vars }) => vars.get(name)?.overrides !== undefined) ||
  namesInTemplates(inventory, [name]).size > 0
