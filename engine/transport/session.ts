import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { type Unreachable, unreachable } from '../failure/index.ts'
import { heardOf, mostStderr, readyMark } from '../program/index.ts'
import { endOf } from '../secrets/index.ts'
import type { Askpass } from './askpass.ts'
import { sudoPrompt } from './become.ts'
import type { Command } from './command.ts'
import { commandFor } from './command.ts'
import { diagnose, unanswered } from './diagnose.ts'
import { asksForPassword, openQuestion } from './question.ts'
import { sshFiles } from './ssh.ts'
import type { Become, Connection, SshTransport } from './types.ts'

/** A shell on the host that reads the runtime from its stdin. */
export interface Session {
  readonly stdin: Writable
  /** The end of what it has said on stderr: for messages. */
  readonly stderr: () => string
  /** Settles once the runtime may be written: at once, or when a become password has been accepted. */
  readonly ready: Promise<void>
  /**
   * The exit code, once the process has ended and what it said has been read; undefined when a signal ended it. Never
   * rejects.
   */
  readonly exited: Promise<number | undefined>
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL') => void
  /** Ends it at once and listens no more: what it goes on to say has nobody to read it. */
  readonly drop: () => void
}

interface Process extends Session {
  readonly stdout: Readable
  readonly errors: Readable
}

const longestStderr = 16_384

/** Seconds that a question which Rota can't answer may stand: what asks it may yet go on by itself. */
const questionGrace = 8

/** Starts the process that gives a shell on the host; `onOutput` gets all of its stdout. */
export async function openSession(connection: Connection, onOutput: (chunk: Buffer) => void): Promise<Session> {
  const { host, transport, become } = connection
  if (become?.method === 'doas' && become.password)
    throw unreachable(
      host,
      'become',
      'doas reads a password from a terminal only',
      'use a "permit nopass" rule, or sudo',
    )
  const mark = randomBytes(6).toString('hex')
  const askpass = transport.kind === 'ssh' ? await passwordsFor(transport) : undefined
  const files = transport.kind === 'ssh' ? await sshFiles(transport.executable) : { config: '', session: [] }
  const command = commandFor(connection, mark, files)
  const jump = transport.kind === 'ssh' ? transport.jump : undefined
  if (jump) {
    // Only needed here: most connections have none.
    const { openJump } = await import('./jump.ts')
    await openJump(connection, jump, files, askpass?.env).catch(async error => {
      await askpass?.end()
      throw error
    })
  }
  const process = start(command, askpass, onOutput)
  if (askpass) void process.exited.then(askpass.end)
  if (!become?.password) return process
  return { ...process, ready: giveBecomePassword(connection, become, become.password, process, mark) }
}

async function passwordsFor({ password, jumpPassword }: SshTransport): Promise<Askpass | undefined> {
  if (!password && !jumpPassword) return undefined
  // Only needed when a password is given: a connection with keys does not load it.
  const { offerPasswords } = await import('./askpass.ts')
  return offerPasswords({ host: password, jump: jumpPassword })
}

function start({ file, args }: Command, askpass: Askpass | undefined, onOutput: (chunk: Buffer) => void): Process {
  // Not by execa, which takes a millisecond more for each: there may be thousands.
  const child = spawn(file, args, {
    stdio: 'pipe',
    // A process group of its own: Ctrl-C at the terminal is for us. The remote side ends in an orderly way when its
    // stdin ends, also when we die.
    detached: true,
    env: { ...process.env, LC_ALL: 'C', ...askpass?.env },
  })
  askpass?.startedAs(child.pid)
  const { stdin, stdout, stderr } = child
  let said = ''
  let heard = 0
  const drop = () => {
    for (const stream of [stdin, stdout, stderr]) stream.destroy()
    child.kill('SIGKILL')
  }
  stdout.on('data', onOutput)
  stderr.setEncoding('utf8')
  stderr.on('data', (chunk: string) => {
    heard += chunk.length
    said = endOf(said + chunk, longestStderr)
    if (heard <= mostStderr) return
    said = `more than ${mostStderr} bytes on stderr`
    drop()
  })
  // What happens to a pipe shows in the exit of the process.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {})
  const exited = new Promise<number | undefined>(resolve => {
    // A master connection that ssh -v leaves behind keeps stderr open: its end is not waited for long.
    child.once('exit', exitCode => setTimeout(resolve, 500, exitCode ?? undefined).unref())
    child.once('close', exitCode => resolve(exitCode ?? undefined))
    // No such program, no more processes: there is no exit then.
    child.once('error', error => {
      said += error.message
      resolve(undefined)
    })
  })
  return {
    stdin,
    stdout,
    errors: stderr,
    stderr: () => heardOf(said),
    ready: Promise.resolve(),
    exited,
    kill: signal => void child.kill(signal),
    drop,
  }
}

/** Waits for the question, answers it once, and waits until the shell says that it reads. */
function giveBecomePassword(
  connection: Connection,
  become: Become,
  password: () => string,
  { stdin, stdout, errors, stderr, exited, kill }: Process,
  mark: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = ''
    // Since the password was given. What one stream asks stays asked, whatever comes on the other: which of the two is
    // read first is chance.
    const fresh = { stdout: '', stderr: '' }
    let answered = false
    let timer: NodeJS.Timeout | undefined
    const done = (error?: Unreachable): void => {
      clearTimeout(timer)
      stdout.off('data', onStdout)
      errors.off('data', onStderr)
      if (error) {
        kill('SIGTERM')
        reject(error)
      } else resolve()
    }
    const onData = (stream: 'stdout' | 'stderr', chunk: Buffer | string): void => {
      all = endOf(all + chunk.toString(), longestStderr)
      fresh[stream] = (fresh[stream] + chunk.toString()).slice(-longestStderr)
      clearTimeout(timer)
      const question = openQuestion(fresh[stream]) || openQuestion(fresh[stream === 'stdout' ? 'stderr' : 'stdout'])
      const isForPassword = question.endsWith(sudoPrompt(mark)) || asksForPassword(question)
      if (fresh.stdout.includes(readyMark(mark))) done()
      else if (isForPassword && answered) done(wrongPassword(connection.host, become))
      else if (isForPassword) {
        answered = true
        fresh.stdout = ''
        fresh.stderr = ''
        stdin.write(`${password()}\n`)
      } else if (/[:?>\])]$/.test(question))
        timer = setTimeout(() => done(unanswered(connection, all, questionGrace)), questionGrace * 1000)
    }
    const onStdout = (chunk: Buffer) => onData('stdout', chunk)
    const onStderr = (chunk: string) => onData('stderr', chunk)
    stdout.on('data', onStdout)
    errors.on('data', onStderr)
    void exited.then(exitCode => done(diagnose(connection, { said: `${all}\n${stderr()}`, exitCode })))
  })
}

const wrongPassword = (host: string, { method }: Become): Unreachable =>
  unreachable(host, 'become', `${method} did not accept the password`, 'the become password is wrong')
