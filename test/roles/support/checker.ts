import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

/**
 * Whether a program is installed on this machine; says so where it is not, so that a skipped check is not taken for a
 * passed one.
 */
export function has(program: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
  if (!found) console.log(`  (not checked by ${program}: it is not installed here)`)
  return found
}

/** Lets a daemon's own checker judge a configuration: `haproxy -c -f FILE`. */
export function accepts(text: string, command: (path: string) => readonly [string, ...string[]]): void {
  const refused = refusal(text, command)
  if (refused !== undefined) assert.unreachable(`refused: ${refused}\n${text}`)
}

/** What the checker says of a configuration that it refuses. */
export function refusal(text: string, command: (path: string) => readonly [string, ...string[]]): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'rota-check-'))
  try {
    const path = join(dir, 'config')
    writeFileSync(path, text)
    const [program, ...words] = command(path)
    execFileSync(program, words, { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return error instanceof Error && 'stderr' in error && 'stdout' in error
      ? `${error.stdout}${error.stderr}`
      : String(error)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** An interface of this machine that is not its loopback; keepalived looks whether it exists. */
export const someInterface = (): string | undefined =>
  Object.entries(networkInterfaces()).find(([, list]) => list?.some(entry => !entry.internal))?.[0]
