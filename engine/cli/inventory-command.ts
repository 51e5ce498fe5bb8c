import { Command } from 'commander'
import { didYouMean, isFailure, type Problem, refused } from '../failure/index.ts'
import {
  graphInventory,
  type Host,
  hostNode,
  type Inventory,
  inventoryTree,
  type ListOptions,
  listHost,
  listInventory,
  loadInventory,
  selectHosts,
} from '../inventory/index.ts'
import { printableLines } from '../journal/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { explainVar, texts } from '../values/index.ts'
import { readConfig } from './config/config.ts'
import { yamlText } from './inventory-yaml.ts'
import { writeOutput } from './output-file.ts'
import { printNotes } from './problems.ts'
import { addRefused } from './refused-flags.ts'
import { several } from './usage.ts'
import { addVaultFlags, type VaultFlags, vaultSecretsFrom } from './vault-flags.ts'
import { addVersion } from './version.ts'

interface Flags extends VaultFlags {
  readonly inventory: readonly string[]
  readonly inventoryFile: readonly string[]
  readonly extraVars: readonly string[]
  readonly list?: boolean
  readonly graph?: boolean
  readonly host?: string
  readonly explain?: string
  readonly vars?: boolean
  readonly yaml?: boolean
  readonly export?: boolean
  readonly output?: string
  readonly playbookDir?: string
  readonly reveal?: boolean
  readonly verbose?: boolean
}

/** `rota inventory`: the flags and the text of ansible-inventory, and `--explain`. */
export function inventoryCommand(redactor: Redactor): Command {
  const command = new Command('inventory')
    .description('show the hosts, groups and variables that playbooks see, as ansible-inventory does')
    .argument('[group]', 'where --graph starts')
    .option(
      '-i, --inventory <source>',
      'inventory file, directory, or list of hosts with a comma; may be repeated',
      several,
      [],
    )
    .option('--inventory-file <source>', 'the same', several, [])
    .option('--list', 'all hosts and groups as JSON')
    .option('--graph', 'groups and hosts as a tree')
    .option('--host <name>', 'the variables of one host')
    .option('--explain <variable>', 'with --host: its value, its type, file and line, and what it overrode')
    .option('--vars', 'with --graph: variables too')
    .option('-y, --yaml', 'YAML instead of JSON')
    .option('--export', 'with --list: each variable on the group or host that sets it')
    .option('--output <file>', 'write there instead of to the screen')
    .option('--playbook-dir <directory>', 'where group_vars and host_vars of the playbook are (here)')
    .option(
      '-e, --extra-vars <vars>',
      'variables that beat all others: k=v, JSON, or @file; may be repeated',
      several,
      [],
    )
    .option('--reveal', 'show what vaulted files hold')
    .option('-v, --verbose', 'say which settings were taken from where')
  addRefused(command, { '--toml': 'say --yaml: TOML inventories are neither read nor written' })
  return addVersion(addVaultFlags(command)).action(async (group: string | undefined, flags: Flags) => {
    const { settings, warnings, notes } = readConfig()
    if (flags.verbose) printNotes(notes)
    const given = [...flags.inventory, ...flags.inventoryFile]
    const load = async (playbookDir: string | undefined): Promise<Inventory> =>
      loadInventory({
        sources: given.length > 0 ? given : (settings.inventory?.value ?? []),
        extraVars: flags.extraVars,
        vaultSecrets: await secrets,
        onSecret: value => redactor.add(texts(value)),
        ...(playbookDir === undefined ? {} : { playbookDir }),
      })
    checkFlags(flags)
    const secrets = vaultSecretsFrom(flags, settings)
    const inventory = await load(flags.playbookDir ?? '.')
    printNotes([...warnings, ...inventory.warnings], 'warning: ')
    const text = printableLines(await textOf(redactor, flags, group, inventory, () => load(flags.playbookDir)))
    writeOutput(flags.output ?? '-', flags.output === undefined ? `${text}\n` : text)
  })
}

function checkFlags({ list, graph, host, explain }: Flags): void {
  const actions = [list && '--list', graph && '--graph', host !== undefined && '--host'].filter(Boolean)
  const wrong = (message: string, hint: string) => refused([{ message, hint }])
  if (explain !== undefined && host === undefined)
    throw wrong('--explain tells of one host', `name it: --explain ${explain} --host NAME`)
  if (actions.length === 0) throw wrong('nothing is asked for', 'say --list, --graph or --host NAME')
  if (actions.length > 1) throw wrong(`only one of ${actions.join(' and ')} can be shown`, 'run it once for each')
}

/**
 * Variables of groups, which --export and --graph --vars show, come from the playbook's directory only where it is
 * named, as in Ansible.
 */
async function textOf(
  redactor: Redactor,
  flags: Flags,
  group: string | undefined,
  inventory: Inventory,
  exported: () => Promise<Inventory>,
): Promise<string> {
  const options: ListOptions = { reveal: flags.reveal === true, export: flags.export === true }
  if (flags.host !== undefined) {
    // A template that can't be evaluated may quote what it read.
    if (flags.explain !== undefined)
      return redactor.text(explainVar(inventory, oneHost(inventory, flags.host), flags.explain))
    const host = oneHost(flags.export ? await exported() : inventory, flags.host)
    return flags.yaml ? yamlText(hostNode(host, options)) : listHost(host, options)
  }
  if (flags.graph) {
    if (!flags.vars) return graphInventory(inventory, group)
    const { groups } = await exported()
    return graphInventory({ ...inventory, groups }, group, { ...options, vars: true })
  }
  const shown = flags.export ? await exported() : inventory
  return flags.yaml ? yamlText(inventoryTree(shown, options)) : listInventory(shown, options)
}

function oneHost(inventory: Inventory, name: string): Host {
  const known = inventory.hosts.get(name)
  if (known) return known
  if (name === 'localhost' || name === '127.0.0.1') return inventory.implicitHost(name)
  const problem: Problem = {
    message: `there is no host '${name}' in the inventory`,
    ...didYouMean(name, inventory.hosts.keys()),
  }
  const hosts = selectedBy(inventory, name)
  const [host] = hosts
  if (!host || hosts.length > 1)
    throw refused([hosts.length > 1 ? { message: `--host ${name} names ${hosts.length} hosts` } : problem])
  return host
}

/** A pattern that gives one host is good enough for Ansible. */
function selectedBy(inventory: Inventory, pattern: string): readonly Host[] {
  try {
    return selectHosts(inventory, pattern)
  } catch (error) {
    if (isFailure(error, 'refused')) return []
    throw error
  }
}
