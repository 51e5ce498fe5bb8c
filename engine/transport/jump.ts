import { spawn } from 'node:child_process'
import { unreachable } from '../failure/index.ts'
import { diagnose, type Ending } from './diagnose.ts'
import { jumpWords, type SshFiles } from './ssh.ts'
import type { Connection, SshTransport } from './types.ts'

/** Milliseconds. An idle connection stays for a minute, and hosts that were reached through it hold it longer. */
const openFor = 30_000

// By the words that open it, for as long as it surely is: hosts are connected to all at once, and share it.
const known = new Map<string, { readonly failed: Promise<Ending | undefined>; until: number }>()

/**
 * Opens the connection to a jump host that all hosts behind it go through. Without it each would log in there, and of
 * a dozen logins at once sshd drops some (MaxStartups). What keeps it from opening is said here: of the ssh that runs a
 * ProxyCommand nothing is heard. Where the user's own settings share no connection, nothing is opened.
 */
export async function openJump(
  { host, shell }: Connection,
  jump: SshTransport,
  files: SshFiles,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const key = JSON.stringify(jumpWords(jump, files, []))
  const before = known.get(key)
  const isOpen = before !== undefined && Date.now() < before.until
  const login = isOpen ? before : { failed: open(jump, files, env), until: Number.POSITIVE_INFINITY }
  known.set(key, login)
  const failed = await login.failed
  login.until = failed ? 0 : Math.min(login.until, Date.now() + openFor)
  if (failed === undefined) return
  const { message, reason } = diagnose({ host, transport: jump, shell }, failed)
  throw unreachable(host, reason.obstacle, `the jump host ${jump.address}: ${message}`, reason.hint)
}

/** How the login ended, if it failed. */
async function open(
  jump: SshTransport,
  files: SshFiles,
  env: Readonly<Record<string, string>>,
): Promise<Ending | undefined> {
  const run = (...words: string[]) => ended(jumpWords(jump, files, words), env)
  const { said: settings } = await run('-G')
  if (!sharesConnections(settings)) return undefined
  const check = await run('-O', 'check')
  if (check.exitCode === 0) return undefined
  const login = await run('-f', '-N')
  return login.exitCode === 0 ? undefined : login
}

/** By what `ssh -G` says. A login of `-f -N` that nobody shares would stay for ever. */
export const sharesConnections = (settings: string): boolean =>
  /^controlmaster (?!false|no)/m.test(settings) &&
  /^controlpersist (?!false|no)/m.test(settings) &&
  /^controlpath (?!none)/m.test(settings)

function ended([file = '', ...args]: readonly string[], env: Readonly<Record<string, string>>): Promise<Ending> {
  return new Promise(resolve => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // As for a host: Ctrl-C at the terminal is for us.
      detached: true,
      env: { ...process.env, LC_ALL: 'C', ...env },
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        if (said.length < mostSaid) said += chunk
      })
    const done = (exitCode: number | null) => resolve({ said, exitCode: exitCode ?? undefined })
    // What goes on in the background may keep the streams open.
    child.once('exit', exitCode => setTimeout(done, 200, exitCode).unref())
    child.once('close', done)
    child.once('error', error => {
      said += error.message
      done(null)
    })
  })
}

const mostSaid = 65_536
