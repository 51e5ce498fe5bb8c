import { type Inventory, type Variable, wordsInTemplates } from '../inventory/index.ts'
import { clustersOf } from '../plan/index.ts'
import type { Play } from '../playbook/index.ts'
import { type HasParams, isExtra, variableNames } from '../values/index.ts'

/** What is wrong with one that is not among these. */
export const nobodyReads = 'no role of this playbook reads it'

/** All in a play that have params: roles, and the clusters of whoever is handed one. */
export const askersIn = (play: Play): readonly HasParams[] => [
  ...(play.roles ?? []).map(({ role }) => role),
  ...clustersOf(play).map(({ params }) => ({ name: 'cluster', label: 'the cluster', params })),
]

/** What the playbook, its roles and their hooks read. */
export const variablesRead = (plays: readonly Play[], own: readonly string[]): ReadonlySet<string> =>
  new Set([
    ...own,
    ...plays.flatMap(({ gate, around = [] }) => [...(gate?.vars ?? []), ...around.flatMap(hook => hook.vars ?? [])]),
    ...plays
      .flatMap(askersIn)
      .flatMap(({ name, params }) =>
        Object.entries(params.properties).flatMap(([param, schema]) => variableNames(name, param, schema)),
      ),
  ])

export function extraVars(inventory: Inventory): ReadonlyMap<string, Variable> {
  const [first] = inventory.hosts.values()
  return new Map([...(first?.vars ?? [])].filter(([, variable]) => isExtra(variable)))
}

/** Those of the names that templates of the inventory refer to. Each value is looked at once, however many have it. */
export function namesInTemplates({ hosts }: Inventory, names: Iterable<string>): ReadonlySet<string> {
  const asked = new Set(names)
  const found = new Set<string>()
  if (asked.size === 0) return found
  const seen = new Set<Variable>()
  for (const { vars } of hosts.values())
    for (const variable of vars.values()) {
      if (seen.has(variable)) continue
      seen.add(variable)
      for (const word of wordsInTemplates(variable)) if (asked.has(word)) found.add(word)
    }
  return found
}
