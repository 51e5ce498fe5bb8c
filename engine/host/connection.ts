import type { Problem } from '../failure/index.ts'
import { didYouMean } from '../failure/index.ts'
import type { Host, Inventory } from '../inventory/index.ts'
import { shlexSplit } from '../inventory/index.ts'
import type { Become, Connection, SshTransport, Transport } from '../transport/index.ts'
import { type ConnectionValues, connectionValues, problemOf } from './connection-values.ts'

/** What the flags say of connections; the inventory's variables beat them, as in Ansible. */
export interface ConnectionFlags {
  readonly user?: string
  readonly privateKey?: string
  readonly become?: boolean
  readonly becomeUser?: string
  readonly becomeMethod?: string
  readonly becomePassword?: () => string
  readonly timeout?: number
  /** ssh, local, docker, podman. */
  readonly connection?: string
  readonly password?: () => string
  /** For the hosts on the way: never the password of the host itself. */
  readonly jumpPassword?: () => string
  /** Words for ssh, as a shell splits them: before those of the inventory. */
  readonly sshArgs?: string
  readonly sshCommonArgs?: string
  readonly sshExtraArgs?: string
  readonly sshExecutable?: string
  readonly hostKeyChecking?: boolean
}

/** How a host is reached, or everything that is wrong with its connection variables. */
export function connectionOf(
  inventory: Inventory,
  host: Host,
  flags: ConnectionFlags,
): { readonly connection?: Connection; readonly problems: readonly Problem[] } {
  const values = connectionValues(inventory, host)
  const said = values.read('line', 'ansible_connection') ?? (isThisMachine(host, values) ? 'local' : flags.connection)
  const transport = transportOf(said ?? 'ssh', inventory, host, values, flags)
  const become = becomeOf(host, values, flags)
  const shell = values.read('words', 'ansible_shell_executable')
  if (transport === undefined || values.problems.length > 0) return { problems: values.problems }
  return {
    connection: {
      host: host.name,
      transport,
      shell: shell ? splitWords(shell) : ['sh'],
      ...(become ? { become } : {}),
    },
    problems: [],
  }
}

const transports = ['ssh', 'local', 'docker', 'podman'] as const

function transportOf(
  kind: string,
  inventory: Inventory,
  host: Host,
  values: ConnectionValues,
  flags: ConnectionFlags,
): Transport | undefined {
  const user = values.read('user', 'ansible_user', 'ansible_ssh_user') ?? flags.user
  const short = pluginName(kind)
  switch (short) {
    case 'local':
      return { kind: short }
    case 'docker':
    case 'docker_api':
    case 'podman':
      return {
        kind: short === 'podman' ? short : 'docker',
        container: addressOf(host, values),
        ...(user === undefined ? {} : { user }),
      }
    case 'ssh':
    case 'smart':
    case 'paramiko':
    case 'paramiko_ssh': {
      const port = values.read('port', 'ansible_port', 'ansible_ssh_port')
      const identityFile =
        values.read('line', 'ansible_ssh_private_key_file', 'ansible_private_key_file') ?? flags.privateKey
      const own = values.read('secret', 'ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password')
      const password = own === undefined ? flags.password : () => own
      const ofJump = values.read('secret', 'ansible_jump_password')
      const jump = jumpOf(inventory, host, values, { ...flags, ...(identityFile ? { privateKey: identityFile } : {}) })
      const jumpPassword = ofJump === undefined ? (jump?.password ?? flags.jumpPassword) : () => ofJump
      return {
        kind: 'ssh',
        address: addressOf(host, values),
        extraArgs: sshWordsOf(values, flags),
        executable: values.read('line', 'ansible_ssh_executable') ?? flags.sshExecutable ?? 'ssh',
        connectTimeout: values.read('seconds', 'ansible_timeout', 'ansible_ssh_timeout') ?? flags.timeout ?? 10,
        ...(port === undefined ? {} : { port }),
        ...(user === undefined ? {} : { user }),
        ...(identityFile === undefined ? {} : { identityFile: expandHome(identityFile) }),
        ...(password === undefined ? {} : { password }),
        ...(jumpPassword === undefined ? {} : { jumpPassword }),
        ...(jump === undefined ? {} : { jump: { ...jump, ...(jumpPassword ? { password: jumpPassword } : {}) } }),
      }
    }
    default:
      values.refuse({
        ...unsupported(host, 'ansible_connection', kind, transports),
        ...didYouMean(kind, transports),
      })
      return undefined
  }
}

