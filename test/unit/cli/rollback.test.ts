import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { localHosts, type Ran } from './local-hosts.ts'

// Runs that are taken back. A host's daemon is a file `served`, which a reload makes of what is configured.
const hosts = localHosts('rollback')
const { dir, names, at, owed } = hosts
const started = hosts.ran
const playbook = `import { absent, around, command, directory, facts, file, gate, holds, lineInFile, link, play, playbook, step } from 'rota'
const dir = ${JSON.stringify(dir)}
const line = (host, what) => \`echo '\${host.name} \${what}' >>'\${dir}/log'\`
const outOfService = around({
  name: 'out of service',
  enter: async ({ host, $ }) => void (await $\`sh -c \${line(host, 'out')}\`),
  leave: async ({ host, $ }) => void (await $\`sh -c \${line(host, 'back')}\`),
})
const serves = gate({
  name: 'serves',
  timeout: 5,
  facts: ({ host }) => ({ served: facts.path({ path: \`\${dir}/\${host.name}/served\` }) }),
  check: ({ served }) => served.type === 'file' ? holds : { ok: false, expected: 'it serves', saw: 'nothing' },
})
const of = host => name => \`\${dir}/\${host.name}/\${name}\`
await playbook('site', ({ vars: { value, secret } }) => [
  play('files', {
    hosts: 'all',
    tasks: ({ host }) => [
      file({ path: of(host)('shared'), content: 'first ' + value + '\\n', notify: 'first' }),
      file({ path: of(host)('created'), content: value }),
      file({ path: of(host)('mode'), content: 'same', mode: value === 'good' ? '0644' : '0600' }),
      file({ path: of(host)('password'), content: secret + value, secret: true }),
      link({ path: of(host)('current'), target: 'v-' + value }),
      directory({ path: of(host)('folder'), mode: value === 'good' ? '0755' : '0700' }),
      absent({ path: of(host)('gone') }),
    ],
    handlers: { first: command({ title: 'first', run: \`[ ! -e '\${dir}/broken' ]\` }) },
  }),
  play('serve', {
    hosts: 'all',
    serial: 1,
    around: [outOfService],
    gate: serves,
    tasks: ({ host }) => [
      file({ path: of(host)('conf'), content: value + '\\n', notify: 'reload' }),
      lineInFile({ path: of(host)('shared'), line: 'second ' + value, regexp: '^second', notify: 'reload' }),
      step({ title: 'migrates', facts: { done: facts.path({ path: of(host)('at-' + value) }) }, needed: ({ done }) => done.type === 'absent' && 'it is older', run: async ({ $ }) => void (await $\`touch \${of(host)('at-' + value)}\`) }),
    ],
    handlers: { reload: command({ title: 'reload', run: 'cat "$XDG_STATE_HOME/conf" >"$XDG_STATE_HOME/served"' }) },
  }),
], { vars: { value: { type: 'string', default: 'good' }, secret: { type: 'string', secret: true, default: '' } } })
`
const before: readonly (readonly [string, string, number?])[] = [
  ['shared', 'before\n', 0o640],
  ['mode', 'same', 0o644],
  ['password', 'old-canary', 0o600],
  ['gone', 'not yet'],
  ['conf', 'before\n', 0o644],
  ['served', 'before\n'],
]

const anew = () =>
  hosts.anew({ 'site.mjs': playbook, 'other.mjs': playbook.replace("'site'", "'other'"), log: '' }, name => {
    mkdirSync(at(name, 'folder'))
    for (const [file, content, mode] of before) writeFileSync(at(name, file), content, { mode: mode ?? 0o644 })
    chmodSync(at(name, 'folder'), 0o755)
    symlinkSync('v-before', at(name, 'current'))
  })

