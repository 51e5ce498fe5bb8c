import { isFailure } from '../failure/index.ts'
import { type Host, type Inventory, namesSetIn } from '../inventory/index.ts'
import { type ParamSchema, type Source, sourcesOf, variableNames } from '../values/index.ts'
import { type Bound, clustersOf } from './bind.ts'
import { askedAs, lookupIn } from './cluster-values.ts'

type Setter = Extract<Source, { kind: 'variable' }>

/** Two names of one value that are set: the one that counts, the other one, and the hosts where that is so. */
export interface NameBeaten {
  readonly strong: Setter
  readonly weak: Setter
  readonly hosts: ReadonlySet<string>
}

/** Values of roles and clusters that are set under several names at once. Each pair of places is told once. */
export function namesBeaten({ plays }: Pick<Bound, 'plays'>, inventory: Inventory): readonly NameBeaten[] {
  const found = new Map<string, NameBeaten & { readonly hosts: Set<string> }>()
  for (const { play, roles, everyone } of plays) {
    const askers = [...roles.map(({ call }) => call), ...clustersOf(play).map(askedAs)].map(({ role }) => role)
    const values = new Map(
      askers.flatMap(({ name, params }) =>
        Object.entries(params.properties).map(
          ([param, schema]) => [schema, variableNames(name, param, schema)] as const,
        ),
      ),
    )
    for (const host of everyone.flatMap(({ name }) => inventory.hosts.get(name) ?? []))
      for (const [strong, weak] of severalNames(values, inventory, host)) {
        const key = JSON.stringify([strong, weak].map(({ named, variable }) => [named, variable.origin]))
        const known = found.get(key) ?? { strong, weak, hosts: new Set() }
        found.set(key, known)
        known.hosts.add(host.name)
      }
  }
  return [...found.values()]
}

function severalNames(
  values: ReadonlyMap<ParamSchema, readonly string[]>,
  inventory: Inventory,
  host: Host,
): readonly (readonly [strong: Setter, weak: Setter])[] {
  const set = namesSetIn(inventory)
  const lookup = lookupIn(inventory, host)
  return [...values.values()].flatMap(names => {
    const own = names.filter(name => set.has(name))
    if (own.length < 2) return []
    const [strong, ...weak] = settersOf(() => sourcesOf(own, lookup, undefined))
    return strong ? weak.map(each => [strong, each] as const) : []
  })
}

/** None where a template can't be evaluated: that is a problem of its own. Neither is a default somebody's word. */
function settersOf(sources: () => readonly Source[]): readonly Setter[] {
  try {
    return sources().filter((source): source is Setter => source.kind === 'variable' && source.variable.rank >= 0)
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    return []
  }
}
