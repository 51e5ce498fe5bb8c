import type { Origin, Problem } from '../../failure/index.ts'
import { didYouMean } from '../../failure/index.ts'
import type { Entry, MapNode, Node } from '../../python/index.ts'
import { originOf } from '../../python/index.ts'
import type { Reading, Setting, Statement } from '../types.ts'
import { badHostName } from './ini-host.ts'
import { expandHostPattern, mostOfSource } from './range.ts'

const sections = ['vars', 'children', 'hosts'] as const

interface Context {
  readonly file: string
  readonly statements: Statement[]
  readonly problems: Problem[]
  readonly warnings: string[]
  hosts: number
}

/** ansible/plugins/inventory/yaml.py: groups at the top, each with `hosts`, `vars` and `children`. */
export function readYamlInventory(node: Node | undefined, file: string): Reading {
  const context: Context = { file, statements: [], problems: [], warnings: [], hosts: 0 }
  if (node?.kind !== 'map' || node.entries.length === 0) {
    const what = node === undefined || isNull(node) || node.kind === 'map' ? 'it is empty' : `it is a ${nameOf(node)}`
    const message = `a YAML inventory is a mapping of groups; ${what}`
    return {
      ...context,
      problems: [{ message, origin: node === undefined ? { file, line: 1, column: 1 } : originOf(node, file) }],
    }
  }
  const plugin = node.entries.find(entry => entry.key.value === 'plugin')
  if (plugin !== undefined) {
    const hint = 'save the output of `ansible-inventory --list` as a .json file and use that'
    context.problems.push({ message: 'inventory plugins are not supported', origin: originOf(plugin.key, file), hint })
    return context
  }
  for (const entry of node.entries) readGroup(entry, context)
  return context
}

function readGroup({ key, node }: Entry, context: Context): string | undefined {
  const at = originOf(key, context.file)
  if (node.kind !== 'map' && !isNull(node)) {
    const message = `group '${key.value}' must be a mapping with hosts, vars or children, not a ${nameOf(node)}`
    context.problems.push({ message, origin: at })
    return undefined
  }
  if (key.type !== 'str' || key.value === '') {
    const message = `group name '${key.value}' is a ${key.type}`
    context.problems.push({ message, origin: at, hint: 'quote it' })
    return undefined
  }
  const group = String(key.value)
  context.statements.push({ kind: 'group', name: group, at })
  if (node.kind === 'map') for (const entry of node.entries) readSection(group, entry, context)
  return group
}

function readSection(group: string, { key, node }: Entry, context: Context): void {
  const at = originOf(key, context.file)
  const section = sections.find(name => name === key.value)
  if (section === undefined) {
    const { hint } = didYouMean(String(key.value), sections)
    const advice =
      hint ?? (node.kind === 'map' ? 'a group inside a group goes under "children"' : 'a variable goes under "vars"')
    const place = `${at.file}:${at.line}:${at.column}`
    context.warnings.push(`${place}: '${key.value}' in group '${group}' is not read (${advice})`)
    return
  }
  // `hosts: a` is short for `hosts: {a: }`.
  const isShort = node.kind === 'scalar' && (node.type === 'str' || node.type === 'unsafe')
  const empty: Node = { kind: 'scalar', type: 'null', value: null, line: node.line, column: node.column }
  const map: Node = isShort ? { ...node, kind: 'map', entries: [{ key: node, node: empty }] } : node
  if (isNull(map)) return
  if (map.kind !== 'map') {
    const message = `"${section}" of group '${group}' must be a mapping, not a ${nameOf(map)}`
    const hint = section === 'vars' ? {} : { hint: 'write each name as a key: "name:"' }
    context.problems.push({ message, origin: originOf(map, context.file), ...hint })
    return
  }
  if (section === 'vars') {
    const source = `inventory group [${group}:vars]`
    for (const setting of readSettings(map, context, source))
      context.statements.push({ kind: 'var', owner: group, setting })
  } else if (section === 'children') {
    for (const entry of map.entries) readChild(group, entry, context)
  } else {
    for (const entry of map.entries) readHosts(group, entry, context)
  }
}

function readChild(parent: string, entry: Entry, context: Context): void {
  const child = readGroup(entry, context)
  if (child !== undefined)
    context.statements.push({ kind: 'child', parent, child, at: originOf(entry.key, context.file) })
}

function readHosts(group: string, { key, node }: Entry, context: Context): void {
  const at = originOf(key, context.file)
  const fail = (message: string, hint?: string, origin: Origin = at) => {
    context.problems.push({ message, origin, ...(hint !== undefined && { hint }) })
  }
  if (key.type !== 'str') {
    fail(`host name '${key.value}' is a ${key.type}`, 'quote it')
    return
  }
  if (context.hosts > mostOfSource) return
  const expanded = expandHostPattern(String(key.value))
  if ('error' in expanded) {
    fail(expanded.error, expanded.hint)
    return
  }
  const wrong = expanded.names.find(name => badHostName(name) !== undefined)
  if (wrong !== undefined) {
    fail(`'${wrong}' is no host name: ${badHostName(wrong)}`)
    return
  }
  if (node.kind !== 'map' && !isFalsy(node)) {
    fail(
      `variables of host '${key.value}' must be a mapping, not a ${nameOf(node)}`,
      undefined,
      originOf(node, at.file),
    )
    return
  }
  context.hosts += expanded.names.length
  if (context.hosts > mostOfSource) fail(`more than ${mostOfSource} hosts`)
  const source = `inventory host ${key.value}`
  const { names, port } = expanded
  const settings = readsSettings(node, context, source)
  context.statements.push({ kind: 'hosts', names, group, port, at, settings })
}

const readsSettings = (node: Node, context: Context, source: string) => () =>
  node.kind === 'map' ? readSettings(node, context, source) : []

function readSettings(map: MapNode, { file }: Context, source: string): readonly Setting[] {
  return map.entries.map(({ key, node }) => ({ name: String(key.value), node, file, source }))
}

function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.type === 'null'
}

/** Python's `node or {}`. */
function isFalsy(node: Node): boolean {
  return node.kind === 'list' ? node.items.length === 0 : node.kind === 'scalar' && !node.value
}

export function nameOf(node: Node): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'mapping' : 'list'
  return {
    str: 'text',
    int: 'number',
    float: 'number',
    bool: 'boolean',
    null: 'null',
    date: 'date',
    vault: 'vaulted text',
    unsafe: 'text',
  }[node.type]
}