/** What is on a host of all that a run changes. */
const stateOf = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['shared', 'created', 'mode', 'password', 'current', 'folder', 'gone', 'conf', 'served', 'at-bad'].map(file => {
      const path = at(name, file)
      const stat = lstatSync(path, { throwIfNoEntry: false })
      if (stat === undefined) return [file, 'absent']
      if (stat.isSymbolicLink()) return [file, `to ${readlinkSync(path)}`]
      const mode = (stat.mode & 0o777).toString(8)
      return [file, stat.isDirectory() ? mode : `${mode} ${readFileSync(path, 'utf8')}`]
    }),
  )

const site = (...args: readonly string[]) => started([at('site.mjs'), '--json', ...args])
const bad = ['-i', 'hosts.ini', '-e', 'value=bad']
const back = (run: string, ...args: readonly string[]) =>
  started([at('site.mjs'), '--json', '--rollback', run, ...args])
const did = () => readFileSync(at('log'), 'utf8').split('\n').filter(Boolean)
const changed = ({ events }: Ran, status = 'changed') =>
  events.flatMap(event =>
    event.kind === 'task' && event.status === status
      ? [`${event.host} ${event.play} ${event.task.replaceAll(/\/\S*\//g, '')}`]
      : [],
  )
const told = ({ events }: Ran) =>
  events.flatMap(event =>
    event.kind === 'note' || event.kind === 'warning' || event.kind === 'stopped' ? [event] : [],
  )
const texts = (ran: Ran) =>
  told(ran)
    .map(event => (event.kind === 'stopped' ? event.reason : `${event.host ?? '-'} ${event.text}`))
    .join('\n')
