import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { command, defineRole, facts, hostCheck, play, sharedCheck } from '../../../engine/index.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import type { Play } from '../../../engine/playbook/play.ts'

// Whole command lines against this machine under several names, in check mode: nothing is written but the journal,
// which goes elsewhere.
const cwd = mkdtempSync(join(tmpdir(), 'rota-checks-'))
process.env.XDG_STATE_HOME = join(cwd, 'state')
test.after(() => rmSync(cwd, { recursive: true }))
const host = (name: string, vars: string) =>
  `${name} ansible_connection=local ansible_python_interpreter=/usr/bin/python3 ${vars}\n`
const write = (...lines: readonly string[]) => writeFileSync(join(cwd, 'hosts.ini'), `[all]\n${lines.join('')}`)

const said = (exitCode: number) => facts.command({ run: `echo said; exit ${exitCode}` })
const role = defineRole({
  name: 'looks',
  params: {
    type: 'object',
    properties: {
      exitCode: { type: 'integer', default: 0 },
      leads: { type: 'boolean', default: false },
      works: { type: 'boolean', default: false },
      password: { type: 'string', default: 'swordfish', secret: true },
    },
  },
  tasks: ({ params }) => [params.works && command({ run: ['true'], title: 'a task of the role' })],
  checks: ({ params, host }) => [
    hostCheck({
      name: 'it ends with 0',
      facts: { ended: said(params.exitCode) },
      verdict: ({ ended }) => ({ ok: ended.exitCode === 0, expected: '0', saw: `${ended.exitCode}` }),
    }),
    hostCheck({
      name: 'it says so',
      facts: { ended: said(params.exitCode) },
      verdict: ({ ended }) => ({
        ok: ended.stdout === 'said',
        expected: 'said',
        saw: `${ended.stdout} ${params.password}`,
      }),
    }),
    host.name === 'c' &&
      hostCheck({
        name: 'a check that is broken',
        facts: {},
        verdict: () => {
          throw new Error('it broke')
        },
      }),
    sharedCheck({
      name: 'exactly one leads',
      facts: { leads: facts.command({ run: ['sh', '-c', params.leads ? 'exit 0' : 'exit 1'] }) },
      read: ({ leads }) => leads.exitCode === 0,
      verdict: seen => {
        const leading = [...seen].filter(([, leads]) => leads).map(([name]) => name)
        return { ok: leading.length === 1, expected: 'one', saw: leading.join(', ') || 'nobody' }
      },
    }),
  ],
})

async function run(plays: readonly Play[], ...args: string[]) {
  const before = { cwd: process.cwd(), out: process.stdout.write, error: process.stderr.write }
  const text: string[] = []
  const into = ((part: string | Uint8Array) => text.push(String(part)) > 0) as typeof process.stdout.write
  process.chdir(cwd)
  process.stdout.write = into
  process.stderr.write = into
  try {
    const made = { name: 'looks', file: join(cwd, 'looks.mjs'), plays }
    const exitCode = await runFromCommandLine(made, ['node', made.file, '-i', 'hosts.ini', '--check', ...args])
    return { exitCode, said: text.join('') }
  } finally {
    process.stdout.write = before.out
    process.stderr.write = before.error
    process.chdir(before.cwd)
  }
}
const looks = () => [play('looks', { hosts: 'all', roles: [role()] })]
const eventsOf = (text: string): readonly RunEvent[] =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

test('everything is right: 0, and a table in which the same is said once', async () => {
  write(host('a', 'looks_leads=True'), host('b', ''))
  const { exitCode, said } = await run(looks())
  assert.is(exitCode, 0, said)
  assert.match(said, / {2}check {14}host {10}result {2}saw\n/)
  assert.match(said, / {2}it ends with 0 {5}a, b {10}ok {6}0\n/)
  assert.match(said, / {2}exactly one leads {2}all together {2}ok {6}a\n/)
  assert.match(said, /a: ok, nothing to change/)
})

test('one fails: 2, the others are looked at all the same, in one program a host', async () => {
  write(host('a', 'looks_leads=True'), host('b', 'looks_exit_code=7'), host('c', ''))
  const { exitCode, said } = await run(looks())
  assert.is(exitCode, 2, said)
  assert.match(said, / {2}it ends with 0 {10}b {13}FAILED {2}7; expected 0\n/)
  assert.match(said, /a check that is broken {2}c {13}FAILED {2}it broke; expected a check that is broken/)
  assert.match(said, /b: failed: 1 of 3 checks: it ends with 0/)
  assert.not.match(said, 'swordfish')
  const events = eventsOf((await run(looks(), '--json')).said)
  const verdicts = events.flatMap(event =>
    event.kind === 'check' ? [`${event.check}, ${event.host ?? 'all'}: ${event.ok}`] : [],
  )
  assert.equal(verdicts, [
    'it ends with 0, a: true',
    'it ends with 0, b: false',
    'it ends with 0, c: true',
    'it says so, a: true',
    'it says so, b: true',
    'it says so, c: true',
    'exactly one leads, all: true',
    'a check that is broken, c: false',
  ])
  const end = events.find(event => event.kind === 'runFinished')
  assert.equal(end?.kind === 'runFinished' && end.hosts.map(({ host, programs }) => [host, programs]), [
    ['a', 1],
    ['b', 1],
    ['c', 1],
  ])
})

test('a check about all together that fails is 2 as well, though no host failed', async () => {
  write(host('a', ''), host('b', ''))
  const { exitCode, said } = await run(looks())
  assert.is(exitCode, 2, said)
  assert.match(said, /exactly one leads {2}all together {2}FAILED {2}nobody; expected one/)
})

test('a host that can not be reached: 4, and the others are looked at', async () => {
  write(host('a', 'looks_leads=True'), 'gone ansible_host=127.0.0.1 ansible_port=1\n')
  const { exitCode, said } = await run(looks())
  assert.is(exitCode, 4, said)
  assert.match(said, /it ends with 0 {5}a {13}ok/)
  assert.match(said, /gone: unreachable/)
})

test('later plays do not leave out a host of which a check failed; checks follow the changes of their play', async () => {
  write(host('a', 'looks_exit_code=7'))
  const task = command({ run: ['true'], title: 'a task' })
  const { exitCode, said } = await run([
    play('first', { hosts: 'all', roles: [role()], tasks: [task] }),
    play('second', { hosts: 'all', tasks: [task] }),
  ])
  assert.is(exitCode, 2, said)
  assert.ok(said.indexOf('a task') < said.indexOf('it ends with 0'), said)
  assert.match(said.slice(said.indexOf('second')), 'would change play: a task')
})

test('a role may have both', async () => {
  write(host('a', 'looks_works=True looks_leads=True'))
  const { exitCode, said } = await run(looks())
  assert.is(exitCode, 0, said)
  assert.match(said, 'would change looks: a task of the role')
  assert.match(said, 'exactly one leads')
})

test('checks are listed, and tags select them', async () => {
  write(host('a', ''))
  const tagged = [play('looks', { hosts: 'all', roles: [role({}, { tags: 'looking' })], tags: 'first' })]
  assert.match((await run(tagged, '--list-tasks')).said, 'looks: check exactly one leads')
  assert.match((await run(tagged, '--tags', 'looking', '--list-tasks')).said, 'check it says so')
  assert.not.match((await run(tagged, '--skip-tags', 'looking', '--list-tasks')).said, 'check it says so')
})

test.run()
