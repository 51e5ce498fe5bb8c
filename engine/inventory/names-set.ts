import type { Host, Inventory } from './types.ts'

/** Each name that any host has a variable of. Worked out once an inventory, whatever has been put beside its hosts. */
export function namesSetIn({ hosts }: Pick<Inventory, 'hosts'>): ReadonlySet<string> {
  const known = namesOf.get(hosts)
  if (known) return known
  const names = new Set<string>()
  for (const { vars } of hosts.values()) for (const name of vars.keys()) names.add(name)
  namesOf.set(hosts, names)
  return names
}

// A memory of a pure function: an inventory does not change.
const namesOf = new WeakMap<ReadonlyMap<string, Host>, ReadonlySet<string>>()
