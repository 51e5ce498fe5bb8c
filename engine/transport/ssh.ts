import { createHash, randomBytes } from 'node:crypto'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { isOurs } from '../load/cache.mjs'
import type { Transport } from './types.ts'

type Ssh = Extract<Transport, { kind: 'ssh' }>

export interface SshFiles {
  /** A config that includes the user's and the system's and then sets our defaults: the first value found wins, so theirs do. */
  readonly config: string
}

/** The command line up to the remote command. What the inventory adds comes first, because ssh takes the first value it finds. */
export function sshWords(transport: Ssh, { config }: SshFiles): readonly string[] {
  const { address, port, user, identityFile, extraArgs, executable, connectTimeout, password } = transport
  // The last -F wins: with one of the user's own our defaults go as options, which then come before it.
  const own = extraArgs.some(word => word.startsWith('-F'))
  return [
    executable,
    '-T',
    ...(own ? [] : ['-F', config]),
    ...extraArgs,
    '-o',
    `ConnectTimeout=${connectTimeout}`,
    ...(password === undefined ? ['-o', 'BatchMode=yes'] : ['-o', 'BatchMode=no', '-o', 'NumberOfPasswordPrompts=1']),
    ...(own ? defaults(controlPathBeside(config)).flatMap(([name, value]) => ['-o', `${name}=${value}`]) : []),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
    '--',
    address,
  ]
}

/** A dead host is noticed after a minute; a warm connection stays for a minute, so that the next run need not log in. */
const defaults = (controlPath: string): readonly (readonly [string, string])[] => [
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

/** Writes our config into the private directory, unless it is there. Costs no process, and is done once for all hosts. */
export function sshFiles(): SshFiles {
  const place = `${process.env.XDG_RUNTIME_DIR}\n${process.env.HOME}`
  const files = known.get(place) ?? writeFiles()
  known.set(place, files)
  return files
}

// By what the place depends on: it can't become wrong.
const known = new Map<string, SshFiles>()

function writeFiles(): SshFiles {
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
  ]
  // %C has 40 characters, and ssh adds 17 while it makes the socket.
  const found = candidates.filter(path => path.length < 107 - 58).find(path => isOurs(path, uid))
  if (found === undefined)
    throw new Error(`no private directory can be made for ssh's sockets: tried ${candidates.join(', ')}`)
  return found
}
