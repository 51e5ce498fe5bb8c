import type { MapNode, Node, ScalarNode } from '../python/index.ts'
import { pythonJson, toNode } from '../python/index.ts'
import { treeRoom } from './tree-room.ts'
import type { Group, Host, Inventory, Variable } from './types.ts'

/** Magic variables, which `ansible-inventory` leaves out even when a file sets them (cli/inventory.py). */
const internal: ReadonlySet<string> = new Set([
  'ansible_diff_mode',
  'ansible_config_file',
  'ansible_facts',
  'ansible_forks',
  'ansible_inventory_sources',
  'ansible_limit',
  'ansible_playbook_python',
  'ansible_run_tags',
  'ansible_skip_tags',
  'ansible_verbosity',
  'ansible_version',
  'inventory_dir',
  'inventory_file',
  'inventory_hostname',
  'inventory_hostname_short',
  'groups',
  'group_names',
  'omit',
  'playbook_dir',
])

export interface ListOptions {
  /** Print what vaulted files hold, as Ansible does. Off: `(vaulted)`. */
  readonly reveal?: boolean
  /** Each variable where it is set, on its group or host, instead of all of them on every host (`--export`). */
  readonly export?: boolean
  /** Vaulted values are treated as those of vaulted files instead of being printed as ciphertext. */
  readonly open?: boolean
}

/** The text of `ansible-inventory --list`. */
export function listInventory(inventory: Inventory, options: ListOptions = {}): string {
  const hostvars: Entries = []
  for (const host of inventory.hostsOf('all')) {
    const vars = hostNode(host, options)
    if (vars.entries.length > 0) hostvars.push([host.name, vars])
  }
  const groups = [...formatGroups(inventory, options)].map(([name, group]): [string, Node] => [name, group])
  return pythonJson(map([...groups, ['_meta', map([['hostvars', map(hostvars)]])]]))
}

/** The text of `ansible-inventory --host NAME`. */
export function listHost(host: Host, options: ListOptions = {}): string {
  return pythonJson(hostNode(host, options))
}

/** `ansible-inventory --list --yaml` as a tree: groups inside groups, a host's variables where it comes first. */
export function inventoryTree(inventory: Inventory, options: ListOptions = {}): Node {
  const seen = new Set<string>()
  const room = treeRoom()
  const visit = (group: Group): MapNode => {
    room.take(1 + group.hosts.length)
    const children = group.children.flatMap((name): Entries => {
      const child = inventory.groups.get(name)
      return child ? [[name, visit(child)]] : []
    })
    const hosts = (group.name === 'all' ? [] : group.hosts).flatMap((name): Entries => {
      const host = inventory.hosts.get(name)
      const first = !seen.has(name)
      seen.add(name)
      return [[name, host && first ? hostNode(host, options) : map([])]]
    })
    return map([
      ...(children.length > 0 ? part('children', map(children)) : []),
      ...(hosts.length > 0 ? part('hosts', map(hosts)) : []),
      ...varsPart(group, options),
    ])
  }
  const all = inventory.groups.get('all')
  return map(all ? [['all', visit(all)]] : [])
}

type Entries = [string, Node][]

const part = (name: string, node: Node): Entries => [[name, node]]

/** Every group that has something to say, from `all` down. */
function formatGroups(inventory: Inventory, options: ListOptions): Map<string, Node> {
  const result = new Map<string, Node>()
  const seen = new Set<string>()
  const visit = (group: Group) => {
    if (seen.has(group.name)) return
    seen.add(group.name)
    const parts: Entries = []
    if (group.name !== 'all' && group.hosts.length > 0) parts.push(['hosts', list(group.hosts)])
    if (group.children.length > 0) parts.push(['children', list(group.children)])
    parts.push(...varsPart(group, options))
    if (parts.length > 0) result.set(group.name, map(parts))
    for (const child of group.children) {
      const next = inventory.groups.get(child)
      if (next !== undefined) visit(next)
    }
  }
  const all = inventory.groups.get('all')
  if (all !== undefined) visit(all)
  return result
}

function varsPart(group: Group, options: ListOptions): Entries {
  if (!options.export) return []
  const vars = groupNode(group, options)
  return vars.entries.length > 0 ? part('vars', vars) : []
}

export function hostNode(host: Host, options: ListOptions): MapNode {
  return varsNode(options.export ? ownVars(host) : host.vars, options)
}

export function groupNode({ vars, priority }: Group, options: ListOptions): MapNode {
  const { entries } = varsNode(vars, options)
  const others = entries.filter(({ key }) => key.value !== 'ansible_group_priority')
  const said: Node = { kind: 'scalar', type: 'int', value: priority, ...here }
  return {
    ...map([]),
    entries: [...others, ...(priority === 1 ? [] : map([['ansible_group_priority', said]]).entries)],
  }
}

/**
 * What is set for the host itself, not for its groups and not with `-e`. Of a host and a group of one name, Ansible
 * gives it to the group.
 */
function ownVars({ name: host, groups, vars }: Host): ReadonlyMap<string, Variable> {
  const ofGroups = groups.map(group => `inventory host ${group}`)
  // The hosts of a range share the settings of the first.
  const isOwn = ({ source }: Variable) =>
    source === `host_vars/${host}` || (source.startsWith('inventory host ') && !ofGroups.includes(source))
  return new Map(
    [...vars].flatMap(([name, variable]): [string, Variable][] => {
      let own: Variable | undefined = variable
      while (own && !isOwn(own)) own = own.overrides
      return own ? [[name, own]] : []
    }),
  )
}

const here = { line: 1, column: 1 } as const

function text(value: string): ScalarNode {
  return { kind: 'scalar', type: 'str', value, ...here }
}

function list(items: readonly string[]): Node {
  return { kind: 'list', items: items.map(text), ...here }
}

function map(entries: readonly [string, Node][]): MapNode {
  return { kind: 'map', entries: entries.map(([key, node]) => ({ key: text(key), node })), ...here }
}

/** A `!vault` value is printed as its ciphertext; only what a vaulted file holds in clear needs hiding. */
function varsNode(vars: ReadonlyMap<string, Variable>, options: ListOptions): MapNode {
  const entries = [...vars].flatMap(([name, variable]): Entries => {
    return internal.has(name) ? [] : [[name, shownNode(variable, options)]]
  })
  return map(entries)
}

function shownNode(variable: Variable, { reveal = false, open = false }: ListOptions): Node {
  const hides = open ? variable.secret : variable.fromVault
  if (hides && !reveal) return text('(vaulted)')
  return variable.node === undefined || (open && variable.secret && !variable.fromVault)
    ? toNode(variable.value)
    : variable.node
}
