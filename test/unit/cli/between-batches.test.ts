import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, ok } from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'

// Whole runs on three hosts of this machine, as an unprivileged user: each host has a lock and a state of its own.
const nobody = 65534
const isRoot = process.getuid?.() === 0
const dir = mkdtempSync(join(tmpdir(), 'rota-between-'))
const cache = mkdtempSync(join(tmpdir(), 'rota-between-cache-'))
test.after(() => {
  for (const each of [dir, cache]) rmSync(each, { recursive: true, force: true })
})
const at = (...parts: readonly string[]) => join(dir, ...parts)
const names = ['a', 'b', 'c']
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

/** All as it was before any run. */
function anew(): void {
  for (const name of readdirSync(dir)) rmSync(at(name), { recursive: true })
  mkdirSync(at('node_modules'))
  symlinkSync(resolve('.'), at('node_modules', 'rota'))
  writeFileSync(at('site.mjs'), playbook)
  const host = (name: string) =>
    `${name} ansible_connection=local ansible_shell_executable="env XDG_STATE_HOME=${at(name)} sh"\n`
  writeFileSync(at('hosts.ini'), `[all]\n${names.map(host).join('')}`)
  writeFileSync(at('asked'), '')
  for (const name of names) mkdirSync(at(name))
  chmodSync(dir, 0o755)
  if (isRoot)
    for (const path of [dir, cache, at('asked'), ...names.map(name => at(name))]) chownSync(path, nobody, nobody)
}

async function site(...words: readonly string[]) {
  const as = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
  const [command = '', ...rest] = [...as, process.execPath, at('site.mjs'), ...words]
  return execa(command, rest, {
    cwd: dir,
    reject: false,
    stdin: 'ignore',
    env: { HOME: dir, XDG_STATE_HOME: at('state'), XDG_CACHE_HOME: cache, FORCE_COLOR: undefined, NO_COLOR: '1' },
  })
}

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
  match(stdout, /^ {2}c: skipped: not started: one at a time: after batch 2 of 3: the shop does not hold$/m)
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
