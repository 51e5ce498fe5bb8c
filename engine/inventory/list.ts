import { pythonJson } from './python-json.ts'
import type { Group, Host, Inventory, MapNode, Node, ScalarNode, Variable } from './types.ts'
import { toNode } from './value-node.ts'

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
}

/** The text of `ansible-inventory --list`. */
export function listInventory(inventory: Inventory, options: ListOptions = {}): string {
  const hostvars: Entries = []
  for (const host of inventory.hostsOf('all')) {
    const vars = varsNode(host.vars, options)
    if (vars.entries.length > 0) hostvars.push([host.name, vars])
  }
  const groups = [...formatGroups(inventory)].map(([name, group]): [string, Node] => [name, group])
  return pythonJson(map([...groups, ['_meta', map([['hostvars', map(hostvars)]])]]))
}

/** The text of `ansible-inventory --host NAME`. */
export function listHost(host: Host, options: ListOptions = {}): string {
  return pythonJson(varsNode(host.vars, options))
}

type Entries = [string, Node][]

/** Every group that has something to say, from `all` down. */
function formatGroups(inventory: Inventory): Map<string, Node> {
  const result = new Map<string, Node>()
  const seen = new Set<string>()
  const visit = (group: Group) => {
    if (seen.has(group.name)) return
    seen.add(group.name)
    const parts: Entries = []
    if (group.name !== 'all' && group.hosts.length > 0) parts.push(['hosts', list(group.hosts)])
    if (group.children.length > 0) parts.push(['children', list(group.children)])
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
function varsNode(vars: ReadonlyMap<string, Variable>, { reveal = false }: ListOptions): MapNode {
  const entries = [...vars].flatMap(([name, variable]): Entries => {
    if (internal.has(name)) return []
    return [
      [name, variable.fromVault === true && !reveal ? text('(vaulted)') : (variable.node ?? toNode(variable.value))],
    ]
  })
  return map(entries)
}
