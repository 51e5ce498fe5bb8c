import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import {
  command,
  computed,
  defineRole,
  facts,
  assert as fails,
  hostCheck,
  play,
  sharedCheck,
} from '../../../engine/index.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import type { Play } from '../../../engine/playbook/play.ts'
import { heard } from '../cli/heard.ts'

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

const run = (plays: readonly Play[], ...args: string[]) => {
  const made = { name: 'looks', file: join(cwd, 'looks.mjs'), plays }
  return heard(cwd, () => runFromCommandLine(made, ['node', made.file, '-i', 'hosts.ini', '--check', ...args]))
}
const looks = () => [play('looks', { hosts: 'all', roles: [role()] })]
const eventsOf = (text: string): readonly RunEvent[] =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

test('a check may look beside the host: its verdict has both, and one that breaks is its own', async () => {
  write(host('a', ''), host('b', ''))
  const beside = defineRole({
    name: 'reaches',
    params: { type: 'object', properties: {} },
    tasks: () => [],
    checks: ({ host }) => [
      hostCheck({
        name: 'it is reached',
        facts: { ended: said(0) },
        beside: async ({ ended }) => {
          if (host.name === 'b') throw new Error('nobody listens')
          return `${ended.stdout} from here`
        },
        verdict: ({ ended }, seen) => ({ ok: ended.exitCode === 0, expected: 'an answer', saw: seen }),
      }),
    ],
  })
  const { exitCode, said: text } = await run([play('reaches', { hosts: 'all', roles: [beside()] })])
  assert.is(exitCode, 2, text)
  assert.match(text, /it is reached {2}a {5}ok {6}said from here/)
  assert.match(text, / b {5}FAILED {2}nobody listens/)
})

test('everything is right: 0, and a table in which the same is said once', async () => {
  write(host('a', 'looks_leads=True'), host('b', ''))
  const { exitCode, said } = await run(looks())
  assert.is(exitCode, 0, said)
  assert.match(said, / {2}check {14}host {10}result {2}saw\n/)
  assert.match(said, / {2}it ends with 0 {5}a, b {10}ok {6}0\n/)
  assert.match(said, / {2}exactly one leads {2}all together {2}ok {6}a\n/)
  assert.match(said, /a, b: ok, nothing to change/)
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

test('where any error is fatal, a check about all together stops the playbook as well', async () => {
  write(host('a', ''), host('b', ''))
  const task = command({ run: ['true'], title: 'a task' })
  const plays = [
    play('first', { hosts: 'all', roles: [role()], anyErrorsFatal: true }),
    play('second', { hosts: 'all', tasks: [task] }),
  ]
  const { exitCode, said } = await run(plays)
  assert.is(exitCode, 2, said)
  assert.match(said, 'stopped: first: exactly one leads; not run: second')
  assert.not.match(said, 'a task')
})

const warns = defineRole({
  name: 'warns',
  params: { type: 'object', properties: {} },
  tasks: () => [],
  checks: ({ host }) => [
    hostCheck({
      name: 'room',
      facts: { ended: said(0) },
      verdict: () => ({
        ok: host.name !== 'b',
        expected: 'some',
        saw: 'some',
        warnings: ['it is little: buy more', ...(host.name === 'a' ? ['it is old'] : [])],
      }),
    }),
    sharedCheck({
      name: 'all',
      facts: {},
      read: () => 1,
      verdict: () => ({ ok: true, expected: 'many', saw: 'some', warnings: ['they are few'] }),
    }),
  ],
})

test('warnings stand in the table and at the end, each once with its hosts, and fail nobody', async () => {
  write(...['a', 'b', 'c', 'd', 'e', 'f'].map(name => host(name, '')))
  const { exitCode, said: text } = await run([play('warns', { hosts: 'all', roles: [warns()] })])
  assert.is(exitCode, 2)
  assert.match(text, /room {3}a, c, d and 2 more {2}ok {7}some\n/)
  assert.match(text, / {2}room {3}b {19}FAILED {3}some; expected some\n/)
  assert.match(text, / {2}room {3}a, b, c and 3 more {2}warning {2}it is little: buy more\n/)
  const end = text.slice(text.indexOf('round trips'))
  assert.match(
    end,
    /\n3 warnings\n {2}room: on a, b, c and 3 more: it is little: buy more\n {2}room: on a: it is old\n {2}all: they are few\n/,
  )
  write(host('a', ''))
  const alone = await run([play('warns', { hosts: 'all', roles: [warns()] })], '--json')
  assert.is(alone.exitCode, 0)
  const finished = eventsOf(alone.said).find(event => event.kind === 'runFinished')
  assert.equal(finished?.kind === 'runFinished' && finished.warnings, [
    { check: 'room', warning: 'it is little: buy more', hosts: ['a'] },
    { check: 'room', warning: 'it is old', hosts: ['a'] },
    { check: 'all', warning: 'they are few', hosts: [] },
  ])
})

test('a task that fails stops the play, and what its checks find is told all the same, of that host too', async () => {
  write(host('a', 'looks_exit_code=7'), host('b', 'looks_leads=True'), 'gone ansible_host=127.0.0.1 ansible_port=1\n')
  const refuses = fails({ that: 'it is so', holds: computed({}, () => 'it is not') })
  const { exitCode, said } = await run([
    play('first', { hosts: 'all', roles: [role()], tasks: [refuses], anyErrorsFatal: true }),
    play('second', { hosts: 'all', tasks: [command({ run: ['true'], title: 'a task' })] }),
  ])
  assert.is(exitCode, 2, said)
  assert.match(said, /it ends with 0 {5}a {13}FAILED {2}7/)
  assert.match(said, /it ends with 0 {5}b {13}ok/)
  assert.is(said.split('gone: unreachable').length, 2)
  assert.not.match(said, 'a task')
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

test('where any error is fatal, a check that fails stops the playbook, once all hosts have been looked at', async () => {
  write(host('a', 'looks_exit_code=7'), host('b', 'looks_exit_code=8'))
  const { exitCode, said } = await run([
    play('first', { hosts: 'all', roles: [role()], anyErrorsFatal: true }),
    play('second', { hosts: 'all', tasks: [command({ run: ['true'], title: 'a task' })] }),
  ])
  assert.is(exitCode, 2, said)
  assert.match(said, /it ends with 0 +b +FAILED +8/)
  assert.match(said, 'stopped: first: failed on a, b')
  assert.not.match(said, 'a task')
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
