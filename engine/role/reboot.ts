import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { type FactMap, rebootRequired } from '../facts/index.ts'
import { failure, isFailure, messageOf } from '../failure/index.ts'
import { raw } from '../shell/index.ts'
import { type Step, type StepContext, type StepOptions, type StepResult, step } from './step.ts'

export interface RebootOptions<M extends FactMap> extends Omit<StepOptions<M>, 'title' | 'run'>, Waiting {
  readonly title?: string
  /** What those who are logged in are told. */
  readonly message?: string
}

interface Waiting {
  /** Seconds that it may take, from the shutdown until the test succeeds; default 600. */
  readonly timeout?: number
  /** Shell text that has to succeed before the run goes on; default: that the host answers. */
  readonly testCommand?: string
}

/**
 * Reboots the host where it says that it has to be (/run/reboot-required, `needs-restarting -r`), or where `needed`
 * says why, and waits until it has booted anew and answers. Handlers that are owed run afterwards: they are written
 * down. In a play with `around` the host is taken out of service before. A `needed` of one's own may ask the same:
 * `reboot({ facts: { required: facts.rebootRequired({}) }, needed: ({ required }) => required.reason ?? false })`.
 *
 * Errors: it does not go down, or is not back in time; it is the machine that Rota runs on. Source: Ansible's `reboot`.
 */
export function reboot<const M extends FactMap = Record<never, never>>(options: RebootOptions<M> = {}): Step {
  const { title = 'reboot', message = 'Rebooted by Rota', facts, needed, timeout, testCommand, ...rest } = options
  const waiting = { timeout: timeout ?? 600, testCommand }
  const run = (context: StepContext) => rebooted(context, message, waiting)
  if (needed !== undefined) return step<M>({ ...rest, title, needed, run, ...(facts === undefined ? {} : { facts }) })
  const required = { required: rebootRequired({}) }
  return step({ ...rest, title, facts: required, needed: values => values.required.reason ?? false, run })
}

async function rebooted(
  context: StepContext,
  message: string,
  { timeout, testCommand }: { readonly timeout: number; readonly testCommand: string | undefined },
): Promise<StepResult> {
  const { host, say } = context
  const before = await bootOf(context)
  if (before === ownBoot()) throw failure(`${host.name} is the machine that Rota runs on: reboot it yourself`)
  const started = performance.now()
  const elapsed = (): number => Math.round((performance.now() - started) / 1000)
  await goDown(context, message)
  say('it is going down')
  for (;;) {
    await setTimeout(pause)
    const missing = await missingOf(context, before, testCommand, Math.max(1, timeout - elapsed()))
    if (missing === undefined) return { summary: `back after ${elapsed()} s` }
    if (elapsed() >= timeout) throw failure(`not back within ${timeout} s: ${missing}`, { hint: 'look at its console' })
  }
}

/** Milliseconds between two looks. */
const pause = 1000

/** The host may be gone before it has answered. */
async function goDown({ $ }: StepContext, message: string): Promise<void> {
  try {
    await $`if command -v shutdown >/dev/null 2>&1; then shutdown -r now ${message}; else reboot; fi`
  } catch (error) {
    if (!isFailure(error, 'unreachable')) throw error
  }
}

/**
 * What keeps the run from going on, or nothing. By a connection of its own: an old one may be silent for a minute
 * before it is known to be dead.
 */
async function missingOf(
  context: StepContext,
  before: string,
  testCommand: string | undefined,
  seconds: number,
): Promise<string | undefined> {
  await context.reconnect()
  try {
    if ((await bootOf(context)) === before) return 'it has not gone down'
    if (testCommand !== undefined) await context.$`sh -c ${testCommand}`.timeout(seconds)
    return undefined
  } catch (error) {
    if (isFailure(error, 'unreachable') || isFailure(error, 'failed')) return messageOf(error)
    throw error
  }
}

const bootOf = async ({ $ }: StepContext): Promise<string> => bootIn(await $`${raw(whichBoot)}`.text())

/**
 * The kernel's boot, and when the first process began: a container boots without the kernel. Words of /proc/1/stat
 * behind the name of the program (`man 5 proc`).
 */
const whichBoot = 'cat /proc/sys/kernel/random/boot_id /proc/1/stat'

function bootIn(text: string): string {
  const [id = '', stat = ''] = text.split('\n')
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  if (!/^[0-9a-f-]{36}$/.test(id) || !/^\d+$/.test(began ?? '')) throw failure('the host does not say which boot it is')
  return `${id} ${began}`
}

function ownBoot(): string | undefined {
  try {
    return bootIn(['/proc/sys/kernel/random/boot_id', '/proc/1/stat'].map(path => readFileSync(path, 'utf8')).join(''))
  } catch {
    // No Linux: then it is none of the hosts.
    return undefined
  }
}
