import { formatOrigin, meant, namesToCompare, type Origin, type Problem, slipsOf } from '../failure/index.ts'
import { type Inventory, type InventoryRules, namesSetIn, type Variable } from '../inventory/index.ts'
import type { Play } from '../playbook/index.ts'
import { ansibleNames, isExtra, notedNames } from '../values/index.ts'
import { namesInTemplates, nobodyReads, variablesRead } from './variables-read.ts'

/** A problem with the name of a variable. */
export interface Slip extends Problem {
  readonly variable: string
}

/** Whose variables an inventory may hold. */
export interface Readers {
  readonly plays: readonly Play[]
  /** Variables of the playbook itself. */
  readonly own: readonly string[]
  readonly rules: InventoryRules | undefined
}

/**
 * Variables of the inventory that nobody reads and whose name is nearly that of one that somebody does: each name once,
 * with all places that set it. An inventory holds variables of others, too: one that is near no known name is theirs.
 */
export function misspelt(inventory: Inventory, { plays, own, rules }: Readers): readonly Slip[] {
  const read = variablesRead(plays, own)
  const unread = [...namesSetIn(inventory)].filter(name => !read.has(name) && !ansibleNames.has(name))
  if (unread.length === 0) return []
  const theirs = rules?.knows?.()
  const known = new Set([...read, ...readByRules(rules), ...notedNames(), ...(inventory.defaults?.names ?? [])])
  const isKnown = (name: string) =>
    known.has(name) || theirs?.variables.has(name) || theirs?.others.has(name) || theirs?.deprecated.has(name)
  const strange = unread.filter(name => !isKnown(name))
  if (strange.length === 0) return []
  const names = namesToCompare(new Set([...known, ...(theirs?.variables ?? []), ...ansibleNames]))
  const near = strange.map(name => ({ name, likely: slipsOf(name, names) })).filter(({ likely }) => likely.length > 0)
  const referredTo = namesInTemplates(
    inventory,
    near.map(({ name }) => name),
  )
  const others = theirs ? `, and ${theirs.of} has none of this name` : ''
  return near.flatMap(({ name, likely }) => {
    const [first, ...more] = referredTo.has(name) ? [] : placesOf(inventory, name)
    if (first === undefined) return []
    const message = `variable ${name}: ${nobodyReads}${others}${alsoAt(more)}`
    return [{ variable: name, message, origin: first, ...meant(likely) }]
  })
}

/** Each place that sets it on some host, whether or not something is stronger there; an extra variable is no place. */
export function placesOf({ hosts }: Inventory, name: string): readonly Origin[] {
  const seen = new Set<Variable>()
  const places = new Map<string, Origin>()
  for (const { vars } of hosts.values())
    for (let variable = vars.get(name); variable && !seen.has(variable); variable = variable.overrides) {
      seen.add(variable)
      if (!isExtra(variable)) places.set(formatOrigin(variable.origin), variable.origin)
    }
  return [...places.values()]
}

function alsoAt(places: readonly Origin[]): string {
  if (places.length === 0) return ''
  const more = places.length > mostPlaces ? ` and ${places.length - mostPlaces} places more` : ''
  return `; it is set at ${places.slice(0, mostPlaces).map(formatOrigin).join(', ')}${more}, too`
}

const mostPlaces = 5

/** What gives hosts their addresses, and what is made whole. */
export const readByRules = ({ addresses, completes }: InventoryRules = {}): readonly string[] => [
  ...(addresses ? [addresses.unless, ...addresses.shared, ...addresses.own] : []),
  ...Object.keys(completes ?? {}),
]