test('a run is taken back: the last play first, host by host, with what its changes had notified; and a second time nothing', async () => {
  anew()
  const old = names.map(stateOf)
  const ran = await site(...bad)
  assert.is(ran.exitCode, 0, ran.said)
  assert.is(stateOf('b').served, '644 bad\n')
  writeFileSync(at('log'), '')
  const taken = await back(ran.run)
  assert.is(taken.exitCode, 0, taken.said + texts(taken))
  assert.equal(
    names.map(stateOf),
    old.map(state => ({ ...state, 'at-bad': '644 ' })),
  )
  assert.equal(did(), ['a out', 'a back', 'b out', 'b back', 'c out', 'c back'])
  assert.equal(
    taken.events.flatMap(event => (event.kind === 'playStarted' ? [`${event.number} ${event.play}`] : [])),
    ['2 serve', '1 files'],
  )
  assert.equal(
    changed(taken).filter(line => line.startsWith('b')),
    [
      'b serve take back shared',
      'b serve take back conf',
      'b serve reload',
      ...['gone', 'folder', 'current', 'password', 'mode', 'created', 'shared'].map(
        file => `b files take back ${file}`,
      ),
      'b files first',
    ],
  )
  assert.match(texts(taken), /takes back run \S+ of .*, the last play first/)
  assert.match(texts(taken), /can't be taken back: \[serve\] play: migrates \(it is older\) on a, b, c/)
  const first = taken.events.findIndex(event => event.kind === 'taskStarted')
  const listed = taken.events.findIndex(event => event.kind === 'note' && event.text.startsWith("can't be taken back"))
  assert.ok(listed >= 0 && listed < first, 'before anything is done')
  assert.equal(owed(), [])
  writeFileSync(at('log'), '')
  const again = await back(ran.run)
  assert.is(again.exitCode, 0, again.said)
  assert.match(texts(again), /nothing is left to be taken back of run/)
  assert.equal([changed(again), did()], [[], []])
  // It is a run as any other: what it has taken back comes back.
  const forth = await started([at('site.mjs'), '--json', '--rollback', taken.run])
  assert.is(forth.exitCode, 0, forth.said + texts(forth))
  assert.is(stateOf('a').served, '644 bad\n')
  assert.is(stateOf('c').created, '644 bad')
})

test('a run in a window is taken back in a window', async () => {
  anew()
  const old = names.map(stateOf)
  const ran = await site(...bad, '--serial', '2', '--window')
  assert.is(ran.exitCode, 0, ran.said)
  const taken = await back(ran.run)
  assert.is(taken.exitCode, 0, taken.said + texts(taken))
  assert.equal(
    names.map(stateOf),
    old.map(state => ({ ...state, 'at-bad': '644 ' })),
  )
  const windows = taken.events.flatMap(event => (event.kind === 'playStarted' ? [[event.play, event.window]] : []))
  assert.equal(windows, [
    ['serve', 2],
    ['files', undefined],
  ])
  assert.equal(
    taken.events.flatMap(event => (event.kind === 'hostStarted' ? [event.host] : [])),
    names,
  )
})

test('rota rollback does the same, wherever the playbook is; check mode tells it and changes nothing, and no secret shows', async () => {
  anew()
  const ran = await site(...bad, '-e', 'secret=canary-of-the-vault')
  assert.is(ran.exitCode, 0, ran.said)
  const now = names.map(stateOf)
  const refused = await started([resolve('engine/bin.mjs'), 'rollback', ran.run, '--json', '--check'])
  assert.is(refused.exitCode, 1)
  assert.match(refused.said, /was started with the extra variable secret, whose value is a secret and is not kept/)
  const words = ['-e', 'secret=canary-of-the-vault', '--check', '--diff']
  const checked = await started([resolve('engine/bin.mjs'), 'rollback', ran.run, '--json', ...words])
  assert.is(checked.exitCode, 0, checked.said + texts(checked))
  assert.equal(names.map(stateOf), now)
  const diffs = checked.events.flatMap(event =>
    event.kind === 'task' && event.host === 'a' && event.diff ? [event.diff] : [],
  )
  assert.equal(
    diffs.map(({ path, before: old, after }) => [path.replace(/.*\//, ''), old, after]),
    [
      ['shared', 'first bad\nsecond bad\n', 'first bad\n'],
      ['conf', 'bad\n', 'before\n'],
      ['gone', '', 'not yet'],
      ['created', 'bad', ''],
      ['shared', 'first bad\nsecond bad\n', 'before\n'],
    ],
  )
  assert.not.match(JSON.stringify(checked.events), /canary/)
  assert.is(changed(checked, 'would change').filter(line => line.startsWith('a')).length, 2 + 1 + 7 + 1)
  const kept = await execa('grep', ['-r', '-l', '-e', 'canary', at('state'), ...names.map(name => at(name, 'rota'))], {
    reject: false,
  })
  assert.equal(
    kept.stdout.split('\n').filter(path => !/\/backup\/[^/]+\/1\/[^/]*%2Fpassword$/.test(path)),
    [],
  )
})

test('what somebody has changed since is shown and left, unless --force; --limit takes back some hosts', async () => {
  anew()
  const old = names.map(stateOf)
  const ran = await site(...bad)
  for (const file of ['conf', 'created']) writeFileSync(at('b', file), 'of somebody')
  chmodSync(at('b', 'mode'), 0o640)
  const some = await back(ran.run, '--limit', 'a')
  assert.is(some.exitCode, 0, some.said + texts(some))
  assert.equal(
    [stateOf('a').conf, stateOf('b').conf, stateOf('c').conf],
    [old[0]?.conf, '644 of somebody', '644 bad\n'],
  )
  const rest = await back(ran.run)
  assert.is(rest.exitCode, 0, rest.said + texts(rest))
  for (const file of ['conf', 'created', 'mode'])
    assert.match(texts(rest), new RegExp(`b \\S+/b/${file} is left as it is: it has been changed since \\(--force`))
  const { conf, created, mode, ...others } = stateOf('b')
  assert.equal([conf, created, mode], ['644 of somebody', '644 of somebody', '640 same'])
  assert.is(others.shared, old[1]?.shared)
  assert.equal(
    changed(rest).filter(line => line.startsWith('a')),
    [],
  )
  assert.is(stateOf('c').served, old[2]?.served)
  const forced = await back(ran.run, '--force')
  assert.is(forced.exitCode, 0, forced.said + texts(forced))
  assert.equal(stateOf('b'), { ...old[1], 'at-bad': '644 ' })
  const nobodys = await back(ran.run, '--limit', 'z')
  assert.is(nobodys.exitCode, 1)
})

const moments: readonly (readonly [string, (event: RunEvent) => boolean])[] = [
  ['before anything was taken back', event => event.kind === 'runStarted'],
  ['once a host is out of service', event => event.kind === 'around' && event.host === 'b' && event.phase === 'enter'],
  ['with a handler', event => event.kind === 'taskStarted' && event.host === 'b' && event.task === 'reload'],
  ['in the last play', event => event.kind === 'task' && event.host === 'c' && event.play === 'files'],
]
for (const [when, dieOn] of moments)
  test(`a rollback that is killed ${when} is run again, and all is as before`, async () => {
    anew()
    const old = names.map(stateOf)
    const ran = await site(...bad)
    const died = await started([at('site.mjs'), '--json', '--rollback', ran.run], dieOn)
    assert.is(died.exitCode, -1)
    const resumed = await site('--resume')
    assert.match(resumed.said, /the newest run of this playbook, \S+, ended well|no run of this playbook/)
    const taken = await back(ran.run)
    assert.is(taken.exitCode, 0, taken.said + texts(taken))
    assert.equal(
      names.map(stateOf),
      old.map(state => ({ ...state, 'at-bad': '644 ' })),
    )
    assert.equal(owed(), [])
    assert.not.match(texts(taken), /is left as it is/)
    for (const name of names)
      assert.is(
        did()
          .filter(line => line === `${name} back`)
          .at(-1),
        `${name} back`,
      )
  })

test('a rollback whose last handler failed owes that alone: the next one runs it, and then nothing is left', async () => {
  anew()
  const ran = await site(...bad)
  writeFileSync(at('broken'), '')
  const failed = await back(ran.run, '--limit', 'c')
  assert.is(failed.exitCode, 2)
  assert.is(owed().length, 1)
  rmSync(at('broken'))
  const taken = await back(ran.run, '--limit', 'c')
  assert.is(taken.exitCode, 0, taken.said + texts(taken))
  assert.equal([changed(taken), owed()], [['c files first'], []])
  assert.not.match(texts(taken), /nothing is left/)
  assert.match(texts(await back(ran.run, '--limit', 'c')), /nothing is left to be taken back/)
})

test('a run that was killed is taken back as far as it had come, by what the hosts know', async () => {
  anew()
  const old = names.map(stateOf)
  const died = await started(
    [at('site.mjs'), '--json', ...bad],
    event => event.kind === 'around' && event.host === 'b' && event.phase === 'enter',
  )
  const [name = ''] = readdirSync(at('state', 'rota', 'runs'))
  const journal = at('state', 'rota', 'runs', name)
  // Its last lines are lost with the power: the hosts know all the same.
  const lines = readFileSync(journal, 'utf8').split('\n')
  writeFileSync(
    journal,
    lines
      .slice(
        0,
        lines.findIndex(line => line.includes('"kind":"around"')),
      )
      .join('\n'),
  )
  const taken = await back(died.run)
  assert.is(taken.exitCode, 0, taken.said + texts(taken))
  assert.match(texts(taken), /the journal of run \S+ has no end: it was broken off/)
  const { 'at-bad': _, ...a } = stateOf('a')
  const { 'at-bad': __, ...was } = old[0] ?? {}
  assert.equal(a, was)
  assert.equal(stateOf('c'), old[2])
  assert.equal(owed(), [])
  assert.match((await site('--resume')).said, /the newest run of this playbook, \S+, was taken back/)
})

test('refused, with what to do: no such run, check mode, another playbook, a changed order of plays, other flags', async () => {
  anew()
  const checked = await site(...bad, '--check')
  const ran = await site(...bad)
  const table: readonly (readonly [readonly string[], RegExp, string?])[] = [
    [['--rollback', 'nothing'], /there is no journal nothing, here or in/],
    [['--rollback', checked.run], /run \S+ was in check mode\n +it has changed nothing/],
    [
      ['--rollback', ran.run],
      /is one of another playbook, site\n +take it back: cd \S+ && npx rota rollback/,
      'other.mjs',
    ],
    [['--rollback', ran.run, '-i', 'other.ini'], /had another inventory, hosts\.ini\n +leave out -i/],
    [
      ['--rollback', ran.run, '-e', 'value=good'],
      /-e value: run \S+ was started with --extra-vars value=bad, and is taken back as it was started/,
    ],
    [['--rollback', ran.run, '--resume'], /gone on with \(--resume\) or taken back \(--rollback\), not both/],
    [['--force'], /--force says of --rollback/],
  ]
  for (const [args, said, file = 'site.mjs'] of table) {
    const refused = await started([at(file), '--json', ...args])
    assert.is(refused.exitCode, 1, args.join(' '))
    assert.match(refused.said, said)
  }
  for (const [args, said] of [
    [['nothing'], /there is no journal nothing/],
    [[], /missing required argument 'run'/],
    [['--check'], /the run comes first|missing required/],
  ] as const) {
    const refused = await started([resolve('engine/bin.mjs'), 'rollback', ...args])
    assert.is(refused.exitCode, 1)
    assert.match(refused.said, said)
  }
  writeFileSync(at('site.mjs'), playbook.replace("play('serve'", "play('served otherwise'"))
  const renamed = await back(ran.run)
  assert.is(renamed.exitCode, 1)
  assert.match(renamed.said, /had "serve" as play 2, and the playbook has not/)
})

test('where a role says that a file must not go back, nothing is done on any host', async () => {
  anew()
  const guarded = playbook
    .replace('import {', 'import { defineRole,')
    .replace(
      'await playbook(',
      `const guard = defineRole({
  name: 'guard',
  params: { type: 'object', properties: {} },
  mayNotGoBack: ({ path, before, now }) => path.endsWith('/b/conf') && now === 'bad\\n' ? 'it was ' + before.trim() : undefined,
  tasks: () => [],
})
await playbook(`,
    )
    .replace('    serial: 1,', '    serial: 1,\n    roles: [guard()],')
  writeFileSync(at('site.mjs'), guarded)
  const ran = await site(...bad)
  const now = names.map(stateOf)
  writeFileSync(at('log'), '')
  for (const more of [[], ['--check'], ['--force']]) {
    const taken = await back(ran.run, ...more)
    assert.is(taken.exitCode, 2, taken.said)
    assert.match(texts(taken), /nothing is taken back of run \S+: b: \S+\/b\/conf: it was before/)
    assert.equal([names.map(stateOf), did()], [now, []])
  }
  assert.is((await back(ran.run, '--limit', 'a,c')).exitCode, 0)
  assert.is(stateOf('a').served, '644 before\n')
})

test('what a host keeps is not believed where others could write, and what it does not keep any more is said', async () => {
  anew()
  const ran = await site(...bad)
  const now = names.map(stateOf)
  chmodSync(at('a', 'rota', 'backup', ran.run, '2'), 0o777)
  rmSync(at('b', 'rota', 'backup', ran.run), { recursive: true })
  const list = at('c', 'rota', 'backup', ran.run, '1', 'list')
  writeFileSync(list, `${readFileSync(list, 'utf8')}kept - ${at('c')}/../a/planted\n.\n`)
  const taken = await back(ran.run)
  assert.is(taken.exitCode, 2, taken.said)
  const ends = taken.events
    .flatMap(event => (event.kind === 'hostFinished' ? [`${event.host} ${event.message}`] : []))
    .join('\n')
  assert.match(ends, /a what is kept there of run \S+ is not believed: somebody else may have changed \S+\/2\b/)
  assert.match(ends, /c .*is none that Rota writes|c .*was cut short/)
  assert.match(texts(taken), /b what it kept of run \S+ in "files" is not there any more/)
  assert.equal(names.map(stateOf), now)
})

test.run()
