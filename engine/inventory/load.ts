import { posix } from 'node:path'
import type { Origin, Problem } from '../failure/index.ts'
import { isFailure, refused, uniqueProblems } from '../failure/index.ts'
import { type Files, filesOf, type OnRead, start } from '../files/index.ts'
import type { Decrypt } from '../python/index.ts'
import { FilterError, mostText } from '../template/index.ts'
import { createVault, isVaulted, type Vault, type VaultSecret } from '../vault/index.ts'
import { assemble } from './assemble.ts'
import type { DefaultsRule } from './defaults-rule.ts'
import { readSource } from './formats/source-read.ts'
import { findSources, type Source } from './formats/sources.ts'
import { buildInventory } from './inventory.ts'
import type { AddressRule, Completes, Host, Inventory, Reading, Statement } from './types.ts'
import { readExtraVars } from './vars/extra-vars.ts'
import { readVarsDirectory, type VarsDirectory } from './vars/vars-files.ts'

/** Names of variables that others than a playbook of ours read. */
export interface KnownNames {
  /** Whose they are, for messages. */
  readonly of: string
  /** Those that an inventory sets: who misspells a variable may have meant one of them. */
  readonly variables: ReadonlySet<string>
  /** Others that are theirs: no misspelt ones. */
  readonly others: ReadonlySet<string>
  /** Names that they have given up, and what is to be said instead. */
  readonly deprecated: ReadonlyMap<string, string>
}

/** What a playbook takes an inventory for, beyond what Ansible reads in it. */
export interface InventoryRules {
  /**
   * Groups that are made of others, in order, as with Ansible's group_by: who is in one of those on the right is in the
   * one on the left, too. A group that is named here is there also when nobody is in it.
   */
  readonly groupBy?: Readonly<Record<string, readonly string[]>>
  /**
   * A group, or a host: ssh reaches every other host through the first of them, logged in to as its own variables say.
   * An inventory need not have it.
   */
  readonly jumpHosts?: string
  /** Other variables than usual for the addresses of hosts that speak IPv6 alone. */
  readonly addresses?: AddressRule
  /** Files elsewhere that say what counts where the inventory says nothing. */
  readonly defaults?: DefaultsRule
  /** What else the inventory is for: their variables are known. Called when there are any that no role reads. */
  readonly knows?: () => KnownNames
  /** Variables of which a part may be left out, by name. */
  readonly completes?: Readonly<Record<string, Completes>>
}

export interface LoadOptions extends InventoryRules {
  /** Arguments of `-i`: files, directories, executable scripts, lists of hosts with a comma. */
  readonly sources: readonly string[]
  /** Where group_vars and host_vars of the playbook are. */
  readonly playbookDir?: string
  /** Raw arguments of `-e`. */
  readonly extraVars?: readonly string[]
  /** What relative paths are relative to; the process's own directory. */
  readonly cwd?: string
  readonly vaultSecrets?: readonly VaultSecret[]
  /** See `Inventory.onSecret`: for whoever must not show them. */
  readonly onSecret?: Inventory['onSecret']
  /** See `Inventory.factsOf`. */
  readonly factsOf?: Inventory['factsOf']
  readonly onRead?: OnRead
}

