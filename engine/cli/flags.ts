import { Command, InvalidArgumentError, Option } from 'commander'
import type { Playbook } from '../playbook/index.ts'
import { checkSerial, parseSerial, type Serial } from '../playbook/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { formats, seconds } from '../values/index.ts'
import { expectedMoment, type Moment, parseMoment } from './moment.ts'
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
  /** Batches are a window that is refilled. */
  readonly window: boolean
  /** Seconds between the batches of a play. */
  readonly pause?: number
  /** When nothing is begun any more; with `windowOnly` nothing that could not end by then either. */
  readonly until?: GivenMoment
  readonly windowOnly: boolean
  /** Before each batch but the first it is asked on the terminal. */
  readonly confirm: boolean
  readonly check: boolean
  readonly diff: boolean
  /** The plan is shown and said yes to before anything is done. */
  readonly ask: boolean
  /** A file for what would be done; and one that says what to do. */
  readonly planOut?: string
  readonly apply?: string
  /** What is the same on several hosts is told of each. */
  readonly each: boolean
  readonly verbose: number
  readonly json: boolean
  readonly profile: boolean
  /** Where a page that tells of the run is to be written. */
  readonly report?: string
  /** Webhooks that are told how far the run is: as they are given; once they are read, URLs. */
  readonly notify: readonly string[]
  /** Where the same is to be written for a CI system. */
  readonly junit?: string
  readonly listHosts: boolean
  readonly listTasks: boolean
  readonly listTags: boolean
  readonly listParams?: string
  /** The run to go on with; `true`: the newest that was broken off. */
  readonly resume?: string | true
  readonly resumeChanged: boolean
  /** The run to take back, and whether what was changed since goes back as well. */
  readonly rollback?: string
  readonly force: boolean
  /** What was given, word for word. */
  readonly given: readonly GivenFlag[]
  /** Of the flag that the playbook's rules for inventories name. */
  readonly defaultsDir?: string
}

export interface GivenMoment {
  readonly moment: Moment
  readonly said: string
}

