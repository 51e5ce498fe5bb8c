import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { newRedactor } from '../../../engine/secrets/index.ts'
import { shells } from '../../unit/program/shells.ts'
import type { Host } from './host.ts'
import { plays } from './plays.mjs'
import { calls, follow, type Step, signal } from './steps.ts'

/** The control machine: a folder for what belongs to the tests, and how a playbook is run from it. */
export interface Control {
  readonly host: Host
  /** Seen from the host as well. */
  readonly dir: string
  /** Where journals are, on the small disk. */
  readonly state: string
  readonly fetched: string
  readonly end: () => void
}

export interface Ran {
  readonly exitCode: number | undefined
  readonly events: readonly RunEvent[]
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** `shell` is one of `shells`. */
export function controlOf(host: Host, shell: string): Control {
  // The host has a /tmp of its own.
  const dir = mkdtempSync('/var/tmp/rota-faults-')
  const found = shells(dir).get(shell)
  if (found === undefined) throw new Error(`there is no ${shell} here`)
  const words = [here('channel.sh'), ...found].map(word => `'${word}'`).join(' ')
  writeFileSync(
    join(dir, 'hosts.yml'),
    `all: { hosts: { h: { ansible_connection: local, ansible_shell_executable: "${words}" } } }\n`,
  )
  chmodSync(dir, 0o755)
  const remove = () => {
    leaveFifo(dir)
    rmSync(dir, { recursive: true, force: true })
  }
  process.once('exit', remove)
  return { host, dir, state: host.at('/media/state'), fetched: host.at('/media/fetched/app.conf'), end: remove }
}

const fifoIn = (dir: string): string => join(dir, 'trace')

/** Whoever still waits for somebody to write there waits no longer: Node does not exit before. */
function leaveFifo(dir: string): void {
  try {
    closeSync(openSync(fifoIn(dir), constants.O_WRONLY | constants.O_NONBLOCK))
  } catch {
    // Nobody waits.
  }
}

const environment = ({ host, dir, state, fetched }: Control) => ({
  XDG_STATE_HOME: state,
  ROTA_FAULTS_DIR: dir,
  ROTA_FAULTS_HOST: String(host.pid),
  ROTA_FAULTS_CALLS: calls,
  ROTA_FAULTS_FETCHED: fetched,
})

const flags = ({ dir }: Control): readonly string[] => ['-i', join(dir, 'hosts.yml'), '--json']

/** Runs the playbook in this process, to its end. */
export async function run(control: Control): Promise<Ran> {
  Object.assign(process.env, environment(control))
  const said: string[] = []
  const file = here('playbook.mjs')
  const exitCode = await runFromCommandLine(
    { name: 'faults', file, plays: plays(control.fetched) },
    ['node', file, ...flags(control)],
    { redactor: newRedactor(), write: text => void said.push(text) },
  )
  return { exitCode, events: eventsIn(said.join('')) }
}

/** The same in a process of its own, which can be killed. */
export function start(control: Control, env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, ['--import', here('die.mjs'), here('playbook.mjs'), ...flags(control)], {
    env: { ...process.env, ...environment(control), ROTA_FAULTS_FILLER: control.host.at('/media/filler'), ...env },
    stdio: ['ignore', 'ignore', process.env.ROTA_FAULTS_SHOW ? 'inherit' : 'ignore'],
  })
}

/** The host, followed from the moment in which it is connected to until its last process has ended. */
export function following(control: Control, at: (step: Step) => Promise<void> | void) {
  const fifo = fifoIn(control.dir)
  rmSync(fifo, { force: true })
  execFileSync('mkfifo', [fifo])
  return { env: { ROTA_FAULTS_TRACE: fifo }, ended: follow(fifo, at) }
}

export const idIn = (control: Control, name: 'channel' | 'host'): number =>
  Number(readFileSync(join(control.dir, name), 'utf8'))

/** Waits until no process of the host is left: whoever is alive may change something yet. */
export async function hostIsStill(control: Control): Promise<void> {
  if (!existsSync(join(control.dir, 'host'))) return
  const session = idIn(control, 'host')
  for (const end = Date.now() + 120_000; processesOf(session).length > 0; await sleep(20))
    if (Date.now() > end)
      throw new Error(`2 minutes later there are still processes of the host: ${processesOf(session)}`)
}

export function endHost(control: Control): void {
  if (existsSync(join(control.dir, 'host')))
    for (const pid of processesOf(idIn(control, 'host'))) signal(pid, 'SIGKILL')
}

function processesOf(session: number): readonly number[] {
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return []
    try {
      const [state, , , of] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return Number(of) === session && state !== 'Z' ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

/** The whole lines of a text, as events. Throws at one that is none. */
export const eventsIn = (text: string): readonly RunEvent[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))

/** Every journal there is, by its whole lines. */
export function journalsOf({ state }: Control): readonly (readonly RunEvent[])[] {
  const dir = join(state, 'rota/runs')
  if (!existsSync(dir)) return []
  return readdirSync(dir).map(name => eventsIn(readFileSync(join(dir, name), 'utf8')))
}
