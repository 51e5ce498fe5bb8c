import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import { equal, is, match, ok } from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { localHosts } from './local-hosts.ts'

// Whole runs.
const hosts = localHosts('between')
const { dir, at, names } = hosts
// The shop is closed where a file says so; asked on each host of the batch, which prints what acts on a terminal.
const playbook = `import { file, gate, play, playbook } from 'rota'
const dir = ${JSON.stringify(dir)}
await playbook('site', ({ vars: { value } }) => [
  play('one at a time', {
    hosts: 'all',
    serial: 1,
    tasks: ({ host }) => [file({ path: \`\${dir}/\${host.name}/conf\`, content: value })],
    afterBatch: [
      gate.command({
        name: 'the shop',
        run: \`echo "$(basename "$XDG_STATE_HOME")" >>'\${dir}/asked'; [ ! -e "$XDG_STATE_HOME/closed" ] || { printf '\\\\033[2Jclosed\\\\n' >&2; exit 3; }\`,
        timeout: 3,
        interval: 0.05,
      }),
    ],
  }),
], { vars: { value: { type: 'string', default: 'good' } } })
`

const anew = () => hosts.anew({ 'site.mjs': playbook, asked: '' })
const site = (...words: readonly string[]) => hosts.said(at('site.mjs'), ...words)
const asked = () => readFileSync(at('asked'), 'utf8').split('\n').filter(Boolean)
const changedOn = () => names.filter(name => existsSync(at(name, 'conf')))

test('a gate that does not hold stops a run: the report says what, where and whose it is, and nothing of the host acts', async () => {
  anew()
  writeFileSync(at('b', 'closed'), '')
  const { exitCode, stdout } = await site('-i', 'hosts.ini')
  is(exitCode, 2, stdout)
  equal(changedOn(), ['a', 'b'])
  match(stdout, /^ {2}gate the shop is waited for, 3 s at most$/m)
  match(
    stdout,
    /^ {2}gate the shop failed: expected `echo .*` ends with 0 on each host, saw on b it ended with 3: .*closed$/m,
  )
  match(stdout, /^stopped: one at a time: after batch 2 of 3: gate "the shop" \(site\.mjs:9:12\): expected /m)
  match(stdout, /^ {2}c: skipped: not begun: one at a time: after batch 2 of 3: the shop does not hold$/m)
  is(stdout.includes('\x1b'), false)
  const journal = readFileSync(at('state', 'rota', 'runs', readdirSync(at('state', 'rota', 'runs'))[0] ?? ''), 'utf8')
  is(journal.includes('\x1b'), false)
  ok(journal.includes('"kind":"gate","gate":"the shop","from":"site.mjs:9:12","status":"waiting"'), journal)

  // The same command again does not go on, and changes nothing, until the gate holds where it did not.
  const again = await site('-i', 'hosts.ini')
  is(again.exitCode, 2)
  match(again.stdout, /stopped: one at a time: before batch 3 of 3: gate "the shop" .*saw on b it ended with 3/)
  equal(changedOn(), ['a', 'b'])
  rmSync(at('b', 'closed'))
  is((await site('-i', 'hosts.ini')).exitCode, 0)
  equal(changedOn(), names)
})

test('a run that is taken back asks no gate: what it takes back may be why one does not hold', async () => {
  anew()
  is((await site('-i', 'hosts.ini')).exitCode, 0)
  equal(asked(), ['a', 'a', 'b', 'c'])
  const run = (readdirSync(at('state', 'rota', 'runs'))[0] ?? '').replace('.ndjson', '')
  for (const name of names) writeFileSync(at(name, 'closed'), '')
  const { exitCode, stdout } = await site('--rollback', run)
  is(exitCode, 0, stdout)
  equal([changedOn(), asked().length], [[], 4])
})

test('--pause lets time pass between batches', async () => {
  anew()
  const { stdout, exitCode } = await site('-i', 'hosts.ini', '--pause', '1s', '--json')
  is(exitCode, 0, stdout)
  const events = stdout.split('\n').map(line => JSON.parse(line) as RunEvent & { readonly at: string })
  const pauses = events.flatMap(event => (event.kind === 'pause' ? [event] : []))
  equal(
    pauses.map(({ before, status, seconds }) => [before, status, seconds].join(' ')),
    ['batch 2 of 3 started 1', 'batch 2 of 3 ended 1', 'batch 3 of 3 started 1', 'batch 3 of 3 ended 1'],
  )
  // Once after each batch, once before each.
  equal(asked(), ['a', 'a', 'b', 'b', 'c', 'c'])
})

test.run()
