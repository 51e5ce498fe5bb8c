import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FactRequest } from '../../../engine/facts/fact.ts'

export type ShellWords = readonly [string, ...string[]]

/** The shells that a target may have, the last one with nothing else installed than busybox. */
export const shells: readonly ShellWords[] = [['dash'], ['bash', '--posix'], ['busybox', 'sh'], onlyBusybox()]

/** A shell whose PATH holds busybox's own programs alone. */
function onlyBusybox(): ShellWords {
  const dir = mkdtempSync(join(tmpdir(), 'rota-busybox-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const busybox = execFileSync('sh', ['-c', 'command -v busybox']).toString().trim()
  for (const name of execFileSync(busybox, ['--list']).toString().split('\n')) {
    if (name !== '') symlinkSync(busybox, join(dir, name))
  }
  return ['env', `PATH=${dir}`, busybox, 'sh']
}

/** Name for a test's title. */
export const nameOf = (shell: ShellWords): string =>
  shell[0] === 'env' ? 'busybox alone' : shell[0] === 'busybox' ? 'busybox' : shell[0]

/** Runs the probe of requests of one kind in a local shell and parses the answer, as a channel does. */
export function probeWith<T>(shell: ShellWords, ...requests: readonly FactRequest<T>[]): readonly T[] {
  const [first] = requests
  if (first === undefined) return []
  const args = requests.map(request => request.args as never)
  const [command, ...words] = shell
  const output = execFileSync(command, words, {
    input: first.kind.probe(args),
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  // The channel takes it through `$(…)`, which drops line feeds at the end.
  return first.kind.parse(output.toString().replace(/\n+$/, ''), args)
}

/** A fact of what a kind's probe printed somewhere else. */
export const parsed = <T>(output: string, ...requests: readonly FactRequest<T>[]): readonly T[] =>
  requests[0]?.kind.parse(
    output,
    requests.map(request => request.args as never),
  ) ?? []
