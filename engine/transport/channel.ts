import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import type { FactRequest, Facts } from '../facts/index.ts'
import { factsFrom } from '../facts/index.ts'
import { failure, isFailure, messageOf, type Unreachable, unreachable } from '../failure/index.ts'
import type { ApplyProgram, Frame, FrameReader, Head, RunCommand } from '../program/index.ts'
import {
  type Answer,
  applyText,
  changesAnswer,
  commandAnswer,
  factsAnswer,
  frameReader,
  joined,
  longestHello,
  longestStepOutput,
  markOf,
  type Program,
  probeOf,
  runText,
  runtimeText,
} from '../program/index.ts'
import { endOf } from '../secrets/index.ts'
import { sh } from '../shell/index.ts'
import { diagnose, unanswered } from './diagnose.ts'
import { sendProgram } from './send.ts'
import type { Session } from './session.ts'
import { openSession } from './session.ts'
import type { Target } from './target.ts'
import { targetOf } from './target.ts'
import type { ApplyEvent, ApplyResult, Channel, ChannelOptions, ChannelStats, Connection, RunResult } from './types.ts'

/**
 * Opens the one shell of a host. Rejects with an `unreachable` failure when the host can't be reached or another
 * controller holds its lock; with `eager` it does not wait for the host, and the first request rejects so.
 */
export async function openChannel(connection: Connection, options: ChannelOptions): Promise<ShellChannel> {
  options.signal?.throwIfAborted()
  const channel = await ShellChannel.open(connection, options)
  if (!options.eager) await channel.target
  return channel
}

/** A request that waits for its answer. */
interface Waiting {
  readonly id: number
  /** For the message when the connection dies. */
  readonly what: () => string
  readonly answer: Answer
  readonly onFrame: (frame: Frame) => void
  readonly reject: (error: Error) => void
}

const owner = `${userInfo().username}@${hostname()} (process ${process.pid})`

/** Seconds that a shell may take to say hello after the connection timeout: a busy host logs in slowly. */
const helloGrace = 30
/** Seconds that a process may take to end after its stdin has ended. */
const exitGrace = 5

/**
 * What is guaranteed when it does not go to the end:
 * - abort: the change that runs is finished, none is begun after it; the rest is reported as `notRun`. When the second
 *   session that says so can't be had, everything that was sent is run. What is asked for after it is run, too: so a
 *   reload is watched to its end.
 * - the connection or this process dies: the host finishes the change that runs (what only waits ends within seconds),
 *   begins no other once it knows of it, removes its temporary files and only then gives up the lock. Handlers that are
 *   owed stay in pending/. Where we are killed and ssh lives on, the host knows of it after the next thing that it
 *   says: a change or two that take no time may be begun.
 * - the remote shell itself is killed: the change may be half done, but a file is old or new, never half; leftovers
 *   beside it go with the next replacement.
 */
export class ShellChannel implements Channel {
  readonly host: string
  /** What the host said of itself, without a process. Rejects when the host can't be used. */
  readonly target: Promise<Target>

  readonly #connection: Connection
  readonly #options: ChannelOptions
  readonly #session: Session
  readonly #reader: FrameReader
  readonly #nonce: string
  readonly #waiting = new Map<number, Waiting>()
  readonly #stats = { programs: 0, roundTrips: 1, bytesSent: 0 }
  readonly #target = deferred<Target>()
  #hello: Target | undefined
  #readyAt: number | undefined
  #lastId = 0
  /** Programs that are not written yet: those asked for in one go travel as one. */
  #unwritten: Program[] = []
  #writing: Promise<void>
  /** Text of the program that travels with the runtime; undefined once that is sent. */
  #first: string | undefined = ''
  #broken: Unreachable | undefined
  #closing: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #idle: (() => void)[] = []

  static async open(connection: Connection, options: ChannelOptions): Promise<ShellChannel> {
    const nonce = randomBytes(12).toString('hex')
    // The session gives output only after this function has gone on.
    let receive: (chunk: Buffer) => void = () => {}
    const session = await openSession(connection, chunk => receive(chunk))
    const channel = new ShellChannel(connection, options, session, nonce)
    receive = chunk => channel.#receive(chunk)
    return channel
  }

