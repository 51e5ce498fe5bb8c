import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Control, controlOf, endHost, following, hostIsStill, idIn, type Ran, run, start } from './control.ts'
import { asBefore, type Host, startHost, treeOf } from './host.ts'
import { afterFault, afterNext, afterThird, type Known, type Seen, see, whyOf } from './judge.ts'
import { type Step, signal } from './steps.ts'

/** What happens at a step. It may say what is wrong already. */
type Strike = (control: Control, step: Step) => Promise<readonly string[]> | readonly string[]

/** What a fault is, where it can strike, and how a run may end that it has struck. */
export interface Fault {
  readonly name: string
  readonly what: string
  readonly at: 'host' | 'control' | 'start'
  readonly strike?: Strike
  /** Undoes it before the next run. */
  readonly mend?: (host: Host) => void
  /** How the run that is struck may end. */
  readonly exits: readonly (number | undefined)[]
  /** What die.mjs does. */
  readonly dies?: string
  /** The control machine is a process of its own, and is killed. */
  readonly ownProcess?: true
}

const fill = (host: Host): void => {
  try {
    host.run('sh', '-c', 'cat /dev/zero >/srv/filler 2>/dev/null')
  } catch {
    // It is full.
  }
}

/** Seconds that anything may take before it counts as stuck: the machine may be busy. */
const patience = 120

const none: readonly string[] = []

/** Another control machine, while the host stands still: it is refused, or has found the host free. */
const another: Strike = async control => {
  const { exitCode, events } = await run(control)
  if (exitCode === 0) return none
  return exitCode === 4 && /^another controller is working on this host: (pid |an unknown process)/.test(whyOf(events))
    ? none
    : [`another controller ended with ${exitCode}: ${whyOf(events)}`]
}

export const faults: readonly Fault[] = [
  {
    name: 'shell',
    what: "SIGKILL of the host's shell; what it has started goes on",
    at: 'host',
    exits: [0, 4],
    strike: (_, { shell }) => {
      signal(shell, 'SIGKILL')
      return none
    },
  },
  {
    name: 'host',
    what: 'SIGKILL of all that runs on the host, at once',
    at: 'host',
    exits: [0, 4],
    strike: control => {
      signal(-idIn(control, 'host'), 'SIGKILL')
      return none
    },
  },
  {
    name: 'command',
    what: 'SIGKILL of the command that has just changed something (a handler, mv, dd)',
    at: 'host',
    exits: [0, 2, 4],
    strike: (_, { pid }) => {
      signal(pid, 'SIGKILL')
      return none
    },
  },
  {
    name: 'channel',
    what: 'SIGKILL of the connection between both',
    at: 'host',
    exits: [0, 4],
    strike: control => {
      signal(-idIn(control, 'channel'), 'SIGKILL')
      return none
    },
  },
  {
    name: 'disk-full',
    what: "ENOSPC: the host's disk is full from here on",
    at: 'host',
    exits: [0, 2, 4],
    strike: ({ host }) => {
      fill(host)
      return none
    },
    mend: host => rmSync(host.at('/srv/filler'), { force: true }),
  },
  {
    name: 'read-only',
    what: 'EROFS: the file system with the managed files can only be read from here on, unless one is open for writing',
    at: 'host',
    exits: [0, 2, 4],
    strike: ({ host }) => {
      try {
        execFileSync('nsenter', ['-t', String(host.pid), '-m', 'mount', '-o', 'remount,bind,ro', '/srv/etc'], {
          stdio: 'ignore',
        })
      } catch {
        // A file is open for writing.
      }
      return none
    },
    mend: host => host.run('mount', '-o', 'remount,bind,rw', '/srv/etc'),
  },
  {
    name: 'second',
    what: 'another controller begins while the host stands still',
    at: 'host',
    exits: [0, 4],
    strike: another,
  },
  {
    name: 'hang',
    what: 'what runs on the host hangs, the controller is killed, another one comes, and only then it goes on',
    at: 'host',
    exits: [undefined],
    ownProcess: true,
    strike: another,
  },
  { name: 'controller', what: 'SIGKILL of the controller', at: 'control', exits: [0, undefined], dies: 'die' },
  {
    name: 'control-full',
    what: "ENOSPC: the control machine's disk is full from here on",
    at: 'control',
    exits: [0, 1, 2],
    dies: 'full',
    mend: host => rmSync(host.at('/media/filler'), { force: true }),
  },
  { name: 'clock', what: "the control machine's clock jumps ten years back", at: 'control', exits: [0], dies: 'clock' },
]

export interface Bench {
  readonly control: Control
  readonly known: Known
  readonly hostSteps: readonly string[]
  readonly controlSteps: readonly string[]
  readonly end: () => void
}

/** A host and a control machine, and what a run does to them that nothing happens to. */
export async function openBench(shell: string): Promise<Bench> {
  const host = await startHost()
  const control = controlOf(host, shell)
  process.chdir(control.dir)
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0)
  asBefore(host)
  const before = treeOf(host.at('/srv/etc'))
  const hostSteps: string[] = []
  const { env, ended } = following(control, ({ what }) => void hostSteps.push(what))
  await green(await inProcess(control, env))
  await ended
  const after = treeOf(host.at('/srv/etc'))
  const known = { before, after }
  const next = await run(control)
  const wrong = [...afterNext(control, known, see(control), next), ...afterThird(control, known, see(control), next)]
  if (wrong.length > 0) throw new Error(`without any fault: ${wrong.join('; ')}`)
  asBefore(host)
  const said = join(control.dir, 'said')
  await once(start(control, { ROTA_FAULTS_SAID: said }), 'exit')
  const controlSteps = readFileSync(said, 'utf8').split('\n').filter(Boolean)
  const end = () => {
    control.end()
    host.end()
  }
  return { control, known, hostSteps, controlSteps, end }
}

