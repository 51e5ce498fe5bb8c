import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FactRequest, Facts } from '../../../engine/facts/fact.ts'
import { factKey, factsFrom, withFacts } from '../../../engine/facts/fact.ts'
import { quote, type Shell, withBlobs } from '../../../engine/shell/shell.ts'
import type { Change, Task } from '../../../engine/tasks/task.ts'

/** The functions of the remote runtime, without what runs there. */
const runtime = (
  readFileSync(fileURLToPath(new URL('../../../engine/program/runtime.sh', import.meta.url)), 'utf8').match(
    /^\w+\(\) \{\n[\s\S]*?^\}/gm,
  ) ?? []
).join('\n')

export type ShellWords = readonly [string, ...string[]]

/** A directory of this test, removed when the process ends. */
export function sandbox(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rota-test-'))
  sandboxes.push(dir)
  return dir
}

const sandboxes: string[] = []
process.on('exit', () => {
  for (const dir of sandboxes) rmSync(dir, { recursive: true, force: true })
})

/**
 * The shell with a test's own folders in the place of the system's, which nobody else sees: `{ '/etc': dir }`.
 * Undefined where this user may not do that.
 */
export function withFolders(shell: ShellWords, folders: Readonly<Record<string, string>>): ShellWords | undefined {
  const mounts = Object.entries(folders).map(([place, dir]) => `mount --bind ${quote(dir)} ${quote(place)}`)
  const words = ['-m', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh'] as const
  return spawnSync('unshare', [...words, 'true']).status === 0 ? ['unshare', ...words, ...shell] : undefined
}

export function probe(shell: ShellWords, requests: readonly FactRequest[]): Facts {
  const byKind = new Map<string, FactRequest[]>()
  for (const request of requests) byKind.set(request.kind.name, [...(byKind.get(request.kind.name) ?? []), request])
  const table = new Map<string, unknown>()
  for (const group of byKind.values()) {
    const args = group.map(request => request.args as never)
    const [command, ...words] = shell
    const kind = group[0]?.kind
    const output = execFileSync(command, words, { input: kind?.probe(args), maxBuffer: 1e8 })
    const values = kind?.parse(output.toString().replace(/\n+$/, ''), args) ?? []
    group.forEach((request, index) => {
      table.set(factKey(request), values[index])
    })
  }
  return factsFrom(table)
}

export interface Applied {
  readonly exitCode: number
  readonly output: string
}

/** Runs the script of a change as the channel does: in a subshell with `set -eu`, with its blobs in files. */
export function apply(shell: ShellWords, script: Shell, dir: string): Applied {
  const files = script.blobs.map((item, index) => {
    // In folders of its own a shell does not see what is made here.
    const near = item.near === undefined || shell[0] === 'unshare' ? dir : dirname(item.near)
    const file = join(near, `.blob-${index}`)
    mkdirSync(near, { recursive: true })
    writeFileSync(file, item.content instanceof Uint8Array ? item.content : readFileSync(item.content.path), {
      mode: 0o600,
    })
    return file
  })
  const text = withBlobs(script, index => quote(files[index] ?? ''))
  const [command, ...words] = shell
  const input = `${runtime}
export LC_ALL=C
ROTA_STATE=${quote(dir)}/state ROTA_UID=$(id -u) ROTA_GID=$(id -g) ROTA_TMP=${quote(dir)} ROTA_READONLY=1 rota_run=run rota_play=0 rota_token=${randomBytes(8).toString('hex')}
( umask 022; set -eu; eval ${quote(text)} ) </dev/null`
  const { status, stdout, stderr } = spawnSync(command, words, { input })
  for (const file of files) rmSync(file, { force: true })
  return { exitCode: status ?? 1, output: `${stdout}${stderr}` }
}

export interface Pass {
  readonly changes: readonly (Change & { readonly task: string })[]
  readonly failed?: Applied
}

/** Probe, plan, apply: one pass over the tasks of a stage. */
export function pass(shell: ShellWords, tasks: readonly Task[], dir: string): Pass {
  let facts = probe(
    shell,
    tasks.flatMap(task => task.kind.facts(task.args, { diff: true })),
  )
  const changes: (Change & { readonly task: string })[] = []
  for (const task of tasks) {
    const change = task.kind.plan(task.args, facts, { changed: changes.length > 0, diff: true })
    if (change === undefined) continue
    changes.push({ ...change, task: task.title })
    facts = withFacts(facts, change.leaves ?? [])
  }
  for (const change of changes) {
    if (change.refused !== undefined) return { changes, failed: { exitCode: 1, output: change.refused } }
    const applied = apply(shell, change.apply, dir)
    if (applied.exitCode !== 0) return { changes, failed: applied }
  }
  return { changes }
}

/**
 * Applies the tasks, and again: throws when the first pass fails or the second finds something left. Gives the first
 * pass.
 */
export function converge(shell: ShellWords, tasks: readonly Task[], dir: string): Pass {
  const first = pass(shell, tasks, dir)
  if (first.failed) throw new Error(`failed: ${first.failed.output}`)
  const second = pass(shell, tasks, dir)
  const left = second.changes.filter(change => change.effect !== 'wait' && change.effect !== 'action')
  if (left.length > 0)
    throw new Error(`does not converge: ${left.map(({ task, summary }) => `${task}: ${summary}`).join('; ')}`)
  return first
}
