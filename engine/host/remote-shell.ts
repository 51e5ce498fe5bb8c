import { type Failure, failure } from '../failure/index.ts'
import type { RemoteCommand, RemoteOutput, RemoteShell } from '../role/index.ts'
import { type Shell, type ShellValue, sh } from '../shell/index.ts'
import type { Channel } from '../transport/index.ts'

/** A command of a step ended with an exit code that was not expected. */
function unexpected(host: string, command: string, output: RemoteOutput): Failure {
  const said = [output.stderr, output.stdout].map(text => text.trim()).find(text => text !== '') ?? 'no output'
  return failure(`on ${host}: \`${command}\` ended with exit code ${output.exitCode}: ${said}`)
}

interface Settings {
  readonly nothrow: boolean
  readonly secret: boolean
  readonly stdin?: Uint8Array | string
  readonly timeout?: number
}

/**
 * zx's `$` over a channel. The command starts when the current turn ends, so that `.nothrow()` and the others can be
 * said first.
 */
export const remoteShell = (
  channel: () => Promise<Channel>,
  host: string,
  isSecret: (text: string) => boolean,
): RemoteShell => {
  return (strings: TemplateStringsArray, ...values: readonly ShellValue[]) => {
    const script = sh(strings, ...values)
    return command(isSecret(script.text) ? async () => refuse(host, script) : channel, host, script)
  }
}

function refuse(host: string, { text }: Shell): never {
  throw new Error(
    `on ${host}: \`${text.trim()}\` is not run: a secret stands in it, which every user of the host could read in the list of processes; hand it over with .stdin(…), or as a file, \${blob(…)}`,
  )
}

function command(channel: () => Promise<Channel>, host: string, script: Shell): RemoteCommand {
  let settings: Settings = { nothrow: false, secret: false }
  const result = Promise.resolve().then(async () => {
    const { stdin, timeout } = settings
    const output = await (await channel()).run({
      script,
      ...(stdin === undefined ? {} : { stdin }),
      ...(timeout === undefined ? {} : { timeout }),
    })
    if (output.exitCode === 0 || settings.nothrow) return output
    throw settings.secret
      ? unexpected(host, 'a secret command', { ...output, stdout: '', stderr: '' })
      : unexpected(host, script.text.trim(), output)
  })
  const chain = (more: Partial<Settings>): RemoteCommand => {
    settings = { ...settings, ...more }
    return self
  }
  const self: RemoteCommand = Object.assign(result, {
    nothrow: () => chain({ nothrow: true }),
    secret: () => chain({ secret: true }),
    stdin: (stdin: Uint8Array | string) => chain({ stdin }),
    timeout: (timeout: number) => chain({ timeout }),
    text: async () => (await result).stdout.trim(),
  })
  return self
}
