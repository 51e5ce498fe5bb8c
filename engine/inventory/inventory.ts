import type { Origin } from '../failure/index.ts'
import type { Decrypt } from '../python/index.ts'
import type { Graph, RawGroup, RawHost } from './assemble.ts'
import { ancestors, depths, descendants, sortByPrecedence } from './group-order.ts'
import type { Group, Host, Inventory, Setting } from './types.ts'
import { override, sharedVariables, type Variables } from './vars/variables.ts'
import type { FileSettings } from './vars/vars-files.ts'

/** What the files beside the inventory sources and beside the playbook say, one map per place, weakest first. */
export interface VarsLayers {
  readonly inventoryGroups: readonly ReadonlyMap<string, FileSettings>[]
  readonly playbookGroups: readonly ReadonlyMap<string, FileSettings>[]
  readonly inventoryHosts: readonly ReadonlyMap<string, FileSettings>[]
  readonly playbookHosts: readonly ReadonlyMap<string, FileSettings>[]
  readonly extra: readonly Setting[]
}

interface Parts extends Pick<Inventory, 'sources' | 'dir' | 'playbookDir' | 'readText' | 'warnings'> {
  readonly graph: Graph
  readonly layers: VarsLayers
  readonly decrypt: Decrypt
}

/** Puts the graph and the variables' layers together; every host's variables are merged when they are first read. */
export function buildInventory({ graph, layers, decrypt, ...given }: Parts): Inventory {
  const depth = depths(graph.groups)
  const priority = (name: string) => graph.groups.get(name)?.priority ?? 1
  const sorted = (names: readonly string[]) => sortByPrecedence(names, depth, priority)
  const ofHost = groupsByHost(graph)

  /** Hosts in the same groups share one map. */
  const byGroups = new Map<string, Variables>()
  const groupVars = (names: readonly string[]): Variables => {
    const key = names.join(' ')
    const known = byGroups.get(key) ?? mergeGroups(sorted(names), graph, layers, decrypt)
    byGroups.set(key, known)
    return known
  }

  const extra = sharedVariables(decrypt)
  const hostVars = (name: string, groups: readonly string[], raw: RawHost | undefined): Variables => {
    const own = [
      ...(raw?.settings ?? []).map(settings => settings()),
      ...fromFiles(layers.inventoryHosts, [name]),
      ...fromFiles(layers.playbookHosts, [name]),
    ]
    const vars = override(groupVars(groups), own, decrypt, ranksOfGroups)
    for (const setting of layers.extra) vars.set(setting.name, extra(setting, vars.get(setting.name)))
    return vars
  }

  const groupsOf = (name: string) => ofHost.get(name) ?? []
  const known = (name: string, groups: readonly string[]) => hostVars(name, groups, graph.hosts.get(name))

  const hosts = new Map<string, Host>()
  for (const { name, at } of graph.hosts.values()) hosts.set(name, new LazyHost(name, at, groupsOf(name), known))
  const groups = new Map([...graph.groups.values()].map(raw => [raw.name, toGroup(raw, layers, decrypt)]))
  const members = new Map<string, readonly Host[]>()
  const membersOf = (group: string): readonly Host[] => {
    if (!groups.has(group)) return []
    const names = new Set(descendants(group, graph.groups).flatMap(name => graph.groups.get(name)?.hosts ?? []))
    return [...names].flatMap(name => hosts.get(name) ?? [])
  }
  return {
    hosts,
    groups,
    ...given,
    hostsOf: group => {
      const known = members.get(group) ?? membersOf(group)
      members.set(group, known)
      return known
    },
    implicitHost: name => {
      const local: Setting = {
        name: 'ansible_connection',
        node: { kind: 'scalar', type: 'str', value: 'local', line: 1, column: 1 },
        file: name,
        source: 'implicit localhost',
      }
      const raw: RawHost = { name, settings: [() => [local]], at: { file: name, line: 1, column: 1 } }
      return new LazyHost(name, raw.at, groupsOf(name), (_, groups) => hostVars(name, groups, raw))
    },
  }
}

/** No host has as many lists of variables from its groups: what is said of the host itself is stronger. */
const ranksOfGroups = 1_000_000

/** Sorted, ancestors included, `all` left out. */
function groupsByHost(graph: Graph): ReadonlyMap<string, readonly string[]> {
  const direct = new Map<string, string[]>()
  for (const group of graph.groups.values()) {
    for (const host of group.hosts) {
      const names = direct.get(host)
      if (names === undefined) direct.set(host, [group.name])
      else names.push(group.name)
    }
  }
  const above = new Map([...graph.groups.keys()].map(name => [name, ancestors(name, graph.groups)]))
  // Most hosts share their groups with many others.
  const known = new Map<string, readonly string[]>()
  const all = (names: readonly string[]) => {
    const key = names.join(' ')
    const cached = known.get(key)
    if (cached !== undefined) return cached
    const every = new Set(names.flatMap(name => [name, ...(above.get(name) ?? [])]))
    every.delete('all')
    const sorted = [...every].sort()
    known.set(key, sorted)
    return sorted
  }
  const result = new Map<string, readonly string[]>()
  for (const [host, names] of direct) result.set(host, all(names))
  return result
}

/**
 * Group variables, weakest first: all of the inventory's own, then files for `all`, then files for the other groups.
 */
function mergeGroups(names: readonly string[], graph: Graph, layers: VarsLayers, decrypt: Decrypt): Variables {
  const own = (name: string) => graph.groups.get(name)?.settings ?? []
  const settings = [
    own('all'),
    ...names.map(own),
    ...fromFiles(layers.inventoryGroups, ['all']),
    ...fromFiles(layers.playbookGroups, ['all']),
    ...fromFiles(layers.inventoryGroups, names),
    ...fromFiles(layers.playbookGroups, names),
  ]
  return override(new Map(), settings, decrypt, 0)
}

/** Place by place: a later inventory source wins over the order of the groups. */
function fromFiles(
  places: readonly ReadonlyMap<string, FileSettings>[],
  names: readonly string[],
): (readonly Setting[])[] {
  return places.flatMap(place => names.flatMap(name => place.get(name)?.() ?? []))
}

/** A class, for there are tens of thousands: getters of their own would cost more than reading their lines. */
class LazyHost implements Host {
  readonly name: string
  readonly origin: Origin
  readonly groups: readonly string[]
  private readonly compute: (name: string, groups: readonly string[]) => Variables
  private made: Variables | undefined

  constructor(name: string, origin: Origin, groups: readonly string[], compute: LazyHost['compute']) {
    this.name = name
    this.origin = origin
    this.groups = groups
    this.compute = compute
    this.made = undefined
  }

  get vars(): Variables {
    this.made ??= this.compute(this.name, this.groups)
    return this.made
  }

  get port(): number | undefined {
    return portOf(this.vars.get('ansible_port')?.value)
  }
}

function portOf(value: unknown): number | undefined {
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined
}

function toGroup(raw: RawGroup, layers: VarsLayers, decrypt: Decrypt): Group {
  const { name, hosts, children, parents, priority, settings } = raw
  let vars: Variables | undefined
  return {
    name,
    hosts,
    children,
    parents,
    priority,
    get vars() {
      const files = [layers.inventoryGroups, layers.playbookGroups].flatMap(places => fromFiles(places, [name]))
      vars ??= override(new Map(), [settings, ...files], decrypt, 0)
      return vars
    },
  }
}
