import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { sh } from 'rota'
import type { RemoteCommand, RemoteShell } from '../../../engine/role/remote.ts'

/**
 * Hosts that are folders of this machine: what is sent is run, with `root` in it being the host's own folder, and
 * directories of the system within it. So a step is tried as it is, shell and all, on several hosts at once.
 */
export function localHosts(root: string, bin = '') {
  const base = mkdtempSync(join(tmpdir(), 'rota-hosts-'))
  const dirOf = (host: string): string => {
    const dir = join(base, host)
    mkdirSync(dir, { recursive: true })
    return dir
  }
  const commands: { readonly on: string; readonly text: string }[] = []
  const on =
    (host: string): RemoteShell =>
    (strings, ...values) => {
      const { text } = sh(strings, ...values)
      commands.push({ on: host, text })
      return later(input => {
        const dir = dirOf(host)
        const { stdout, stderr, exitCode } = execaSync(
          'sh',
          [
            '-euc',
            text
              .replaceAll(root, dir)
              .replaceAll(/(?<=^|[\s'"<>])\/(run|etc|root|home|var\/lib)\/(?!null)/g, `${dir}/$1/`),
          ],
          {
            reject: false,
            input,
            env: { PATH: bin === '' ? process.env.PATH : `${bin}:${process.env.PATH}`, HOST_DIR: dir },
          },
        )
        return { stdout: stdout.replaceAll(dir, root), stderr, exitCode: exitCode ?? 1 }
      })
    }
  return { on, dirOf, commands, end: () => rmSync(base, { recursive: true }) }
}

type Output = Awaited<RemoteCommand>

/** Runs once, when it is awaited: by then its input is known. */
function later(
  run: (input: Uint8Array | string) => Output,
  input: Uint8Array | string = '',
  throws = true,
): RemoteCommand {
  let done: Promise<Output> | undefined
  const result = async (): Promise<Output> => {
    const output = run(input)
    if (throws && output.exitCode !== 0) throw new Error(`the command failed: ${output.stderr}`)
    return output
  }
  const promise = () => {
    done ??= result()
    return done
  }
  const command: Omit<RemoteCommand, keyof Promise<Output>> & PromiseLike<Output> = {
    // biome-ignore lint/suspicious/noThenProperty: it is a promise, that begins when it is awaited
    then: (resolve, reject) => promise().then(resolve, reject),
    nothrow: () => later(run, input, false),
    stdin: content => later(run, content, throws),
    timeout: () => later(run, input, throws),
    secret: () => later(run, input, throws),
    text: async () => (await promise()).stdout.trim(),
  }
  return Object.assign(command, {
    catch: (reject: (error: unknown) => unknown) => promise().catch(reject),
    finally: (end: () => void) => promise().finally(end),
    [Symbol.toStringTag]: 'RemoteCommand',
  }) as RemoteCommand
}
