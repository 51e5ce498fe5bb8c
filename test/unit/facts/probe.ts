import { execFileSync } from 'node:child_process'
import type { FactRequest } from '../../../engine/facts/fact.ts'

/** The shells that a target may have. */
export const shells: readonly (readonly [string, ...string[]])[] = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]

/** Runs the probe of requests of one kind in a local shell and parses the answer, as a channel does. */
export function probeWith<T>(
  shell: readonly [string, ...string[]],
  ...requests: readonly FactRequest<T>[]
): readonly T[] {
  const [first] = requests
  if (first === undefined) return []
  const args = requests.map(request => request.args as never)
  const [command, ...words] = shell
  const output = execFileSync(command, words, {
    input: first.kind.probe(args),
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  // The channel takes it through `$(…)`, which drops line feeds at the end.
  return first.kind.parse(output.toString().replace(/\n+$/, ''), args)
}