/** Reads inventory sources, group_vars, host_vars and extra variables. Throws a refusal with all problems. */
export async function loadInventory(options: LoadOptions): Promise<Inventory> {
  const files = filesOf(options.cwd ?? process.cwd(), options.onRead)
  const vault = createVault(options.vaultSecrets ?? [])
  const found = findSources(options.sources, files)
  const read = await readSources(found.sources, files, vault)
  const graph = assemble(read.statements, options.groupBy)
  const problems = [...found.problems, ...read.problems, ...graph.problems]
  if (problems.length === 0 && graph.hosts.size === 0)
    problems.push(noHosts(options.sources, read.statements, found.warnings))

  const inventoryDirs = options.sources.flatMap(source => directoryOf(source, files))
  const playbookDirs = options.playbookDir === undefined ? [] : [options.playbookDir]
  const varsIn = (bases: readonly string[], kind: 'group_vars' | 'host_vars') => {
    const names = kind === 'group_vars' ? graph.groups.keys() : graph.hosts.keys()
    const list = [...names]
    return bases.map(base => readVarsDirectory(base, kind, list, files, vault))
  }
  const layers = {
    inventoryGroups: varsIn(inventoryDirs, 'group_vars'),
    playbookGroups: varsIn(playbookDirs, 'group_vars'),
    inventoryHosts: varsIn(inventoryDirs, 'host_vars'),
    playbookHosts: varsIn(playbookDirs, 'host_vars'),
  }
  const directories = Object.values(layers).flat()
  const extra = guarded(() => readExtraVars(options.extraVars ?? [], files, vault))
  problems.push(...directories.flatMap(directory => directory.problems), ...extra.problems)
  if (problems.length > 0) throw refused(uniqueProblems(problems))

  const settingsOf = (directories: readonly VarsDirectory[]) => directories.map(directory => directory.settings)
  const inventory = buildInventory({
    graph,
    layers: {
      inventoryGroups: settingsOf(layers.inventoryGroups),
      playbookGroups: settingsOf(layers.playbookGroups),
      inventoryHosts: settingsOf(layers.inventoryHosts),
      playbookHosts: settingsOf(layers.playbookHosts),
      extra: extra.settings,
    },
    decrypt: watched(vault, options.onSecret),
    sources: options.sources,
    dir: files.absolute(inventoryDirs[0] || '.'),
    ...(options.playbookDir === undefined ? {} : { playbookDir: files.absolute(options.playbookDir) }),
    readText: path => readForLookup(path, files, vault),
    warnings: [
      ...new Set(
        [found, read, graph, ...directories].flatMap((part: { readonly warnings: readonly string[] }) => part.warnings),
      ),
    ],
  })
  const { factsOf, onSecret, jumpHosts, addresses, completes } = options
  return {
    ...inventory,
    ...(factsOf ? { factsOf } : {}),
    ...(onSecret ? { onSecret } : {}),
    ...(jumpHosts === undefined ? {} : { jumpHosts: membersOrHost(inventory, jumpHosts) }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(completes === undefined ? {} : { completes }),
  }
}

function membersOrHost(inventory: Inventory, name: string): readonly Host[] {
  const members = inventory.hostsOf(name)
  return members.length > 0 ? members : [inventory.hosts.get(name) ?? []].flat()
}

function readForLookup(path: string, files: Files, vault: Vault): ReturnType<Inventory['readText']> {
  const size = files.sizeOf(path)
  if (size === undefined) return undefined
  if (size > mostText) throw new FilterError(`the file ${path} is larger than ${mostText} bytes`)
  const read = files.read(path)
  if ('problem' in read) throw refused([read.problem])
  if (!isVaulted(read.text)) return { text: read.text, isSecret: false }
  return { text: vault.decrypt(read.text, start(path)), isSecret: true }
}

function watched({ decrypt }: Vault, opened: (value: unknown) => void = () => {}): Decrypt {
  const watch = (vaulted: string, origin: Origin): string => {
    const text = decrypt(vaulted, origin)
    opened(text)
    return text
  }
  return Object.assign(watch, { opened })
}

async function readSources(sources: readonly Source[], files: Files, vault: Vault): Promise<Reading> {
  const statements: Statement[] = []
  const problems: Problem[] = []
  const warnings: string[] = []
  const groups = new Set<string>()
  for (const source of sources) {
    const reading = await safely(() => readSource(source, groups, files, vault), source)
    statements.push(...reading.statements)
    problems.push(...reading.problems)
    warnings.push(...reading.warnings)
    for (const statement of reading.statements) if (statement.kind === 'group') groups.add(statement.name)
  }
  return { statements, problems, warnings }
}

/** Whatever goes wrong while reading a file is a problem of that file. */
async function safely(read: () => Promise<Reading>, source: Source): Promise<Reading> {
  try {
    return await read()
  } catch (error) {
    const none = { statements: [], warnings: [] }
    if (isFailure(error, 'refused')) return { ...none, problems: error.reason.problems }
    const name = source.kind === 'file' ? source.path : source.text
    const reason = error instanceof RangeError ? 'it is nested too deeply' : String(error)
    return { ...none, problems: [{ message: `can't be read: ${reason}`, origin: start(name) }] }
  }
}

function guarded(read: () => ReturnType<typeof readExtraVars>): ReturnType<typeof readExtraVars> {
  try {
    return read()
  } catch (error) {
    if (isFailure(error, 'refused')) return { settings: [], problems: error.reason.problems }
    throw error
  }
}

/** Ansible goes on with nothing; a run that means to touch hosts and has none is a mistake worth stopping for. */
function noHosts(sources: readonly string[], statements: readonly Statement[], warnings: readonly string[]): Problem {
  const first = sources[0]
  if (first === undefined) return { message: 'no inventory was given', hint: 'use -i' }
  const groups = new Set(statements.flatMap(one => (one.kind === 'group' ? one.name : [])))
  const empty = [...groups].filter(name => name !== 'all' && name !== 'ungrouped').join(', ')
  const hint =
    warnings[0] ?? (empty && `its groups ${empty} are empty: in a sample hosts are comments; write yours there`)
  return { message: 'the inventory holds no host', origin: start(first), ...(hint && { hint }) }
}

/** Where group_vars and host_vars of a source are looked for: the directory itself, or the one the file is in. */
function directoryOf(source: string, files: Files): readonly string[] {
  const kind = files.kindOf(source)
  if (kind === 'directory') return [source]
  return kind === 'file' ? [posix.dirname(source) === '.' ? '' : posix.dirname(source)] : []
}
