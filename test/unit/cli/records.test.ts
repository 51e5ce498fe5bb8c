import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { journalsKept, pruneJournals } from '../../../engine/journal/prune.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-records-'))
test.after(() => rmSync(dir, { recursive: true, force: true }))

// A playbook whose only host leaves a canary when it is connected to, and a template of which needs its facts.
const canary = join(dir, 'touched')
const shell = join(dir, 'shell')
writeFileSync(shell, `#!/bin/sh\n: >'${canary}'\nexit 1\n`)
chmodSync(shell, 0o755)
mkdirSync(join(dir, 'node_modules'))
symlinkSync(resolve('.'), join(dir, 'node_modules', 'rota'))
writeFileSync(
  join(dir, 'run.mjs'),
  `import { command, play, playbook } from 'rota'
await playbook('run', [play('it', { hosts: 'all', tasks: ({ host }) => [command({ run: ['echo', String(host.var('text'))] })] })])
`,
)
writeFileSync(
  join(dir, 'hosts.ini'),
  `h ansible_connection=local ansible_shell_executable=${shell} text="{{ ansible_hostname }}"\n`,
)
const args = [join(dir, 'run.mjs'), '-i', join(dir, 'hosts.ini')]

/** \`before\`: what runs it with fewer rights. */
async function run(state: string, before: readonly string[] = [], more: readonly string[] = []) {
  rmSync(canary, { force: true })
  const [file = 'node', ...words] = [...before, process.execPath, ...args, ...more]
  const { exitCode, all } = await execa(file, words, {
    all: true,
    reject: false,
    env: {
      XDG_STATE_HOME: state,
      XDG_CACHE_HOME: join(dir, 'cache'),
      FORCE_COLOR: undefined,
      NO_COLOR: '1',
      ROTA_SOURCES: '1',
    },
  })
  return { exitCode, said: all, touched: existsSync(canary) }
}

const isRoot = process.getuid?.() === 0
const asNobody = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
chmodSync(dir, 0o755)
const owned = join(dir, 'owned')
mkdirSync(owned, { mode: 0o755 })
if (!isRoot) chmodSync(owned, 0o555)
const half = join(dir, 'half')
mkdirSync(join(half, 'rota', 'runs'), { recursive: true, mode: 0o755 })
if (!isRoot) chmodSync(join(half, 'rota', 'runs'), 0o555)
writeFileSync(join(dir, 'file'), '')

const unusable: readonly (readonly [what: string, state: string, reason: RegExp, before?: readonly string[]])[] = [
  ['a file', join(dir, 'file'), /ENOTDIR|EEXIST|EACCES/],
  ["somebody else's folder", owned, /EACCES/, asNobody],
  ['a folder of ours in which all is somebody else', half, /EACCES/, asNobody],
  [
    'a file system that can only be read',
    join(dir, 'fixed'),
    /EROFS/,
    ['unshare', '-m', 'sh', '-c', `mkdir -p ${dir}/fixed && mount -t tmpfs -o ro none ${dir}/fixed && exec "$@"`, 'sh'],
  ],
]
for (const [what, state, reason, before] of unusable)
  test(`a state folder that is ${what}: said with its path and what to do, before any host is touched`, async () => {
    if (before?.[0] === 'unshare' && !isRoot) return
    for (const more of [[], ['--check']]) {
      const { exitCode, said, touched } = await run(state, before, more)
      assert.is(exitCode, 1, said)
      assert.match(said, `error no journal can be written in ${state}/rota/runs: `)
      assert.match(said, reason)
      assert.match(said, /name another one with XDG_STATE_HOME\n1 problem; no host was touched/)
      assert.not.match(said, /\n +at /)
      assert.is(touched, false)
    }
    assert.not.match((await run(state, before, ['--list-hosts'])).said, /no journal/)
  })

test('control: with a usable one the canary is touched', async () => {
  const { touched, said } = await run(join(dir, 'usable'))
  assert.is(touched, true, said)
})

const days = (count: number) => new Date(Date.now() - count * 24 * 60 * 60 * 1000)
/** A journal that was last written to so many days ago. */
function journal(at: string, name: string, age: number): void {
  writeFileSync(join(at, name), '')
  utimesSync(join(at, name), days(age), days(age))
}
const stamp = (index: number) => `2024${String(100_000_000 + index).slice(-4)}T000000Z`

test('the newest journals are kept, those of the last day, those of runs that go on, and what is no journal', async () => {
  const at = mkdtempSync(join(dir, 'runs-'))
  const child = spawn('sleep', ['60'])
  const dead = spawn('true')
  await once(dead, 'exit')
  for (let index = 0; index < 12; index += 1) journal(at, `${stamp(index)}-${dead.pid}.ndjson`, 5)
  journal(at, `20200101T000000Z-${child.pid}.ndjson`, 500)
  journal(at, '20200102T000000Z-1.ndjson', 500)
  journal(at, `20200103T000000Z-${dead.pid}.ndjson`, 0.5)
  journal(at, 'notes.ndjson', 500)
  try {
    pruneJournals(at, 4)
    assert.equal(readdirSync(at).sort(), [
      `20200101T000000Z-${child.pid}.ndjson`,
      '20200102T000000Z-1.ndjson',
      `20200103T000000Z-${dead.pid}.ndjson`,
      ...[8, 9, 10, 11].map(index => `${stamp(index)}-${dead.pid}.ndjson`),
      'notes.ndjson',
    ])
  } finally {
    child.kill()
  }
})

test('a run prunes, and several at once do not stumble over each other', async () => {
  const state = join(dir, 'many')
  const at = join(state, 'rota', 'runs')
  mkdirSync(at, { recursive: true })
  for (let index = 0; index < journalsKept + 300; index += 1) journal(at, `${stamp(index)}-4194304.ndjson`, 5)
  const runs = await Promise.all([run(state), run(state), run(state)])
  for (const { exitCode, said } of runs) {
    assert.is(exitCode, 1, said)
    assert.match(said, /a template needs its facts/)
  }
  writeFileSync(join(dir, 'hosts.ini'), `h ansible_connection=local ansible_shell_executable=${shell} text=t\n`)
  const more = await Promise.all([run(state), run(state), run(state)])
  for (const { exitCode, said } of more) assert.is(exitCode, 4, said)
  const left = readdirSync(at)
  assert.is(left.filter(name => name.startsWith('2024')).length, journalsKept - 3)
  assert.is(left.length, journalsKept)
})

test.run()
