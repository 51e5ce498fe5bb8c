import { type StepContext, sh } from 'rota'
import type { RemoteCommand, RemoteShell } from '../../../engine/role/remote.ts'

/**
 * What a step or hook works with, on hosts that are only made up: `answer` gives what a command says, and where it
 * fails nothing, or what it says then.
 */
export function remote(
  answer: (command: string, on: string) => string | { readonly stderr: string } | undefined,
  ask: StepContext['ask'] = async () => true,
): {
  readonly context: Omit<StepContext, 'host' | 'inventory'>
  readonly commands: readonly Called[]
  readonly said: readonly string[]
} {
  const commands: Called[] = []
  const said: string[] = []
  const shell =
    (on: string): RemoteShell =>
    (strings, ...values) => {
      const { text } = sh(strings, ...values)
      const call: Called = { on, text }
      commands.push(call)
      const said = answer(text, on)
      const output =
        typeof said === 'string'
          ? { stdout: said, stderr: '', exitCode: 0 }
          : { stdout: '', stderr: '', ...said, exitCode: 1 }
      return called(call, output, true)
    }
  return {
    context: {
      run: '20260101T030405Z-4711',
      $: shell('m1'),
      on: shell,
      reconnect: async () => {},
      say: text => said.push(text),
      ask,
    },
    commands,
    said,
  }
}

interface Called {
  readonly on: string
  readonly text: string
  /** What it was given to read. */
  stdin?: string
  /** Its output is kept out of errors, journal and report. */
  secret?: boolean
}

type Output = Awaited<RemoteCommand>

function called(call: Called, output: Output, throws: boolean): RemoteCommand {
  const failed = throws && output.exitCode !== 0
  const promise = failed ? Promise.reject(new Error('the command failed')) : Promise.resolve(output)
  promise.catch(() => {})
  const same = () => called(call, output, throws)
  return Object.assign(promise, {
    nothrow: () => called(call, output, false),
    stdin: (content: Uint8Array | string) => {
      call.stdin = String(content)
      return same()
    },
    timeout: same,
    secret: () => {
      call.secret = true
      return same()
    },
    text: async () => (await promise).stdout.trim(),
  })
}
