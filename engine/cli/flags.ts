import { Command, InvalidArgumentError, Option } from 'commander'
import type { Playbook } from '../playbook/index.ts'
import { checkSerial, parseSerial, type Serial } from '../playbook/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { addRefusedFlags } from './refused-flags.ts'
import { several } from './usage.ts'
import { addVaultFlags, type VaultFlags } from './vault-flags.ts'
import { addVersion } from './version.ts'

/** The command line of a playbook, parsed: the same flags as ansible-playbook where Rota has the thing. */
export interface Flags extends VaultFlags {
  readonly inventory: readonly string[]
  readonly limit?: string
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  readonly extraVars: readonly string[]
  readonly become?: boolean
  readonly becomeUser?: string
  readonly becomeMethod?: string
  readonly askBecomePass: boolean
  readonly user?: string
  readonly privateKey?: string
  readonly becomePasswordFile?: string
  readonly connection?: string
  readonly askPass: boolean
  readonly connectionPasswordFile?: string
  readonly askJumpPass: boolean
  readonly sshCommonArgs?: string
  readonly sshExtraArgs?: string
  readonly timeout?: number
  readonly forks?: number
  readonly serial?: Serial
  readonly check: boolean
  readonly diff: boolean
  readonly verbose: number
  readonly json: boolean
  readonly profile: boolean
  readonly listHosts: boolean
  readonly listTasks: boolean
  readonly listTags: boolean
  readonly listParams?: string
}

const list = (value: string, before: readonly string[]): readonly string[] => [...before, ...tagsOf(value)]

function positive(value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('a whole number of at least 1 is expected.')
  return number
}

function serial(value: string): Serial {
  const parsed = parseSerial(value)
  const wrong = checkSerial(parsed)
  if (wrong) throw new InvalidArgumentError(`${wrong}.`)
  return parsed
}

export function parseFlags(playbook: Playbook, args: readonly string[]): Flags {
  const command = new Command(`zx ${playbook.file}`)
    .description(describe(playbook))
    .option(
      '-i, --inventory <source>',
      'inventory file, directory, or list of hosts with a comma; may be repeated',
      several,
      [],
    )
    .addOption(new Option('--inventory-file <source>').argParser(several).default([]).hideHelp())
    .option('-l, --limit <pattern>', 'work only on these hosts')
    .option('-t, --tags <tags>', 'run only what has one of these tags; may be repeated', list, [])
    .option('--skip-tags <tags>', 'leave out what has one of these tags; may be repeated', list, [])
    .option(
      '-e, --extra-vars <vars>',
      'variables that beat all others: k=v, JSON, or @file; may be repeated',
      several,
      [],
    )
    .option('-b, --become', 'become another user on the hosts')
    .option('--become-user <user>', 'the user to become (root)')
    .addOption(new Option('--become-method <method>', 'how to become (sudo)').choices(['sudo', 'su', 'doas']))
    .option('-K, --ask-become-pass', 'ask for the password to become that user', false)
    .option('--become-password-file <file>', 'file or script with that password')
    .addOption(new Option('--become-pass-file <file>').hideHelp())
    .option('-u, --user <user>', 'remote user')
    .option('-k, --ask-pass', 'ask for the password to log in', false)
    .option('--connection-password-file <file>', 'file or script with that password')
    .addOption(new Option('--conn-pass-file <file>').hideHelp())
    .option('--ask-jump-pass', 'ask for the password of jump hosts, which are never told the other', false)
    .option('--private-key <file>', 'SSH key; --key-file is the same')
    .addOption(new Option('--key-file <file>').hideHelp())
    .option('-c, --connection <kind>', 'ssh, local, docker or podman (ssh)')
    .option('--ssh-common-args <args>', 'words added to the command line of ssh')
    .option('--ssh-extra-args <args>', 'the same')
    .option('-T, --timeout <seconds>', 'how long a connection may take (10)', positive)
    .option('-f, --forks <number>', 'hosts worked on at once (32)', positive)
    .option(
      '--serial <size>',
      "hosts per batch, for plays that have batches: a number, 20%, or a list; over the playbook's own",
      serial,
    )
    .option('-C, --check', 'change nothing, tell what would change', false)
    .option('-D, --diff', 'show differences of files', false)
    .option('-v, --verbose', 'say more: every task (-v), output of changes (-vv)', (_, before: number) => before + 1, 0)
    .option('--json', 'one JSON object for each event instead of text', false)
    .option('--profile', 'say at the end where the time went', false)
    .option('--list-hosts', 'list the hosts of each play and stop', false)
    .option('--list-tasks', 'list the tasks of each play and stop', false)
    .option('--list-tags', 'list all tags and stop', false)
    .option(
      '--list-params <host>',
      'list the params of roles on a host, where each was set and what it overrode, and stop',
    )
  addRefusedFlags(addVersion(addVaultFlags(command)))
    .helpOption('-h, --help', 'this page')
    .showHelpAfterError('(--help lists the flags)')
    .exitOverride()
    .allowExcessArguments(false)
  command.parse([...args], { from: 'user' })
  const { keyFile, inventoryFile, connPassFile, becomePassFile, ...flags } = command.opts<Flags & Aliases>()
  return {
    ...flags,
    inventory: [...flags.inventory, ...inventoryFile],
    ...(keyFile === undefined ? {} : { privateKey: keyFile }),
    ...(connPassFile === undefined ? {} : { connectionPasswordFile: connPassFile }),
    ...(becomePassFile === undefined ? {} : { becomePasswordFile: becomePassFile }),
  }
}

/** Other names that ansible-playbook has for the same. */
interface Aliases {
  readonly inventoryFile: readonly string[]
  readonly keyFile?: string
  readonly connPassFile?: string
  readonly becomePassFile?: string
}

/** Says what the playbook does and which variables of its own it takes. */
function describe({ name, description, vars = {} }: Playbook): string {
  const lines = Object.entries(vars).map(([variable, schema]) => {
    const text = typeof schema === 'object' && 'description' in schema ? String(schema.description) : ''
    return `  -e ${variable}=…  ${text}`
  })
  return [description ?? `Playbook ${name}`, ...lines].join('\n')
}
