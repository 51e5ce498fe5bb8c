import { dirname } from 'node:path'
import { type Host, type Inventory, resolveVar } from '../inventory/index.ts'
import type { Lookup } from '../role/params.ts'
import type { HostView, InventoryView } from '../role/view.ts'

/** The inventory as roles see it. Views are made once per host. */
export function inventoryView(inventory: Inventory): InventoryView {
  const views = new Map<string, HostView>()
  const view = (host: Host): HostView => {
    const known = views.get(host.name)
    if (known) return known
    const made = hostView(inventory, host)
    views.set(host.name, made)
    return made
  }
  const host = (name: string): HostView => {
    const found = inventory.hosts.get(name)
    if (!found) throw new Error(`there is no host ${name} in the inventory`)
    return view(found)
  }
  const [source = '.'] = inventory.sources
  return {
    get hosts() {
      return [...inventory.hosts.values()].map(view)
    },
    host,
    group: name => inventory.hostsOf(name).map(view),
    dir: dirname(source),
  }
}

function hostView(inventory: Inventory, host: Host): HostView {
  const read = (name: string): unknown => resolveVar(inventory, host, name)?.value
  const text = (...names: readonly string[]): string => {
    const found = names.map(read).find(value => typeof value === 'string' && value !== '')
    return typeof found === 'string' ? found : host.name
  }
  return {
    name: host.name,
    get address() {
      return text('access_ip', 'ip', 'ansible_host')
    },
    get ip() {
      return text('ip', 'ansible_host')
    },
    groups: host.groups,
    var: read,
  }
}

/** A host's variables for `resolveParams`. */
export const lookupIn =
  (inventory: Inventory, host: Host): Lookup =>
  name => {
    // Resolved, it also tells whether the value was made from a secret.
    const variable = resolveVar(inventory, host, name)
    return variable && { value: variable.value, variable }
  }
