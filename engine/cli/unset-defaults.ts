import { formatProblem, type Problem } from '../failure/index.ts'
import type { Inventory } from '../inventory/index.ts'

/** Defaults that were asked for and can't be evaluated: another value stands in for each, and that is said. */
export function unsetDefaults(): {
  readonly add: NonNullable<Inventory['onUnset']>
  readonly warnings: () => readonly string[]
} {
  const found = new Map<string, { readonly why: Problem; readonly hosts: Set<string> }>()
  return {
    add: (name, host, why) => {
      const known = found.get(name) ?? { why, hosts: new Set() }
      known.hosts.add(host)
      found.set(name, known)
    },
    warnings: () =>
      [...found].map(([name, { why, hosts }]) => {
        const [first = ''] = hosts
        const where = hosts.size === 1 ? first : `${first} and ${hosts.size - 1} more`
        return `the default of ${name} counts as not set on ${where}: ${formatProblem(why)}`
      }),
  }
}