/**
 * The first jump host, logged in to as its own variables say; with the key of the host where it has none itself. As
 * with kubespray, a host that has `ansible_ssh_common_args` says its way there. The password of a host is never given
 * to it.
 */
function jumpOf(
  inventory: Inventory,
  host: Host,
  values: ConnectionValues,
  { password, ...flags }: ConnectionFlags,
): SshTransport | undefined {
  const { jumpHosts = [] } = inventory
  const [first] = jumpHosts
  if (first === undefined || jumpHosts.some(({ name }) => name === host.name)) return undefined
  if (values.raw('ansible_ssh_common_args') !== undefined) return undefined
  const { connection, problems } = connectionOf(inventory, first, flags)
  for (const problem of problems) values.refuse(problem)
  if (connection === undefined) return undefined
  if (connection.transport.kind === 'ssh') return connection.transport
  const message = `host ${first.name}: the others are reached through it, so its ansible_connection must be ssh`
  values.refuse({ message, origin: first.vars.get('ansible_connection')?.origin ?? first.origin })
  return undefined
}

/** Without a variable it is the host's name, which an inventory may have taken from anywhere. */
function addressOf(host: Host, values: ConnectionValues): string {
  const given = values.read('address', 'ansible_host', 'ansible_ssh_host')
  if (given !== undefined) return given
  const wrong = problemOf('address', `host ${host.name}: without ansible_host its name`, host.name, host)
  if (wrong && values.problems.length === 0) values.refuse({ ...wrong, hint: 'set ansible_host' })
  return host.name
}

/**
 * In Ansible's order: ssh_args, ssh_common_args, ssh_extra_args; of each the variable beats the flag. ssh takes the
 * first value it finds.
 */
function sshWordsOf(values: ConnectionValues, flags: ConnectionFlags): readonly string[] {
  const kinds = [
    { said: values.read('words', 'ansible_ssh_args'), flag: flags.sshArgs },
    { said: values.read('words', 'ansible_ssh_common_args'), flag: flags.sshCommonArgs },
    { said: values.read('words', 'ansible_ssh_extra_args'), flag: flags.sshExtraArgs },
  ]
  const words = kinds.flatMap(({ said, flag }) => splitWords(said ?? flag ?? ''))
  const ofInventory = kinds.flatMap(({ said }) => splitWords(said ?? ''))
  return [...hostKeyWords(values, flags, { words, ofInventory }), ...words]
}

/**
 * The inventory knows its hosts: what it says of their keys, in words for ssh or a variable, comes before what flags,
 * environment and ansible.cfg say.
 */
function hostKeyWords(
  values: ConnectionValues,
  flags: ConnectionFlags,
  { words, ofInventory }: { readonly words: readonly string[]; readonly ofInventory: readonly string[] },
): readonly string[] {
  const inWords = hostKeyCheckingIn(ofInventory)
  // Their place may be behind words of a flag that say otherwise.
  if (inWords !== undefined) return inWords === hostKeyCheckingIn(words) ? [] : strict(inWords)
  const variable = values.raw('ansible_ssh_host_key_checking', 'ansible_host_key_checking')
  if (variable !== undefined && isTrue(variable)) return isOff(hostKeyCheckingIn(words)) ? strict('yes') : []
  return isTrue(variable ?? flags.hostKeyChecking ?? true) ? [] : strict('no')
}

const strict = (value: string): readonly string[] => ['-o', `StrictHostKeyChecking=${value}`]

