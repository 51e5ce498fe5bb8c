import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { is, match, not } from 'uvu/assert'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { around, command, defineRole, facts, gate, play } from '../../../engine/index.ts'
import type { Play } from '../../../engine/playbook/play.ts'
import { heard } from '../cli/heard.ts'

// A host whose work turns out to be nothing, once another one has been asked. It can't be connected to.

const cwd = mkdtempSync(join(tmpdir(), 'rota-idle-'))
process.env.XDG_STATE_HOME = join(cwd, 'state')
test.after(() => rmSync(cwd, { recursive: true }))
writeFileSync(
  join(cwd, 'hosts.ini'),
  `a ansible_connection=local rota_dir=${cwd}/a\nb ansible_connection=ssh ansible_host=192.0.2.1 ansible_ssh_executable=/no/ssh\n`,
)

/** Asks `a` what `b` needs. */
const asking = (answer: string, more: { readonly handlers?: boolean } = {}) =>
  defineRole({
    name: 'asking',
    params: { type: 'object', properties: {} },
    peers: () => ({ hosts: ['a'], facts: () => ({ said: facts.command({ run: ['echo', answer] }) }) }),
    tasks: ({ peers }) => [peers.get('a')?.said.stdout.trim() !== 'nothing' && command({ run: ['true'] })],
    ...(more.handlers ? { handlers: { later: command({ run: ['true'] }) } } : {}),
  })()

const run = (one: Play) => {
  const made = { name: 'idle', file: join(cwd, 'idle.mjs'), plays: [one] }
  return heard(cwd, () => runFromCommandLine(made, ['node', made.file, '-i', 'hosts.ini', '--check']))
}

test('nobody connects to it, and it is ok', async () => {
  const { exitCode, said } = await run(play('p', { hosts: 'b', roles: [asking('nothing')] }))
  is(exitCode, 0, said)
  match(said, 'b: ok, nothing to change')
})

const ready = gate({ name: 'ready', facts: () => ({}), check: () => ({ ok: true }) })
const hook = around({ name: 'hook', enter: async () => {}, leave: async () => {} })
for (const [name, one] of [
  ['there is work', play('p', { hosts: 'b', roles: [asking('something')] })],
  ['it may owe a handler', play('p', { hosts: 'b', roles: [asking('nothing', { handlers: true })] })],
  ['a hook of an earlier run may wait on it', play('p', { hosts: 'b', around: [hook], roles: [asking('nothing')] })],
  ['a gate looks at it', play('p', { hosts: 'b', gate: ready, roles: [asking('nothing')] })],
] as const)
  test(`it is connected to where ${name}`, async () => {
    const { exitCode, said } = await run(one)
    is(exitCode, 4, said)
    not.match(said, 'b: ok')
  })

test.run()
