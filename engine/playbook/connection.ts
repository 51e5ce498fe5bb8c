import type { Host, Inventory, Problem } from '../inventory/index.ts'
import { didYouMean } from '../inventory/problem.ts'
import { shlexSplit } from '../inventory/shlex.ts'
import type { Become, Connection, Transport } from '../transport/types.ts'
import { readVar } from './read-var.ts'

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

type Read = (...names: readonly string[]) => unknown

/** How a host is reached, or what is wrong with its connection variables. */
export function connectionOf(
  inventory: Inventory,
  host: Host,
  flags: ConnectionFlags,
): { readonly connection?: Connection; readonly problems: readonly Problem[] } {
  const read: Read = (...names) => {
    const name = names.find(candidate => host.vars.has(candidate))
    return name === undefined ? undefined : readVar(inventory, host, name)
  }
  const said = textOf(read('ansible_connection')) ?? (isThisMachine(host, read) ? 'local' : flags.connection)
  const kind = said ?? 'ssh'
  const transport = transportOf(kind, host, read, flags)
  const become = becomeOf(read, flags)
  const problems = [transport, become].flatMap(part => (typeof part === 'string' ? [problemAt(host, part, kind)] : []))
  if (typeof transport === 'string' || typeof become === 'string') return { problems }
  const shell = textOf(read('ansible_shell_executable'))
  return {
    connection: {
      host: host.name,
      transport,
      shell: shell ? splitWords(shell) : ['sh'],
      ...(become ? { become } : {}),
    },
    problems,
  }
}

const kinds = ['ssh', 'local', 'docker', 'podman'] as const

function transportOf(kind: string, host: Host, read: Read, flags: ConnectionFlags): Transport | string {
  const user = textOf(read('ansible_user', 'ansible_ssh_user')) ?? flags.user
  const address = textOf(read('ansible_host', 'ansible_ssh_host')) ?? host.name
  const short = pluginName(kind)
  switch (short) {
    case 'local':
      return { kind: short }
    case 'docker':
    case 'docker_api':
    case 'podman':
      return {
        kind: short === 'podman' ? short : 'docker',
        container: address,
        ...(user === undefined ? {} : { user }),
      }
    case 'ssh':
    case 'smart':
    case 'paramiko':
    case 'paramiko_ssh': {
      const port = Number(read('ansible_port', 'ansible_ssh_port') ?? host.port ?? Number.NaN)
      const identityFile = textOf(read('ansible_ssh_private_key_file', 'ansible_private_key_file')) ?? flags.privateKey
      const own = textOf(read('ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'))
      const password = own === undefined ? flags.password : () => own
      const ofJump = textOf(read('ansible_jump_password'))
      const jumpPassword = ofJump === undefined ? flags.jumpPassword : () => ofJump
      return {
        kind: 'ssh',
        address,
        extraArgs: sshWordsOf(read, flags),
        executable: textOf(read('ansible_ssh_executable')) ?? flags.sshExecutable ?? 'ssh',
        connectTimeout: Number(read('ansible_timeout', 'ansible_ssh_timeout') ?? flags.timeout ?? 10),
        ...(Number.isNaN(port) ? {} : { port }),
        ...(user === undefined ? {} : { user }),
        ...(identityFile === undefined ? {} : { identityFile: expandHome(identityFile) }),
        ...(password === undefined ? {} : { password }),
        ...(jumpPassword === undefined ? {} : { jumpPassword }),
      }
    }
    default:
      return `ansible_connection: ${JSON.stringify(kind)} is not supported (${kinds.join(', ')} are)`
  }
}

/** In Ansible's order: ssh_args, ssh_common_args, ssh_extra_args; of each the variable beats the flag. ssh takes the first value it finds. */
function sshWordsOf(read: Read, flags: ConnectionFlags): readonly string[] {
  const kinds = [
    { said: read('ansible_ssh_args'), flag: flags.sshArgs },
    { said: read('ansible_ssh_common_args'), flag: flags.sshCommonArgs },
    { said: read('ansible_ssh_extra_args'), flag: flags.sshExtraArgs },
  ]
  const words = kinds.flatMap(({ said, flag }) => splitWords(textOf(said) ?? flag ?? ''))
  return [...hostKeyWords(read, flags, words), ...words]
}

/**
 * The inventory knows its hosts: what it says of their keys, in words for ssh or a variable, comes before what flags, environment and ansible.cfg say.
 */
function hostKeyWords(read: Read, flags: ConnectionFlags, words: readonly string[]): readonly string[] {
  const ofInventory = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'].flatMap(name =>
    splitWords(textOf(read(name)) ?? ''),
  )
  const inWords = hostKeyCheckingIn(ofInventory)
  // Their place may be behind words of a flag that say otherwise.
  if (inWords !== undefined) return inWords === hostKeyCheckingIn(words) ? [] : strict(inWords)
  const variable = read('ansible_ssh_host_key_checking', 'ansible_host_key_checking')
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

function becomeOf(read: Read, flags: ConnectionFlags): Become | undefined | string {
  const wanted = read('ansible_become')
  if (!(wanted === undefined ? flags.become : isTrue(wanted))) return undefined
  const said = textOf(read('ansible_become_method')) ?? flags.becomeMethod ?? 'sudo'
  const method = methods.find(name => name === pluginName(said))
  if (!method) return `ansible_become_method: ${JSON.stringify(said)} is not supported (${methods.join(', ')} are)`
  const password = textOf(read('ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass'))
  const given = password === undefined ? flags.becomePassword : () => password
  return {
    method,
    user: textOf(read('ansible_become_user')) ?? flags.becomeUser ?? 'root',
    ...(given ? { password: given } : {}),
  }
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
  connection?.transport.kind === 'ssh' && isOff(hostKeyCheckingIn(connection.transport.extraArgs))

export function uncheckedWarning(hosts: readonly string[]): readonly string[] {
  const [first, ...others] = hosts
  if (first === undefined) return []
  const who = others.length > 0 ? `${first} and ${others.length} more` : first
  return [
    `host keys are not checked on ${who} (host_key_checking, StrictHostKeyChecking): anybody on the way could be the host`,
  ]
}

function problemAt(host: Host, message: string, value: string): Problem {
  const name = message.slice(0, message.indexOf(':'))
  const origin = host.vars.get(name)?.origin
  return {
    message: `host ${host.name}: ${message}`,
    ...(origin ? { origin } : {}),
    ...(name === 'ansible_connection' ? didYouMean(value, kinds) : {}),
  }
}

const isThisMachine = (host: Host, read: Read): boolean =>
  host.name === 'localhost' && read('ansible_host') === undefined

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined

const isTrue = (value: unknown): boolean =>
  value === true || value === 1 || /^(true|yes|on|1|y|t)$/i.test(String(value))

const expandHome = (path: string): string => path.replace(/^~(?=\/|$)/, process.env.HOME ?? '~')

/** Words as a shell would split them; text that no shell would take stays one word and ssh says what is wrong with it. */
function splitWords(text: string): readonly string[] {
  const split = shlexSplit(text)
  return 'tokens' in split ? split.tokens.map(token => token.text) : [text]
}