  private constructor(connection: Connection, options: ChannelOptions, session: Session, nonce: string) {
    this.host = connection.host
    this.#connection = connection
    this.#options = options
    this.#session = session
    this.#reader = frameReader(nonce, { longest: head => this.#longest(head), take: frame => this.#take(frame) })
    this.#nonce = nonce
    this.target = this.#target.promise
    this.#writing = this.#start()
    void session.exited.then(exitCode => this.#ended(exitCode))
    options.signal?.addEventListener('abort', this.#stop)
  }

  async probe(requests: readonly FactRequest[]): Promise<Facts> {
    if (requests.length === 0) return factsFrom(new Map())
    const probe = probeOf(requests, markOf(this.#nonce))
    let answer = ''
    const asked = performance.now() / 1000
    await this.#request(
      id => probe.program(id),
      () => 'the probe',
      factsAnswer(requests),
      frame => {
        answer = frame.payload.toString()
      },
    )
    try {
      return probe.read(answer, { asked, answered: performance.now() / 1000 })
    } catch (error) {
      throw failure(withStderr(messageOf(error), this.#session.stderr()), {}, { cause: error })
    }
  }

  async apply(program: ApplyProgram, onEvent: (event: ApplyEvent) => void): Promise<ApplyResult> {
    if (this.#options.readOnly) throw new Error(`${this.host}: a channel of check mode can't apply changes`)
    if (program.items.length === 0) return {}
    let running: number | undefined
    let done = 0
    let failed: ApplyResult['failed']
    await this.#request(
      id => applyText(id, program),
      () =>
        running === undefined
          ? `${done} of ${program.items.length} changes had been made, none was running`
          : `${done} of ${program.items.length} changes had been made, item ${running} was running`,
      changesAnswer(program.items),
      frame => {
        const event = applyEventOf(frame)
        running = event.kind === 'started' ? event.id : undefined
        if (event.kind === 'done') {
          done += 1
          if (event.exitCode !== 0) failed = { id: event.id, exitCode: event.exitCode, output: event.output }
        }
        onEvent(event)
      },
    )
    return failed === undefined ? {} : { failed }
  }

  async run(command: RunCommand, onOutput?: (chunk: string) => void): Promise<RunResult> {
    const said = { stdout: '', stderr: '' }
    let tooLong: string | undefined
    const { extra } = await this.#request(
      id => runText(id, command),
      () => 'a command of a step',
      commandAnswer(),
      ({ event, extra: [unsent], payload }) => {
        if (unsent !== undefined) tooLong = `${unsent} bytes on ${event}`
        said[event === 'stderr' ? event : 'stdout'] = payload.toString()
        if (payload.length > 0) onOutput?.(payload.toString())
      },
    )
    if (tooLong !== undefined)
      throw failure(
        `a command of a step printed ${tooLong}: more than ${longestStepOutput} are not taken, let it print less`,
      )
    return { exitCode: exitCodeOf(extra), ...said }
  }

  stats(): ChannelStats {
    return { ...this.#stats, ...(this.#readyAt === undefined ? {} : { readyAt: this.#readyAt }) }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #start(): Promise<void> {
    const { transport } = this.#connection
    const seconds = (transport.kind === 'ssh' ? transport.connectTimeout : 0) + helloGrace
    const timer = setTimeout(() => {
      this.#break(unanswered(this.#connection, this.#session.stderr() + this.#reader.noise(), seconds))
    }, seconds * 1000)
    this.target.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
    try {
      await this.#session.ready
    } catch (error) {
      if (isFailure(error, 'unreachable')) this.#break(error)
      return
    }
    // Who has opened the channel asks for something at once.
    await setImmediate()
    const first = this.#first ?? ''
    this.#first = undefined
    const text = runtimeText({
      nonce: this.#nonce,
      readOnly: this.#options.readOnly,
      stateDir: this.#options.stateDir,
      shell: this.#connection.shell,
      owner: `${owner} since ${new Date().toISOString()}`,
      first,
    })
    this.#stats.bytesSent += text.byteLength
    this.#session.stdin.write(text)
    // Until its shell says hello it may read ahead.
    await this.target.catch(() => {})
  }

  /** Sends a program after those before it, and settles with the frame that ends it. */
  #request(
    program: (id: number) => Program,
    what: () => string,
    answer: Answer,
    onFrame: (frame: Frame) => void,
  ): Promise<Frame> {
    if (this.#broken) return Promise.reject(this.#broken)
    if (this.#closing) return Promise.reject(new Error(`${this.host}: the channel is closed`))
    this.#lastId += 1
    const id = this.#lastId
    const ready = program(id)
    this.#stats.programs += 1
    const withRuntime = id === 1 && this.#first === '' && ready.blobs.length === 0
    // Written while another is under way, it is answered in the same wait; all that could not go with the runtime
    // follow its hello.
    const waits = this.#hello === undefined ? this.#stats.roundTrips === 1 : this.#waiting.size === 0
    if (waits && !withRuntime) this.#stats.roundTrips += 1
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        id,
        what,
        answer,
        onFrame: frame => {
          if (frame.event === 'end') {
            this.#settled(id)
            resolve(frame)
          } else onFrame(frame)
        },
        reject: error => {
          this.#settled(id)
          reject(error)
        },
      })
      if (withRuntime) {
        this.#first = ready.text
        return
      }
      this.#unwritten.push(ready)
      this.#writing = this.#writing.then(() => this.#write())
    })
  }

  async #write(): Promise<void> {
    const programs = this.#unwritten.splice(0)
    if (this.#broken || programs.length === 0) return
    this.#stats.bytesSent += await sendProgram(this.#session.stdin, joined(programs))
  }

  #settled(id: number): void {
    this.#waiting.delete(id)
    if (this.#waiting.size > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #receive(chunk: Buffer): void {
    if (this.#broken) return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      // A frame that can't be read or may not come now, or an event handler that threw: what follows could not be
      // trusted.
      this.#break(
        unreachable(
          this.host,
          'protocol',
          `the answer could not be used: ${messageOf(error)}`,
          'something on the host speaks in the place of its shell: look at its login scripts and at what they start, and whom it obeys',
        ),
      )
      this.#session.drop()
    }
  }

  /** What a host may say now is what it has been asked for, in the order in which it was asked. */
  #longest(head: Head): number {
    if (head.request === 0) {
      const may = this.#hello === undefined ? ['hello'] : this.#readyAt === undefined ? ['ready', 'refused'] : []
      if (!may.includes(head.event)) throw new Error(`it said ${JSON.stringify(head.event)} where it was not asked to`)
      return head.event === 'ready' ? 0 : longestHello
    }
    const [first] = this.#waiting.values()
    if (this.#readyAt === undefined || first?.id !== head.request)
      throw new Error(`it answers request ${head.request}, and is asked ${first ? `request ${first.id}` : 'nothing'}`)
    return first.answer(head)
  }

  #take(frame: Frame): void {
    switch (frame.event) {
      case 'hello':
        this.#hello = targetOf(frame, this.#nonce)
        return
      case 'ready':
        this.#readyAt = performance.now()
        if (this.#hello) this.#target.resolve(this.#hello)
        return
      case 'refused':
        this.#break(refusal(this.host, frame))
        return
      default:
        this.#waiting.get(frame.request)?.onFrame(frame)
    }
  }

  #ended(exitCode: number | undefined): void {
    const { signal } = this.#options
    signal?.removeEventListener('abort', this.#stop)
    if (this.#broken) return
    if (this.#hello === undefined)
      this.#break(diagnose(this.#connection, { said: `${this.#reader.noise()}\n${this.#session.stderr()}`, exitCode }))
    else this.#break(this.#lost())
  }

  #lost(): Unreachable {
    const first = [...this.#waiting.values()][0]
    const message = first ? `the connection was lost: ${first.what()}` : 'the connection was lost'
    return unreachable(
      this.host,
      'lost',
      withStderr(message, this.#session.stderr()),
      'a change that runs is finished by the host; run again to see what is left',
    )
  }

  /** Nothing more can be asked: every request rejects, and the process ends. */
  #break(error: Unreachable): void {
    if (this.#broken) return
    this.#broken = error
    this.#target.reject(error)
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error)
    void this.#endProcess()
  }

  /**
   * On abort: tells the runtime to begin no further item. It can't read that while a script runs, so a second session
   * (over the warm ssh connection it costs no login) makes a file that the runtime looks for before each item.
   */
  readonly #stop = (): void => {
    const target = this.#hello
    if (target === undefined) this.#break(unreachable(this.host, 'lost', 'interrupted before the host answered'))
    else if (!this.#options.readOnly && this.#waiting.size > 0)
      this.#stopping ??= tellToStop(this.#connection, this.#options, target)
  }

  async #close(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
    await this.#stopping
    this.#broken ??= unreachable(this.host, 'lost', 'the channel is closed')
    this.#target.reject(this.#broken)
    await this.#endProcess()
  }

  async #endProcess(): Promise<void> {
    const { stdin, exited, kill } = this.#session
    stdin.end()
    const ended = async (seconds: number): Promise<boolean> => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<boolean>(resolve => {
        timer = setTimeout(resolve, seconds * 1000, false)
      })
      const result = await Promise.race([exited.then(() => true), late])
      clearTimeout(timer)
      return result
    }
    if (await ended(exitGrace)) return
    kill('SIGTERM')
    if (await ended(2)) return
    kill('SIGKILL')
    await exited
  }
}

