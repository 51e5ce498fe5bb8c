import type { Origin, Problem } from '../failure/index.ts'
import { type GroupBy, joining } from './group-by.ts'
import type { Setting, Statement } from './types.ts'

/** The raw graph: what the sources said, before group_vars, host_vars and precedence. */
export interface Graph {
  readonly hosts: ReadonlyMap<string, RawHost>
  readonly groups: ReadonlyMap<string, RawGroup>
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

export interface RawHost {
  readonly name: string
  /** Each call reads the file's text again: call it once. In order; a later one overrides. */
  readonly settings: readonly (() => readonly Setting[])[]
  readonly at: Origin
}

export interface RawGroup {
  readonly name: string
  readonly hosts: readonly string[]
  readonly children: readonly string[]
  readonly parents: readonly string[]
  readonly settings: readonly Setting[]
  readonly priority: number
}

interface DraftGroup {
  readonly name: string
  readonly hosts: Set<string>
  readonly children: Set<string>
  readonly parents: Set<string>
  readonly settings: Setting[]
  priority: number
}

interface DraftHost {
  readonly name: string
  readonly settings: (() => readonly Setting[])[]
  /** It is in a group other than all and ungrouped. */
  isGrouped: boolean
  readonly at: Origin
}

/**
 * Replays the statements as ansible/inventory/data.py would take them, then reconciles: every group hangs under `all`,
 * and `ungrouped` holds exactly the hosts that are in no other group. Groups of `groupBy` are made last, as Ansible's
 * group_by makes them: hosts join one by one, and it hangs under `all`, whatever the groups that they come from.
 */
export function assemble(statements: readonly Statement[], groupBy: GroupBy = {}): Graph {
  const groups = new Map<string, DraftGroup>()
  const hosts = new Map<string, DraftHost>()
  const problems: Problem[] = []

  const addGroup = (name: string): DraftGroup => {
    const existing = groups.get(name)
    if (existing !== undefined) return existing
    const fresh = {
      name,
      hosts: new Set<string>(),
      children: new Set<string>(),
      parents: new Set<string>(),
      settings: [],
      priority: 1,
    }
    groups.set(name, fresh)
    return fresh
  }

  const addChild = (parentName: string, childName: string, at?: Origin) => {
    const parent = addGroup(parentName)
    const child = addGroup(childName)
    if (parent === child || isAbove(groups, childName, parentName)) {
      const message = `group '${childName}' can't be a child of '${parentName}': that would be a loop`
      problems.push({ message, ...(at && { origin: at }) })
      return
    }
    parent.children.add(childName)
    child.parents.add(parentName)
  }

  /** Ansible looks among the groups first: with one name for both, a host's variables land on the group. */
  const setOnGroup = (group: DraftGroup, setting: Setting) => {
    if (setting.name !== 'ansible_group_priority') {
      group.settings.push(setting)
      return
    }
    const value = setting.node.kind === 'scalar' ? Number(setting.node.value) : Number.NaN
    if (Number.isNaN(value)) {
      const origin = { file: setting.file, line: setting.node.line, column: setting.node.column }
      problems.push({ message: `ansible_group_priority of '${group.name}' must be a number`, origin })
    } else {
      group.priority = Math.trunc(value)
    }
  }

  const addHosts = (statement: Extract<Statement, { kind: 'hosts' }>) => {
    const group = statement.group === undefined ? undefined : addGroup(statement.group)
    const settings = readOnce(statement)
    for (const name of statement.names) {
      const host = hosts.get(name) ?? newHost(name, statement)
      hosts.set(name, host)
      if (group !== undefined) {
        group.hosts.add(name)
        host.isGrouped ||= group.name !== 'all' && group.name !== 'ungrouped'
      }
      const homonym = groups.get(name)
      if (homonym === undefined) host.settings.push(settings)
      else for (const setting of settings()) setOnGroup(homonym, setting)
    }
  }

  addChild('all', 'ungrouped')
  for (const statement of statements) {
    if (statement.kind === 'group') addGroup(statement.name)
    else if (statement.kind === 'child') addChild(statement.parent, statement.child, statement.at)
    else if (statement.kind === 'var') setOnGroup(addGroup(statement.owner), statement.setting)
    else addHosts(statement)
  }

  for (const group of groups.values()) {
    if (group.name !== 'all' && group.parents.size === 0) addChild('all', group.name)
  }
  for (const [name, sources] of Object.entries(groupBy)) {
    const group = addGroup(name)
    if (group.parents.size === 0) addChild('all', name)
    for (const member of joining(name, sources, groups, hosts)) {
      group.hosts.add(member)
      const host = hosts.get(member)
      if (host) host.isGrouped = true
    }
  }
  const deep = tooDeep(groups)
  if (deep !== undefined) {
    const at = statements.find(one => one.kind === 'child' && one.child === deep)
    const origin = at?.kind === 'child' && at.at ? { origin: at.at } : {}
    problems.push({ message: `group '${deep}' is more than ${deepest} groups deep`, ...origin })
  }
  const ungrouped = addGroup('ungrouped')
  for (const host of hosts.values()) {
    if (host.isGrouped) ungrouped.hosts.delete(host.name)
    else ungrouped.hosts.add(host.name)
  }

  // A group of that host alone leaves nothing open: `[bastion]` with one host of this name.
  const isItsOwn = ({ name, hosts, children }: DraftGroup) => children.size === 0 && hosts.size === 1 && hosts.has(name)
  const both = [...groups.values()].filter(group => hosts.has(group.name) && !isItsOwn(group)).map(({ name }) => name)
  const warnings = both.map(name => `'${name}' is the name of a group and of a host`)
  const finished = [...groups.values()].map(group => [group.name, finish(group)] as const)
  return { hosts, groups: new Map(finished), problems, warnings }
}

/**
 * Its settings, read when they are first asked for. Made for every host of an inventory: nothing named, nothing
 * captured beyond need.
 */
function readOnce(statement: Extract<Statement, { kind: 'hosts' }>): () => readonly Setting[] {
  if (statement.names.length === 1) return statement.settings
  let read: readonly Setting[] | undefined
  return () => {
    read ??= statement.settings()
    return read
  }
}

/** Only the line that names a host first gives it a port, as in Ansible. */
function newHost(name: string, { port, at }: Extract<Statement, { kind: 'hosts' }>): DraftHost {
  const host: DraftHost = { name, settings: [], isGrouped: false, at }
  if (port !== undefined && port !== 0) {
    const node = { kind: 'scalar', type: 'int', value: port, line: at.line, column: at.column } as const
    host.settings.push(() => [{ name: 'ansible_port', node, file: at.file, source: `inventory host ${name}` }])
  }
  return host
}

function isAbove(groups: ReadonlyMap<string, DraftGroup>, above: string, name: string): boolean {
  // Most are new where they are first called a child: no need to climb.
  if ((groups.get(above)?.children.size ?? 0) === 0) return false
  const seen = new Set([name])
  for (const each of seen) {
    for (const parent of groups.get(each)?.parents ?? []) {
      if (parent === above) return true
      seen.add(parent)
    }
  }
  return false
}

/** Deeper than anybody groups hosts, and not too deep for whoever walks down. */
const deepest = 100

/** The first group that is too far down, if any: level by level from the top. */
function tooDeep(groups: ReadonlyMap<string, DraftGroup>): string | undefined {
  let level = new Set(['all'])
  for (let depth = 0; depth <= deepest; depth += 1)
    level = new Set([...level].flatMap(name => [...(groups.get(name)?.children ?? [])]))
  const [name] = level
  return name
}

function finish(group: DraftGroup): RawGroup {
  const { name, settings, priority } = group
  return {
    name,
    hosts: [...group.hosts],
    children: [...group.children],
    parents: [...group.parents],
    settings,
    priority,
  }
}
