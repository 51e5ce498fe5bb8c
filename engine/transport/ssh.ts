import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isOurs } from '../load/cache.mjs'
import { quote } from '../shell/index.ts'
import type { SshTransport } from './types.ts'

export interface SshFiles {
  /**
   * A config that includes the user's and the system's and then sets our defaults: the first value found wins, so
   * theirs do.
   */
  readonly config: string
  /** Options that make a shell of the connection, whatever those say. */
  readonly session: readonly string[]
}

/**
 * The command line up to the remote command. What the inventory adds comes before the rest, because ssh takes the first
 * value it finds.
 */
export function sshWords(transport: SshTransport, files: SshFiles): readonly string[] {
  const { jump, address, ...login } = transport
  return [
    ...loginWords(login, files),
    // Behind those of the inventory: a way that is said there is taken.
    ...(jump === undefined ? [] : ['-o', `ProxyCommand=${proxyCommand(jump, files)}`]),
    '--',
    address,
  ]
}

/**
 * Not ProxyJump, which has no key of its own. ssh puts the address and the port that it is to reach into %h and %p, and
 * gives the rest to a shell.
 */
const proxyCommand = (jump: SshTransport, files: SshFiles): string =>
  jumpWords(jump, files, ['-W', target])
    .map(word => (word === target ? `'${word}'` : quote(word).replaceAll('%', '%%')))
    .join(' ')

const target = '[%h]:%p'

/** The command line of what is asked of a jump host: no session, which -N and -W must not be told otherwise. */
export const jumpWords = (
  { address, ...login }: SshTransport,
  { config }: SshFiles,
  asked: readonly string[],
): readonly string[] => [
  ...loginWords(login, { config, session: options([['RemoteCommand', 'none']]) }),
  ...asked,
  '--',
  address,
]

/** All but the address and the way there. */
function loginWords(login: Omit<SshTransport, 'address' | 'jump'>, { config, session }: SshFiles): readonly string[] {
  const { port, user, identityFile, extraArgs, executable, connectTimeout, password } = login
  // The last -F wins: with one of the user's own our defaults go as options, which then come before it.
  const own = extraArgs.some(word => word.startsWith('-F'))
  return [
    executable,
    ...(own ? [] : ['-F', config]),
    ...session,
    ...extraArgs,
    // The last of -t and -T wins.
    '-T',
    '-o',
    `ConnectTimeout=${connectTimeout}`,
    ...(password === undefined ? ['-o', 'BatchMode=yes'] : ['-o', 'BatchMode=no', '-o', 'NumberOfPasswordPrompts=1']),
    ...(own ? options(defaults(controlPathBeside(config))) : []),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
  ]
}

type Settings = readonly (readonly [name: string, value: string])[]

const options = (settings: Settings): readonly string[] =>
  settings.flatMap(([name, value]) => ['-o', `${name}=${value}`])

/**
 * What an operator may have set for sessions of his own, and would keep the runtime from being reached. The last three
 * came with OpenSSH 8.7; an older one does not know them and ends.
 */
export const sessionOptions = (version: string): readonly string[] => {
  const [, major = 0, minor = 0] = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? []
  const isNewer = major > 8 || (major === 8 && minor >= 7)
  return options([
    ['RemoteCommand', 'none'],
    ...(isNewer
      ? ([
          ['SessionType', 'default'],
          ['StdinNull', 'no'],
          ['ForkAfterAuthentication', 'no'],
        ] as const)
      : []),
  ])
}

/**
 * A dead host is noticed after a minute; a warm connection stays for a minute, so that the next run need not log in.
 */
const defaults = (controlPath: string): Settings => [
  ['ServerAliveInterval', '15'],
  ['ServerAliveCountMax', '4'],
  ['ControlMaster', 'auto'],
  ['ControlPersist', '60s'],
  ['ControlPath', controlPath],
]

const controlPathBeside = (config: string): string => `${config.slice(0, config.lastIndexOf('/'))}/%C`

/** The text of our config. `Match all` ends a Host block that an included file has left open. */
export const sshConfig = (controlPath: string): string =>
  `# Made by Rota: your own settings first, then defaults for what they leave open.
Include ~/.ssh/config
Match all
Include /etc/ssh/ssh_config
Match all
${defaults(controlPath)
  .map(([name, value]) => `  ${name} ${name === 'ControlPath' ? `"${value}"` : value}`)
  .join('\n')}
`

/**
 * Writes our config into the private directory, unless it is there, and asks ssh for its version: both once for all
 * hosts.
 */
export function sshFiles(executable: string): Promise<SshFiles> {
  const place = `${executable}\n${process.env.XDG_RUNTIME_DIR}\n${process.env.HOME}`
  const files = known.get(place) ?? findFiles(executable)
  known.set(place, files)
  return files
}

// By what they depend on: they can't become wrong.
const known = new Map<string, Promise<SshFiles>>()

async function findFiles(executable: string): Promise<SshFiles> {
  const { config } = writeFiles()
  // One that can't be started says so when it is needed.
  const version = await promisify(execFile)(executable, ['-V']).then(
    ({ stderr }) => stderr,
    () => '',
  )
  return { config, session: sessionOptions(version) }
}

function writeFiles(): Pick<SshFiles, 'config'> {
  const directory = privateDirectory()
  const text = sshConfig(join(directory, '%C'))
  const config = join(directory, `ssh-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.conf`)
  if (!existsSync(config)) {
    const beside = `${config}.${randomBytes(6).toString('hex')}`
    writeFileSync(beside, text, { mode: 0o600 })
    renameSync(beside, config)
  }
  return { config }
}

/** For sockets of warm connections: ours alone, and its path short, since that of a socket may have 107 characters. */
function privateDirectory(): string {
  const { uid } = userInfo()
  const runtimeDir = process.env.XDG_RUNTIME_DIR
  const candidates = [
    ...(runtimeDir ? [join(runtimeDir, 'rota')] : []),
    join(homedir(), '.cache', 'rota'),
    join(tmpdir(), `rota-${uid}`),
    `/tmp/rota-${uid}`,
  ]
  // %C has 40 characters, and ssh adds 17 while it makes the socket.
  const found = candidates.filter(path => path.length < 107 - 58).find(path => isOurs(path, uid))
  if (found === undefined)
    throw new Error(`no private directory can be made for ssh's sockets: tried ${candidates.join(', ')}`)
  return found
}
