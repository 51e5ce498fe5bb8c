import { didYouMean, formatOrigin, type Origin, type Problem } from '../../failure/index.ts'
import { type Inventory, namesSetIn, type Variable } from '../../inventory/index.ts'
import type { NameBeaten } from '../../plan/index.ts'
import { hostList } from '../../report/index.ts'
import { ansibleNames, overridden, renamedByAnsible } from '../../values/index.ts'
import { placesOf, type Readers, readByRules } from '../misspelt.ts'
import { namesInTemplates, nobodyReads, variablesRead } from '../variables-read.ts'

/** What there is to be said of an inventory: an error keeps a run from being right, of the rest one may know. */
export interface Finding {
  readonly level: 'error' | 'warning' | 'info'
  readonly kind: 'wrong' | 'misspelt' | 'deprecated' | 'told' | 'unused' | 'shadowed'
  readonly problem: Problem
}

/** Names of old, by whoever has given them up. */
export function deprecated(inventory: Inventory, readers: readonly Readers[]): readonly Finding[] {
  const theirs = new Map(readers.flatMap(({ rules }) => [...(rules?.knows?.().deprecated ?? [])]))
  return setIn(inventory, name => theirs.has(name) || renamedByAnsible.has(name)).flatMap(name =>
    placesOf(inventory, name).map((origin): Finding => {
      const instead = theirs.get(name) ?? renamedByAnsible.get(name)
      const problem = { message: `variable ${name} is deprecated`, origin, hint: `say ${instead}` }
      return { level: 'warning', kind: 'deprecated', problem }
    }),
  )
}

/** Variables that neither a role of the playbooks reads nor anybody else who is known. */
export function unused(
  inventory: Inventory,
  readers: readonly Readers[],
  told: ReadonlySet<string>,
): readonly Finding[] {
  const read = new Set(
    readers.flatMap(({ plays, own, rules }) => [...variablesRead(plays, own), ...readByRules(rules)]),
  )
  const theirs = readers.flatMap(({ rules }) => rules?.knows?.() ?? [])
  const isKnown = (name: string) =>
    read.has(name) ||
    name.startsWith('ansible_') ||
    ansibleNames.has(name) ||
    inventory.defaults?.names.has(name) === true ||
    theirs.some(each => each.variables.has(name) || each.others.has(name) || each.deprecated.has(name))
  const strange = setIn(inventory, name => !isKnown(name) && !told.has(name))
  const referredTo = namesInTemplates(inventory, strange)
  const others = [...new Set(theirs.map(({ of }) => of))].map(of => `, and ${of} has none of this name`).join('')
  return strange.flatMap(name =>
    (referredTo.has(name) ? [] : placesOf(inventory, name)).map((origin): Finding => {
      const problem = { message: `variable ${name}: ${nobodyReads}${others}`, origin, ...didYouMean(name, read) }
      return { level: 'info', kind: 'unused', problem }
    }),
  )
}

/** Where several places set a variable: which of them wins on which hosts, and over what. */
export function shadowed(inventory: Inventory): readonly Finding[] {
  const found = new Map<string, Won>()
  for (const { name: host, vars } of inventory.hosts.values())
    for (const [name, variable] of vars) {
      const beaten = variable.overrides === undefined ? [] : overridden(variable).filter(each => each.rank >= 0)
      if (beaten.length === 0) continue
      const key = [name, ...[variable, ...beaten].map(placeOf)].join(' ')
      const known = found.get(key) ?? { name, variable, beaten, hosts: [] }
      found.set(key, known)
      known.hosts.push(host)
    }
  return [...found.values()].map(({ name, variable, beaten, hosts }): Finding => {
    const places = beaten.map(placeOf).join(', ')
    const message = `variable ${name}: what stands here wins over ${places} on ${hostList(hosts)}`
    return { level: 'info', kind: 'shadowed', problem: { message, origin: variable.origin } }
  })
}

/** Where one value is set under several of its names: which of them counts. */
export const beaten = (found: readonly NameBeaten[]): readonly Finding[] =>
  found.map(({ strong, weak, hosts }): Finding => {
    const said = `${strong.named} (${placeOf(strong.variable)}) is the same value, and counts on ${hostList([...hosts])}`
    const problem = { message: `variable ${weak.named}: ${said}`, origin: weak.variable.origin }
    return { level: 'info', kind: 'shadowed', problem }
  })

interface Won {
  readonly name: string
  readonly variable: Variable
  readonly beaten: readonly Variable[]
  readonly hosts: string[]
}

const placeOf = ({ origin }: { readonly origin: Origin }): string => formatOrigin(origin)

const setIn = (inventory: Inventory, is: (name: string) => boolean): readonly string[] =>
  [...namesSetIn(inventory)].filter(is)