async function green({ exitCode, events }: Ran): Promise<void> {
  if (exitCode !== 0) throw new Error(`without any fault it ends with ${exitCode}: ${whyOf(events)}`)
}

async function inProcess(control: Control, env: Readonly<Record<string, string>>): Promise<Ran> {
  Object.assign(process.env, env)
  try {
    return await within(patience, run(control))
  } finally {
    for (const name of Object.keys(env)) delete process.env[name]
  }
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  const late = new AbortController()
  const timer = sleep(seconds * 1000, undefined, late).then(() => {
    throw new Error(`the controller did not end within ${seconds} s`)
  })
  timer.catch(() => {})
  try {
    return await Promise.race([work, timer])
  } finally {
    late.abort()
  }
}

/** A fault at a step. */
export interface Point {
  readonly fault: Fault
  readonly number: number
  readonly what: string
}

interface Choice {
  /** Names of faults. */
  readonly only?: readonly string[] | undefined
  /** Its number, or what it is. */
  readonly step?: string | undefined
  /** No more than so many. */
  readonly sample?: number | undefined
  readonly seed: number
}

/** What strikes there again. */
export const againOf = ({ fault, number, what }: Point): string =>
  `npx zx scripts/faults.mjs --only ${fault.name} --step ${fault.at === 'host' ? number : `'${what}'`}`

/** Every fault at every step, or those that are chosen. */
export function pointsOf({ hostSteps, controlSteps }: Bench, { only, step, sample, seed }: Choice): readonly Point[] {
  const all = faults
    .filter(({ name }) => only === undefined || only.includes(name))
    .flatMap(fault =>
      (fault.at === 'host' ? hostSteps : controlSteps).map((what, index) => ({ fault, number: index + 1, what })),
    )
    .filter(({ number, what }) => step === undefined || step === String(number) || step === what)
  if (sample === undefined && step !== undefined) return all
  // One of each fault, then another of each.
  const rank = ({ fault, number }: Point) => createHash('md5').update(`${seed} ${fault.name} ${number}`).digest('hex')
  const turns = faults.flatMap(({ name }) =>
    all
      .filter(({ fault }) => fault.name === name)
      .map(point => ({ point, rank: rank(point) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1))
      .map(({ point, rank }, turn) => ({ point, rank, turn })),
  )
  return turns
    .sort((a, b) => a.turn - b.turn || (a.rank < b.rank ? -1 : 1))
    .slice(0, sample)
    .map(({ point }) => point)
}

/** One run with a fault at one step, the next run, and a third. Says what is wrong. */
export async function strikeAt(bench: Bench, { fault, number, what }: Point): Promise<readonly string[]> {
  const { control, known } = bench
  asBefore(control.host)
  rmSync(join(control.dir, 'host'), { force: true })
  try {
    const struck = await (fault.at === 'host' ? onHost(control, fault, number) : onControl(control, fault, what))
    await hostIsStill(control)
    fault.mend?.(control.host)
    const seen: Seen = see(control)
    const wrong = [...struck, ...afterFault(control, known, seen)]
    const next = await within(patience, run(control))
    wrong.push(...afterNext(control, known, seen, next))
    const between = see(control)
    return [...wrong, ...afterThird(control, known, between, await within(patience, run(control)))]
  } catch (error) {
    return [error instanceof Error ? (process.env.ROTA_FAULTS_SHOW ? `${error.stack}` : error.message) : String(error)]
  } finally {
    endHost(control)
    fault.mend?.(control.host)
  }
}

async function onHost(control: Control, fault: Fault, number: number): Promise<readonly string[]> {
  const wrong: string[] = []
  let child: ReturnType<typeof start> | undefined
  const { env, ended } = following(control, async step => {
    if (step.number !== number) return
    for (const name of Object.keys(env)) delete process.env[name]
    child?.kill('SIGKILL')
    wrong.push(...((await fault.strike?.(control, step)) ?? none))
  })
  let ran: Ran
  if (fault.ownProcess) {
    child = start(control, env)
    const [code] = await once(child, 'exit')
    ran = { exitCode: code ?? undefined, events: [] }
  } else ran = await inProcess(control, env)
  await within(patience, ended)
  return [...wrong, ...endedAs(fault, ran)]
}

async function onControl(control: Control, fault: Fault, what: string): Promise<readonly string[]> {
  const child = start(control, { ROTA_FAULTS_POINT: what, ROTA_FAULTS_FAULT: fault.dies ?? '' })
  const [code] = await within(patience, once(child, 'exit'))
  return endedAs(fault, { exitCode: code ?? undefined, events: [] })
}

const endedAs = ({ exits }: Fault, { exitCode, events }: Ran): readonly string[] =>
  exits.includes(exitCode) ? [] : [`the run that was struck ended with ${exitCode ?? 'a signal'}: ${whyOf(events)}`]