/** Best effort: when it fails, the items that were sent are run to their end. */
async function tellToStop(
  connection: Connection,
  options: ChannelOptions,
  { state, nonce, pid }: Target,
): Promise<void> {
  const { signal: _, ...rest } = options
  try {
    const other = await openChannel(connection, { ...rest, readOnly: true })
    await other.run({ script: sh`[ ! -d ${`/proc/${pid}`} ] || : >${`${state}/stop.${nonce}`}` })
    await other.close()
  } catch {
    // The connection is gone, or the host takes no second session.
  }
}

function applyEventOf({ event, name, extra, payload }: Frame): ApplyEvent {
  const id = Number(name)
  switch (event) {
    case 'started':
      return { kind: 'started', id }
    case 'notRun':
      return { kind: 'notRun', id }
    default:
      return { kind: 'done', id, exitCode: exitCodeOf(extra), output: payload.toString(), seconds: secondsOf(extra) }
  }
}

/** 0 is good news: it must have been said, and nothing like it. */
function exitCodeOf([code = '']: readonly string[]): number {
  if (!/^\d{1,3}$/.test(code)) throw new Error(`${JSON.stringify(code)} is no exit code`)
  return Number(code)
}

/** From the host's own clock, which has a resolution of 10 ms; 0 where it has none. */
function secondsOf([, started = '', now = '']: readonly string[]): number {
  if (![started, now].every(time => /^\d{1,12}(\.\d{1,6})?$/.test(time))) return 0
  return Math.max(0, Math.round((Number(now) - Number(started)) * 100) / 100)
}

function refusal(host: string, { name, payload }: Frame): Unreachable {
  const text = payload.toString()
  return name === 'lock'
    ? unreachable(
        host,
        'lock',
        `another controller is working on this host: ${text}`,
        'wait for it; the lock goes when its process ends',
      )
    : unreachable(host, 'lock', text, 'the state directory can not be used: is the disk full or read-only?')
}

interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/** A promise settled from outside; nobody has to look at it. */
function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> = { resolve: () => {}, reject: () => {} }
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  promise.catch(() => {})
  return { promise, ...settle }
}

const withStderr = (message: string, stderr: string): string =>
  stderr.trim() === '' ? message : `${message}; the host said: ${endOf(stderr.trim(), 2000)}`