/** A flag by its long name, and its value as it was given. */
export interface GivenFlag {
  readonly flag: string
  readonly value?: string
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

/** In `-DC`, which is -D and -C, it is asked about no value. */
function each(value: string | undefined): string | undefined {
  if (value === undefined || value === 'each') return value
  throw new InvalidArgumentError('each is expected, or nothing.')
}

function duration(value: string): number {
  const { pattern, expected } = formats.duration
  if (!pattern.test(value)) throw new InvalidArgumentError(`${expected} is expected.`)
  return seconds(value)
}

function moment(said: string): GivenMoment {
  const parsed = parseMoment(said)
  if (parsed === undefined) throw new InvalidArgumentError(`${expectedMoment}.`)
  return { moment: parsed, said }
}

export function parseFlags(playbook: Playbook, args: readonly string[]): Flags {
  const command = new Command(`zx ${playbook.file}`)
    .combineFlagAndOptionalValue(false)
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
    .option(
      '--window',
      "no batches: as many hosts in flight as --serial says, or the playbook's own, and the next starts when one is done",
      false,
    )
    .option(
      '--pause <time>',
      'time that passes between batches of a play, after one that has changed something: seconds, or 5m, 1h30m',
      duration,
    )
    .option(
      '--until <time>',
      "the maintenance window ends: no batch is begun from then on; 04:30, 2026-12-01T04:30, '04:30 Europe/Berlin'",
      moment,
    )
    .option(
      '--window-only',
      'with --until: no batch either that could not end by then, as long as batches have taken',
      false,
    )
    .option('--confirm', 'ask on the terminal before each batch but the first: yes, no or all', false)
    .option('-C, --check', 'change nothing, tell what would change', false)
    .addOption(
      new Option(
        '-D, --diff [each]',
        'show differences of files, one that is the same on several hosts once; --diff=each: of every host',
      ).argParser(each),
    )
    .option('--ask', 'show what would be done, ask on the terminal, and do that and nothing else', false)
    .option('--plan-out <file>', 'change nothing, tell what would change, and write it to a file for --apply', fileName)
    .option('--apply <file>', 'do what the plan in this file says and nothing else, with its flags', fileName)
    .option('-v, --verbose', 'say more: every task (-v), output of changes (-vv)', (_, before: number) => before + 1, 0)
    .option('--json', 'one JSON object for each event instead of text', false)
    .option('--profile', 'say at the end where the time went', false)
    .option('--report <file>', 'write a page of HTML that tells of the run, to be opened in a browser', fileName)
    .option('--junit <file>', "write what became of each host as JUnit's XML, for a CI system", fileName)
    .option(
      '--notify <url>',
      'tell a webhook that the run has started, a batch is done, it was stopped, it is over; @file has the URL; may be repeated',
      several,
      [],
    )
    .option('--list-hosts', 'list the hosts of each play and stop', false)
    .option('--list-tasks', 'list the tasks of each play and stop', false)
    .option('--list-tags', 'list all tags and stop', false)
    .option(
      '--list-params <host>',
      'list the params of roles on a host, where each was set and what it overrode, and stop',
    )
    .option('--resume [run]', 'go on with a run that was broken off, with its flags; the newest when none is named')
    .option('--resume-changed', 'with --resume: yes, also where the inventory or the code has changed since', false)
    .option('--rollback <run>', 'take back what a run has done, the last play first; `rota rollback` is the same')
    .option('--force', 'with --rollback: also what somebody has changed since', false)
  const { defaults } = playbook.inventory ?? {}
  const defaultsFlag = defaults && new Option(`--${defaults.flag} <dir>`, defaults.description)
  if (defaultsFlag) command.addOption(defaultsFlag)
  addRefusedFlags(addVersion(addVaultFlags(command)))
    .helpOption('-h, --help', 'this page')
    .showHelpAfterError('(--help lists the flags)')
    .exitOverride()
    .allowExcessArguments(false)
  if (args.some((word, at) => word.startsWith('--window=') || (args[at - 1] === '--window' && !word.startsWith('-'))))
    command.error('error: --window takes no size: say --serial 20% --window')
  const given = heardBy(command)
  command.parse([...args], { from: 'user' })
  if (command.opts<Flags>().resumeChanged && command.opts<Flags>().resume === undefined)
    command.error('error: --resume-changed says yes to a question of --resume, which is not given')
  if (command.opts<Flags>().force && command.opts<Flags>().rollback === undefined)
    command.error('error: --force says of --rollback that it takes back all, and that is not given')
  if (command.opts<Flags>().rollback !== undefined && command.opts<Flags>().resume !== undefined)
    command.error('error: a run is gone on with (--resume) or taken back (--rollback), not both')
  if (command.opts<Flags>().ask && command.opts<Flags>().check)
    command.error('error: --check changes nothing, so there is nothing to --ask about')
  if (command.opts<Flags>().confirm && command.opts<Flags>().check)
    command.error('error: --check changes nothing, so there is nothing to --confirm')
  const { listHosts, listTasks, listTags, listParams, report, junit, notify } = command.opts<Flags>()
  const ofARun =
    report !== undefined ? 'report' : junit !== undefined ? 'junit' : notify.length > 0 ? 'notify' : undefined
  if (ofARun && (listHosts || listTasks || listTags || listParams !== undefined))
    command.error(`error: --${ofARun} tells of a run, and where something is listed there is none`)
  const conflict = planConflict(command.opts<Flags>())
  if (conflict) command.error(`error: ${conflict}`)
  const { keyFile, inventoryFile, connPassFile, becomePassFile, diff, ...flags } = command.opts<Parsed>()
  const defaultsDir: unknown = defaultsFlag && command.getOptionValue(defaultsFlag.attributeName())
  return {
    ...flags,
    given,
    diff: diff !== undefined,
    each: diff === 'each',
    ...(typeof defaultsDir === 'string' ? { defaultsDir } : {}),
    inventory: [...flags.inventory, ...inventoryFile],
    ...(keyFile === undefined ? {} : { privateKey: keyFile }),
    ...(connPassFile === undefined ? {} : { connectionPasswordFile: connPassFile }),
    ...(becomePassFile === undefined ? {} : { becomePasswordFile: becomePassFile }),
  }
}

/** What can't be said beside a plan in a file, and what to do. */
/** A flag that has lost its value would take the next one for it, and `--check` would be a file. */
function fileName(value: string): string {
  if (value.startsWith('-')) throw new InvalidArgumentError(`It is taken for a flag: say ./${value} for a file.`)
  return value
}

function planConflict(flags: Flags): string | undefined {
  const { planOut, apply, ask, resume, rollback, listHosts, listTasks, listTags, listParams } = flags
  const which = planOut !== undefined ? '--plan-out' : apply !== undefined ? '--apply' : undefined
  if (which === undefined) return undefined
  if (planOut !== undefined && apply !== undefined) return 'a plan is made (--plan-out) or done (--apply), not both'
  if (listHosts || listTasks || listTags || listParams !== undefined)
    return `${which} looks at hosts, and what only lists does not: leave one of them out`
  if (ask) return `${which} and --ask are two ways to say yes to a plan: leave one of them out`
  if (rollback !== undefined) return `${which} is about what is to be done: see with --rollback --check what goes back`
  if (planOut !== undefined && resume !== undefined)
    return 'a plan is one of a whole run: make it without --resume, what is done is found done'
  return undefined
}

/** Filled while the command parses. */
function heardBy(command: Command): readonly GivenFlag[] {
  const given: GivenFlag[] = []
  for (const option of command.options)
    command.on(`option:${option.name()}`, (value?: string | null) => {
      given.push({ flag: option.long ?? option.flags, ...(typeof value === 'string' ? { value } : {}) })
    })
  return given
}

/** Other names that ansible-playbook has for the same. */
interface Aliases {
  readonly inventoryFile: readonly string[]
  readonly keyFile?: string
  readonly connPassFile?: string
  readonly becomePassFile?: string
}

type Parsed = Omit<Flags, 'diff' | 'each'> & Aliases & { readonly diff?: true | 'each' }

/** Says what the playbook does and which variables of its own it takes. */
function describe({ name, description, vars = {} }: Playbook): string {
  const lines = Object.entries(vars).map(([variable, schema]) => {
    const text = typeof schema === 'object' && 'description' in schema ? String(schema.description) : ''
    return `  -e ${variable}=…  ${text}`
  })
  return [description ?? `Playbook ${name}`, ...lines].join('\n')
}