/** The value that ssh takes: the first. */
function hostKeyCheckingIn(words: readonly string[]): string | undefined {
  for (const word of words) {
    const [, value] = /^(?:-o\s*)?StrictHostKeyChecking(?:\s*=\s*|\s+)"?([\w-]+)"?\s*$/i.exec(word.trim()) ?? []
    if (value !== undefined) return value.toLowerCase()
  }
  return undefined
}

const isOff = (value: string | undefined): boolean => value === 'no' || value === 'off'

/** `ansible.builtin.ssh` and `containers.podman.podman` are what their last word says. */
const pluginName = (name: string): string =>
  name.replace(/^(?:ansible\.(?:builtin|legacy)|community\.(?:docker|general)|containers\.podman)\./, '')

const methods = ['sudo', 'su', 'doas'] as const

function becomeOf(host: Host, values: ConnectionValues, flags: ConnectionFlags): Become | undefined {
  const wanted = values.raw('ansible_become')
  if (!(wanted === undefined ? flags.become : isTrue(wanted))) return undefined
  const said = values.read('line', 'ansible_become_method') ?? flags.becomeMethod ?? 'sudo'
  const method = methods.find(name => name === pluginName(said))
  const user = values.read('user', 'ansible_become_user') ?? flags.becomeUser ?? 'root'
  const password = values.read('secret', 'ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass')
  const given = password === undefined ? flags.becomePassword : () => password
  if (method) return { method, user, ...(given ? { password: given } : {}) }
  values.refuse(unsupported(host, 'ansible_become_method', said, methods))
  return undefined
}

/** The passwords of a connection, which must not be shown. */
export const connectionSecrets = ({ transport, become }: Connection): readonly string[] =>
  [...(transport.kind === 'ssh' ? [transport.password, transport.jumpPassword] : []), become?.password].flatMap(
    secret => secret?.() ?? [],
  )

/** What the variables say that Rota has no use for, or that weakens a connection: said once, with one of the hosts. */
export function connectionNotes(hosts: readonly Host[]): readonly string[] {
  const notes = [
    { names: ['ansible_python_interpreter'], text: 'is not used: nothing on a host needs Python' },
    { names: ['ansible_shell_type'], text: 'is not used: every host needs a POSIX shell only' },
  ]
  return notes.flatMap(({ names, text }) =>
    names.flatMap(name => {
      const host = hosts.find(({ vars }) => vars.has(name))
      return host ? [`${name} ${text} (${host.name}, ${host.vars.get(name)?.source})`] : []
    }),
  )
}

/** Hosts whose keys are not checked: said in every run, never silently so. */
export const isUnchecked = (connection: Connection | undefined): boolean =>
  connection?.transport.kind === 'ssh' &&
  [connection.transport, connection.transport.jump].some(ssh => isOff(hostKeyCheckingIn(ssh?.extraArgs ?? [])))

export function uncheckedWarning(hosts: readonly string[]): readonly string[] {
  const [first, ...others] = hosts
  if (first === undefined) return []
  const who = others.length > 0 ? `${first} and ${others.length} more` : first
  return [
    `host keys are not checked on ${who} (host_key_checking, StrictHostKeyChecking): anybody on the way could be the host`,
  ]
}

function unsupported(host: Host, name: string, value: string, known: readonly string[]): Problem {
  const origin = host.vars.get(name)?.origin
  return {
    message: `host ${host.name}: ${name}: ${JSON.stringify(value)} is not supported (${known.join(', ')} are)`,
    ...(origin ? { origin } : {}),
  }
}

const isThisMachine = (host: Host, values: ConnectionValues): boolean =>
  host.name === 'localhost' && values.raw('ansible_host') === undefined

const isTrue = (value: unknown): boolean =>
  value === true || value === 1 || /^(true|yes|on|1|y|t)$/i.test(String(value))

const expandHome = (path: string): string => path.replace(/^~(?=\/|$)/, process.env.HOME ?? '~')

/**
 * Words as a shell would split them; text that no shell would take stays one word and ssh says what is wrong with it.
 */
function splitWords(text: string): readonly string[] {
  const split = shlexSplit(text)
  return 'tokens' in split ? split.tokens.map(token => token.text) : [text]
}
