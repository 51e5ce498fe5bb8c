import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, is, match, not } from 'uvu/assert'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { command, defineRole, facts, play } from '../../../engine/index.ts'
import type { Play } from '../../../engine/playbook/play.ts'
import { heard } from '../cli/heard.ts'

// Whole command lines against this machine under two names, in check mode unless a test says otherwise.
const cwd = mkdtempSync(join(tmpdir(), 'rota-provide-'))
process.env.XDG_STATE_HOME = join(cwd, 'state')
test.after(() => rmSync(cwd, { recursive: true }))
const host = (name: string) =>
  `${name} ansible_connection=local ansible_python_interpreter=/usr/bin/python3 rota_dir=${join(cwd, name)}\n`
writeFileSync(join(cwd, 'hosts.ini'), `[all]\n${host('a')}${host('b')}`)

/** What the role was told, each time. */
const told: unknown[] = []
const role = (provide: (say: (text: string) => void) => Promise<string>) =>
  defineRole({
    name: 'brings',
    params: { type: 'object', properties: { word: { type: 'string', text: 'line', default: 'none' } } },
    peers: ({ host }) => ({ hosts: [host.name], facts: () => ({ said: facts.command({ run: ['echo', 'here'] }) }) }),
    provide: async ({ hosts, check, say, progress }) => {
      told.push({
        check,
        hosts: hosts.map(({ host, params, peers }) => [host.name, params.word, peers.get(host.name)?.said.stdout]),
      })
      progress('a file', 1, 2)
      return provide(say)
    },
    tasks: ({ prepared }) => [command({ title: `works with ${prepared}`, run: ['true'] })],
  })()

const run = (plays: readonly Play[], ...args: string[]) => {
  const made = { name: 'brings', file: join(cwd, 'brings.mjs'), plays }
  told.length = 0
  return heard(cwd, () => runFromCommandLine(made, ['node', made.file, '-i', 'hosts.ini', ...args]))
}

test('a role provides once a play, knows the facts of its hosts, and its tasks are made of the result', async () => {
  const brings = role(async say => {
    say('it was fetched')
    return 'that'
  })
  const { exitCode, said } = await run([play('brings', { hosts: 'all', roles: [brings] })], '--check')
  is(exitCode, 0, said)
  equal(told, [
    {
      check: true,
      hosts: [
        ['a', 'none', 'here'],
        ['b', 'none', 'here'],
      ],
    },
  ])
  match(said, /it was fetched\n.* {2}a, b: would change brings: works with that/s)
  not.match(said, 'a file')
  const dir = join(cwd, 'state/rota/runs')
  not.match(
    readdirSync(dir)
      .map(name => readFileSync(join(dir, name), 'utf8'))
      .join(''),
    '"progress"',
  )
})

test('what it throws stops the playbook: no host is worked on, and nothing that comes after is begun', async () => {
  const brings = role(async () => {
    throw new Error('nobody gives it')
  })
  const later = play('later', { hosts: 'all', tasks: [command({ run: ['false'] })] })
  const { exitCode, said } = await run([play('brings', { hosts: 'all', roles: [brings] }), later], '--check')
  is(exitCode, 2)
  match(said, 'stopped: brings: nobody gives it')
  match(said, 'not run: later')
  match(said, 'a, b: skipped: not begun: brings: nobody gives it')
})

test('a listing provides nothing', async () => {
  const brings = role(async () => 'that')
  const { said } = await run([play('brings', { hosts: 'all', roles: [brings] })], '--list-tasks')
  match(said, 'works with undefined')
  equal(told, [])
})

test.run()
