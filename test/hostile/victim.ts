import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Change, Task } from '../../engine/tasks/task.ts'
import type { ShellChannel } from '../../engine/transport/channel.ts'
import { scratch } from '../unit/program/shells.ts'

/**
 * The attacker is `nobody`, a user of the host with a folder of his own in which root works. He wants root to write, to
 * give away or to read a file outside of it.
 */
export const nobody = 65534
export const base = scratch()
chmodSync(base, 0o755)

export interface Victim {
  readonly dir: string
  /** Root's: /etc, as it were. */
  readonly etc: string
  readonly shadow: string
  /** The attacker's. */
  readonly home: string
  readonly stateDir: string
}

export function victim(): Victim {
  const dir = mkdtempSync(join(base, 'case-'))
  chmodSync(dir, 0o755)
  const [etc, home] = [join(dir, 'etc'), join(dir, 'home')] as const
  mkdirSync(etc, { mode: 0o755 })
  mkdirSync(home, { mode: 0o755 })
  chownSync(home, nobody, nobody)
  writeFileSync(join(etc, 'shadow'), 'root:x\n', { mode: 0o600 })
  writeFileSync(join(etc, 'sshd_config'), 'PermitRootLogin yes\n', { mode: 0o644 })
  return { dir, etc, home, shadow: join(etc, 'shadow'), stateDir: join(dir, 'state') }
}

/** All that root has there, with whom it belongs to: what an attack would change. */
export const stateOf = ({ etc }: Victim): readonly string[] =>
  readdirSync(etc)
    .sort()
    .map(name => {
      const { uid, mode, mtimeMs } = lstatSync(join(etc, name))
      const entry = lstatSync(join(etc, name))
      return `${name} ${uid} ${mode.toString(8)} ${mtimeMs} ${entry.isFile() ? readFileSync(join(etc, name), 'utf8') : ''}`
    })

export const asNobody = (script: string, env: Readonly<Record<string, string>> = {}): void => {
  const { status, stderr } = spawnSync(
    'setpriv',
    [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', 'sh', '-euc', script],
    { env: { ...process.env, ...env }, encoding: 'utf8' },
  )
  assert.is(status, 0, stderr)
}

export interface Done {
  readonly changes: readonly Change[]
  readonly failed?: string
}

/** Probe, plan, apply: one pass; a change that is refused ends it. */
export async function pass(channel: ShellChannel, tasks: readonly Task[], diff = false): Promise<Done> {
  const facts = await channel.probe(tasks.flatMap(task => task.kind.facts(task.args, { diff })))
  const changes = tasks.flatMap(task => task.kind.plan(task.args, facts, { changed: false, diff }) ?? [])
  const refused = changes.find(change => change.refused !== undefined)?.refused
  if (refused !== undefined) return { changes, failed: refused }
  const items = changes.map((change, id) => ({ id, script: change.apply, owes: [] }))
  const { failed } = await channel.apply({ run: 'r', items }, () => {})
  return failed === undefined ? { changes } : { changes, failed: failed.output }
}

export async function converge(channel: ShellChannel, tasks: readonly Task[]): Promise<Done> {
  const done = await pass(channel, tasks)
  assert.is(done.failed, undefined)
  const left = (await pass(channel, tasks)).changes
  assert.equal(
    left.map(({ summary }) => summary),
    [],
  )
  return done
}
