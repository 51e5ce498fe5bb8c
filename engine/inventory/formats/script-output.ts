import type { Problem } from '../../failure/index.ts'
import type { Entry, MapNode, Node } from '../../python/index.ts'
import { originOf } from '../../python/index.ts'
import { shownValue } from '../../shell/index.ts'
import type { Reading, Setting, Statement } from '../types.ts'
import { badHostName } from './ini-host.ts'
import { nameOf } from './yaml-inventory.ts'

interface Context {
  readonly file: string
  readonly statements: Statement[]
  readonly problems: Problem[]
}

/** ansible/plugins/inventory/script.py: groups with lists of hosts, and the hosts' variables under `_meta.hostvars`. */
export function readScriptOutput(node: MapNode, file: string): Reading & { readonly hasMeta: boolean } {
  const context: Context = { file, statements: [], problems: [] }
  const meta = node.entries.find(entry => entry.key.value === '_meta')
  for (const entry of node.entries) if (entry !== meta) readGroup(entry, context)
  const hostvars =
    meta?.node.kind === 'map' ? meta.node.entries.find(entry => entry.key.value === 'hostvars') : undefined
  if (hostvars?.node.kind === 'map') {
    const named = new Set(context.statements.flatMap(one => (one.kind === 'hosts' ? one.names : [])))
    for (const { key, node } of hostvars.node.entries) {
      if (named.has(String(key.value))) context.statements.push(hostVars(String(key.value), node, context))
    }
  } else if (hostvars !== undefined) {
    fail(context, hostvars.node, `"hostvars" must be a mapping, not ${nameOf(hostvars.node)}`)
  }
  return { ...context, warnings: [], hasMeta: hostvars !== undefined }
}

/** The variables of one host, from `_meta` or from `--host`. */
export function hostVars(
  name: string,
  node: Node,
  context: { readonly file: string; readonly problems: Problem[] },
): Statement {
  if (node.kind !== 'map') fail(context, node, `variables of host '${name}' must be a mapping, not ${nameOf(node)}`)
  const settings = node.kind === 'map' ? toSettings(node, context.file, `inventory host ${name}`) : []
  return { kind: 'hosts', names: [name], at: originOf(node, context.file), settings: () => settings }
}

function fail({ problems, file }: { file: string; problems: Problem[] }, node: Node, message: string): void {
  problems.push({ message, origin: originOf(node, file) })
}

function readGroup({ key, node }: Entry, context: Context): void {
  const group = String(key.value)
  context.statements.push({ kind: 'group', name: group, at: originOf(key, context.file) })
  if (node.kind === 'list') {
    readHosts(group, node, context)
    return
  }
  if (node.kind !== 'map') {
    fail(context, node, `group '${group}' must be a mapping or a list, not ${nameOf(node)}`)
    return
  }
  const part = (name: string) => node.entries.find(entry => entry.key.value === name)?.node
  const hosts = part('hosts')
  const vars = part('vars')
  const children = part('children')
  if (hosts === undefined && vars === undefined && children === undefined) {
    // The short form: a host of that name with these variables. The group takes them, for it is found first.
    addHost(group, group, node, context)
    for (const setting of toSettings(node, context.file, `inventory group [${group}:vars]`))
      pushVar(group, setting, context)
    return
  }
  if (hosts !== undefined) readHosts(group, hosts, context)
  if (vars?.kind === 'map') {
    for (const setting of toSettings(vars, context.file, `inventory group [${group}:vars]`))
      pushVar(group, setting, context)
  } else if (vars !== undefined) {
    fail(context, vars, `variables of group '${group}' must be a mapping, not ${nameOf(vars)}`)
  }
  if (children === undefined) return
  if (children.kind !== 'list') {
    fail(context, children, `children of group '${group}' must be a list`)
    return
  }
  for (const child of children.items) {
    const at = originOf(child, context.file)
    if (child.kind !== 'scalar') fail(context, child, 'a child must be the name of a group')
    else context.statements.push({ kind: 'child', parent: group, child: String(child.value), at })
  }
}

function readHosts(group: string, node: Node, context: Context): void {
  if (node.kind !== 'list') {
    fail(context, node, `hosts of group '${group}' must be a list, not ${nameOf(node)}`)
    return
  }
  for (const host of node.items) {
    if (host.kind === 'scalar' && typeof host.value === 'string') addHost(host.value, group, host, context)
    else fail(context, host, 'a host must be a name')
  }
}

function addHost(name: string, group: string, node: Node, context: Context): void {
  const { statements, file } = context
  const wrong = badHostName(name)
  if (wrong !== undefined) fail(context, node, `${shownValue(name)} is no host name: ${wrong}`)
  else statements.push({ kind: 'hosts', names: [name], group, at: originOf(node, file), settings: () => [] })
}

function pushVar(owner: string, setting: Setting, { statements }: Context): void {
  statements.push({ kind: 'var', owner, setting })
}

function toSettings(map: MapNode, file: string, source: string): Setting[] {
  return map.entries.map(({ key, node }) => ({ name: String(key.value), node, file, source }))
}
