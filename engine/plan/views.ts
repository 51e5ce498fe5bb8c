import { dirname } from 'node:path'
import { isFailure, type Problem } from '../failure/index.ts'
import { type Host, hostNamed, type Inventory } from '../inventory/index.ts'
import { addressBy } from '../playbook/index.ts'
import type { HostView, InventoryView } from '../role/index.ts'
import { renderFile, resolveVar } from '../values/index.ts'
import { clusterValues, type GivenByPlays, lookupNamed, nothingGiven, type Refuse } from './cluster-values.ts'

/**
 * The inventory as roles see it, with what a playbook gives to the values of clusters. Views are made once per host.
 * `onSecrets` is told of every secret in such a value before anybody gets it. `refuse` is told what is wrong with it;
 * by default that is thrown.
 */
export function inventoryView(
  inventory: Inventory,
  given: GivenByPlays = nothingGiven,
  onSecrets?: (secrets: readonly string[]) => void,
  refuse?: Refuse,
): InventoryView {
  const views = new Map<string, HostView>()
  const view = (host: Host): HostView => {
    const known = views.get(host.name)
    if (known) return known
    const made = hostView(inventory, host)
    views.set(host.name, made)
    return made
  }
  const host = (name: string): HostView => {
    const found = hostNamed(inventory, name)
    if (!found) throw new Error(`there is no host ${name} in the inventory`)
    return view(found)
  }
  // Roles ask for the same groups on every host: made once, for a thousand hosts are not to be gone through a thousand
  // times.
  const groups = new Map<string, readonly HostView[]>()
  let all: readonly HostView[] | undefined
  const [source = '.'] = inventory.sources
  const made: InventoryView = {
    cluster: clusterValues(
      name => lookupNamed(inventory, name),
      () => made,
      given,
      onSecrets,
      refuse,
    ),
    get hosts() {
      all ??= [...inventory.hosts.values()].map(view)
      return all
    },
    host,
    group: name => {
      const known = groups.get(name) ?? inventory.hostsOf(name).map(view)
      groups.set(name, known)
      return known
    },
    dir: dirname(source),
  }
  return made
}

function hostView(inventory: Inventory, host: Host): HostView {
  const read = (name: string): unknown => resolveVar(inventory, host, name)?.value
  const address = () => addressBy('shared', inventory.addresses, host, read)
  const ip = () => addressBy('own', inventory.addresses, host, read)
  return {
    name: host.name,
    get address() {
      return address()
    },
    get ip() {
      return ip()
    },
    get addressProblems() {
      return [...problemsOf(address), ...problemsOf(ip)]
    },
    groups: host.groups,
    var: read,
    render: (file, values) => renderFile(inventory, host, file, values),
    place: variable => (variable === undefined ? host.origin : host.vars.get(variable)?.origin),
  }
}

function problemsOf(read: () => unknown): readonly Problem[] {
  try {
    read()
    return []
  } catch (error) {
    if (isFailure(error, 'refused')) return error.reason.problems
    throw error
  }
}
