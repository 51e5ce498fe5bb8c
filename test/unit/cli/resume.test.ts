import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { type DieOn, localHosts, type Ran } from './local-hosts.ts'

// Runs whose control process is killed (SIGKILL) at chosen moments and gone on with. All that is done on a host is a
// line in `log`.
const hosts = localHosts('resume')
const { dir, names, at, inventory, owed } = hosts
const log = at('log')
const lib = `export const dir = ${JSON.stringify(dir)}\nexport const said = 'one'\n`
const playbook = `import { around, command, facts, file, play, playbook, step } from 'rota'
import { dir, said } from './lib.mjs'
const line = (host, what) => \`echo '\${host.name} \${what}' >>'\${dir}/log'\`
const held = (host, task) => \`while [ -e '\${dir}/hold-\${host.name}-\${task}' ]; do sleep 0.1; done\`
const outOfService = around({
  name: 'out of service',
  enter: async ({ host, $ }) => void (await $\`sh -c \${\`touch '\${dir}/\${host.name}/out'; \${line(host, 'out')}\`}\`),
  leave: async ({ host, $ }) => void (await $\`sh -c \${\`rm '\${dir}/\${host.name}/out' && \${line(host, 'back')}\`}\`),
})
const own = ({ host }) => ({ file: name => \`\${dir}/\${host.name}/\${name}\` })
await playbook('upgrade', [
  play('first', { hosts: 'all', tags: 'early', tasks: context => [file({ path: own(context).file('first'), content: said })] }),
  play('second', {
    hosts: 'all',
    serial: 1,
    around: [outOfService],
    tasks: context => [
      file({ path: own(context).file('conf'), content: said, notify: 'reload' }),
      command({ title: 'acts', run: \`\${line(context.host, 'acts')}; \${held(context.host, 'acts')}\` }),
      step({
        title: 'works',
        facts: { done: facts.path({ path: own(context).file('worked') }) },
        needed: ({ done }) => done.type === 'absent' && 'it has not worked',
        run: async ({ $, host }) => void (await $\`sh -c \${\`\${held(host, 'works')}; touch '\${dir}/\${host.name}/worked'; \${line(host, 'works')}\`}\`),
      }),
      file({ path: own(context).file('after'), content: said }),
    ],
    handlers: { reload: command({ title: 'reload', run: 'true' }) },
  }),
  play('third', { hosts: 'all', tasks: context => [file({ path: own(context).file('third'), content: said })] }),
], { vars: { password: { type: 'string', secret: true, default: '' }, api_token: { type: 'string', default: '' }, colour: { type: 'string', default: 'red' } } })
`

const anew = () =>
  hosts.anew({
    'upgrade.mjs': playbook,
    'other.mjs': playbook.replace("'upgrade'", "'other'"),
    'lib.mjs': lib,
    'more.yml': 'colour: blue\n',
    log: '',
  })
const run = (args: readonly string[], dieOn?: DieOn, file = 'upgrade.mjs') =>
  hosts.ran([at(file), '--json', ...args], dieOn)
const did = () => readFileSync(log, 'utf8').split('\n').filter(Boolean)
const isOut = () => names.filter(name => existsSync(at(name, 'out')))
const changed = ({ events }: Ran) =>
  events.flatMap(event =>
    event.kind === 'task' && event.status === 'changed'
      ? [`${event.host} ${event.play} ${event.task.replace(`${dir}/`, '')}`]
      : [],
  )
const notes = ({ events }: Ran) => events.flatMap(event => (event.kind === 'note' ? [event.text] : []))
const order = ({ events }: Ran, play: string) =>
  events.flatMap(event => (event.kind === 'playStarted' && event.play === play ? event.hosts : []))
const trips = ({ events }: Ran) => {
  const end = events.find(event => event.kind === 'runFinished')
  return Object.fromEntries(end?.kind === 'runFinished' ? end.hosts.map(one => [one.host, one.roundTrips]) : [])
}
const start = ['-i', 'hosts.ini']
const entered = (host: string) => (event: RunEvent) =>
  event.kind === 'around' && event.host === host && event.phase === 'enter' && event.status === 'done'
const begins = (host: string, task: string): DieOn =>
  Object.assign(
    (event: RunEvent) => event.kind === 'taskStarted' && event.host === host && event.task === task,
    task.includes('/') ? {} : { holds: `hold-${host}-${task}` },
  )

/** Nothing is left half-way, and a run finds nothing to do but what is done in every run. */
async function isWhole(): Promise<void> {
  assert.equal([owed(), isOut()], [[], []])
  for (const name of names) assert.ok(existsSync(at(name, 'third')), name)
}

test('killed while a host is out of service: it comes first, one that is done is looked at only, the others follow', async () => {
  anew()
  const died = await run(start, begins('b', 'works'))
  assert.is(died.exitCode, -1)
  assert.equal([isOut(), owed()], [['b'], ['b around%2Fout-of-service', 'b play%2Freload']])
  const before = did().length
  const next = await run(['--resume'])
  assert.is(next.exitCode, 0, next.said)
  assert.match(notes(next).join('\n'), /goes on with run \S+ of .*, left in "second" \(2 of 3\)/)
  assert.equal(order(next, 'second'), ['b', 'a', 'c'])
  const after = did().slice(before)
  assert.equal(
    after.filter(line => line.startsWith('a')),
    [],
    'the host that was done is left alone',
  )
  assert.equal(
    changed(next).filter(line => line.startsWith('a')),
    ['a third file a/third'],
  )
  assert.equal(
    after.filter(line => line.startsWith('b')),
    ['b out', 'b acts', 'b works', 'b back'].filter(line => after.includes(line)),
  )
  assert.equal(
    changed(next).filter(line => line.startsWith('b second') && line.endsWith('reload')),
    ['b second reload'],
    'paid once',
  )
  assert.equal(
    after.filter(line => line.startsWith('c')),
    ['c out', 'c acts', 'c works', 'c back'],
  )
  assert.ok(after.lastIndexOf('b back') < after.indexOf('c out'))
  // A look in each play; what the third changes there, and the look behind it.
  assert.is(trips(next).a, 1 + 1 + 2)
  await isWhole()
})

const points: readonly (readonly [when: string, dieOn: DieOn])[] = [
  ['before anything was done', event => event.kind === 'runStarted'],
  ['with the first change', begins('c', `file ${at('c', 'first')}`)],
  ['between two plays', event => event.kind === 'hostFinished' && event.play === 'first' && event.host === 'c'],
  ['once the first is out of service', entered('a')],
  ['with what is done in every run', begins('a', 'acts')],
  ['with a handler', begins('b', 'reload')],
  ['before the last is put back', event => event.kind === 'around' && event.host === 'c' && event.phase === 'leave'],
  ['in the last play', event => event.kind === 'planned' && event.host === 'b' && event.play === 'third'],
]
for (const [when, dieOn] of points)
  test(`killed ${when}: all is done in the end, and what was done is left alone`, async () => {
    anew()
    const died = await run(start, dieOn)
    assert.is(died.exitCode, -1)
    const done = new Set(
      died.events.flatMap(event =>
        event.kind === 'hostFinished' && event.outcome !== 'failed' ? [`${event.host} ${event.play}`] : [],
      ),
    )
    const next = await run(['--resume'])
    assert.is(next.exitCode, 0, next.said)
    const again = changed(next).filter(line => done.has(line.split(' ').slice(0, 2).join(' ')))
    assert.equal(again, [])
    await isWhole()
    assert.equal(
      did()
        .filter(line => line.endsWith('works'))
        .sort(),
      ['a works', 'b works', 'c works'],
    )
    const last = await run(['--resume'])
    assert.is(last.exitCode, 1)
    assert.match(
      last.said,
      /error the newest run of this playbook, \S+, ended well\n +nothing of it is left; run the playbook/,
    )
  })

test('killed in a window: it goes on in one, and who was in flight comes first', async () => {
  anew()
  const died = await run([...start, '--serial', '2', '--window'], begins('b', 'works'))
  assert.is(died.exitCode, -1)
  const inFlight = isOut()
  assert.ok(inFlight.includes('b'))
  const next = await run(['--resume'])
  assert.is(next.exitCode, 0, next.said)
  const windows = next.events.flatMap(event => (event.kind === 'playStarted' ? [[event.play, event.window]] : []))
  assert.equal(windows, [
    ['first', undefined],
    ['second', 2],
    ['third', undefined],
  ])
  assert.equal(order(next, 'second').slice(0, inFlight.length), inFlight)
  const starts = next.events.flatMap(event => (event.kind === 'hostStarted' ? [event.host] : []))
  assert.equal(starts, order(next, 'second'))
  await isWhole()
})

test('interrupted in a window: nobody starts any more, who is in flight is put back, and it is gone on with', async () => {
  anew()
  const onWork = (event: RunEvent) =>
    event.kind === 'taskStarted' && event.host === 'a' && event.task.endsWith('/conf') && event.play === 'second'
  const dieOn: DieOn = Object.assign(onWork, { signal: 'SIGINT' as const })
  const ended = await run([...start, '--serial', '2', '--window'], dieOn)
  assert.is(ended.exitCode, 130, ended.said)
  const at = ended.events.findIndex(event => event.kind === 'note' && event.text.startsWith('SIGINT: finishing'))
  const starts = (events: readonly RunEvent[]) => events.flatMap(one => (one.kind === 'hostStarted' ? [one.host] : []))
  assert.equal(starts(ended.events.slice(at)), [])
  const left = ended.events.flatMap(event =>
    event.kind === 'hostFinished' && event.play === 'second' && event.outcome === 'skipped' ? [event.host] : [],
  )
  assert.ok(left.includes('c'), left.join())
  assert.equal(isOut(), [])
  const next = await run(['--resume'])
  assert.is(next.exitCode, 0, next.said)
  assert.equal(starts(next.events).length, names.length)
  await isWhole()
})

test('the last lines of a journal may be lost with the power: what is pending on a host tells that it was begun', async () => {
  anew()
  await run(start, begins('c', 'works'))
  const [name = ''] = readdirSync(at('state', 'rota', 'runs'))
  const journal = at('state', 'rota', 'runs', name)
  const lines = readFileSync(journal, 'utf8').split('\n')
  const lost = lines.findIndex(line => line.includes('"host":"b"') && line.includes('"kind":"around"'))
  writeFileSync(journal, lines.slice(0, lost).join('\n').slice(0, -5))
  const next = await run(['--resume'])
  assert.is(next.exitCode, 0, next.said)
  assert.equal(order(next, 'second'), ['c', 'a', 'b'])
  await isWhole()
})

test('killed, gone on with, killed and gone on with: what the first has done counts as well', async () => {
  anew()
  await run(start, begins('b', 'works'))
  await run(['--resume'], entered('c'))
  const last = await run(['--resume'])
  assert.is(last.exitCode, 0, last.said)
  assert.equal(order(last, 'second'), ['c', 'a', 'b'])
  assert.equal(
    did().filter(line => line === 'a acts'),
    ['a acts'],
  )
  await isWhole()
})

test('a host that was done and is another since is worked on in its turn, and that is said', async () => {
  anew()
  await run(start, begins('b', 'works'))
  writeFileSync(at('a', 'conf'), 'of somebody else')
  const next = await run(['--resume'])
  assert.is(next.exitCode, 0, next.said)
  assert.match(
    notes(next).join('\n'),
    /it was done by run \S+, and is not as it should be any more: file \S+\/a\/conf \(content differs/,
  )
  assert.ok(changed(next).includes('a second file a/conf'))
  assert.equal(order(next, 'second'), ['b', 'a', 'c'])
  await isWhole()
})

test('in check mode it tells what it would do, changes nothing, and is none to go on with', async () => {
  anew()
  await run(start, begins('b', 'works'))
  const before = did()
  const checked = await run(['--resume', '--check'])
  assert.is(checked.exitCode, 0, checked.said)
  const would = checked.events.flatMap(event => (event.kind === 'task' ? [`${event.host} ${event.play}`] : []))
  assert.equal([...new Set(would)].sort(), ['a third', 'b second', 'b third', 'c second', 'c third'])
  assert.equal(did(), before)
  assert.is((await run(['--resume'])).exitCode, 0)
  await isWhole()
})

test('what it is made of is another since: refused where nobody can be asked, with all that is and with what to do', async () => {
  anew()
  await run([...start, '-e', '@more.yml'], begins('b', 'works'))
  mkdirSync(at('group_vars'))
  writeFileSync(at('group_vars', 'all.yml'), 'x: 1\n')
  writeFileSync(at('hosts.ini'), `${inventory}# one more line\n`)
  writeFileSync(at('lib.mjs'), lib.replace("'one'", "'two'"))
  writeFileSync(at('more.yml'), 'colour: green\n')
  const before = did()
  const refused = await run(['--resume'])
  assert.is(refused.exitCode, 1)
  for (const what of [
    'hosts.ini has changed',
    'more.yml has changed',
    'group_vars/all.yml was not read then',
    'lib.mjs has changed',
  ])
    assert.match(refused.said, what)
  assert.match(refused.said, /--resume-changed says yes\n1 problem; no host was touched/)
  assert.equal(did(), before)
  const next = await run(['--resume', '--resume-changed'])
  assert.is(next.exitCode, 0, next.said)
  assert.ok(changed(next).includes('a second file a/conf'), 'what was done is done anew by what it is now')
  await isWhole()
})

const canary = 'hunter22-canary'
test('a secret is not in the journal, and has to be given again; nothing else is taken', async () => {
  anew()
  const given = ['-l', 'a,b', '-e', `password=${canary}`, '-e', 'colour=blue', '-e', 'api_token=not-declared-canary']
  await run([...start, ...given], begins('b', 'works'))
  const [name = ''] = readdirSync(at('state', 'rota', 'runs'))
  const journal = readFileSync(at('state', 'rota', 'runs', name), 'utf8')
  assert.not.match(journal, /canary/)
  assert.match(journal, /colour=blue/)
  const refused = await run(['--resume'])
  assert.is(refused.exitCode, 1)
  for (const variable of ['password', 'api_token'])
    assert.match(
      refused.said,
      new RegExp(
        `was started with the extra variable ${variable}, whose value is a secret and is not kept\n.*-e ${variable}=…`,
      ),
    )
  const again = ['-e', `password=${canary}`, '-e', 'api_token=x']
  for (const [more, said] of [
    [['-l', 'c'], /--limit c: run \S+ was started with --limit a,b, and goes on as it was started/],
    [['-e', 'colour=green'], /-e colour: run \S+ was started with --extra-vars colour=blue/],
    [['-t', 'early'], /--tags early: run/],
  ] as const) {
    const other = await run(['--resume', ...again, ...more])
    assert.is(other.exitCode, 1)
    assert.match(other.said, said)
  }
  const next = await run(['--resume', ...again, '-l', 'a,b', '-f', '1'])
  assert.is(next.exitCode, 0, next.said)
  assert.equal(order(next, 'second'), ['b', 'a'])
  assert.not.match(
    readdirSync(at('state', 'rota', 'runs'))
      .map(file => readFileSync(at('state', 'rota', 'runs', file), 'utf8'))
      .join(''),
    /canary/,
  )
})

test('no run, one of another playbook, of another folder, of another inventory: refused, with what to do', async () => {
  anew()
  const none = await run(['--resume'])
  assert.match(
    none.said,
    /error no run of this playbook is known\n +`rota runs` lists all; run the playbook without --resume/,
  )
  const died = await run(start, begins('b', 'works'))
  const name = died.events.flatMap(event => (event.kind === 'runStarted' ? [event.run] : []))[0] ?? ''
  const table: readonly (readonly [args: readonly string[], said: RegExp, file?: string])[] = [
    [['--resume'], /error no run of this playbook is known/, 'other.mjs'],
    [
      ['--resume', name],
      /error run \S+ is one of another playbook, upgrade\n +go on with it: cd \S+ && npx zx upgrade\.mjs --resume/,
      'other.mjs',
    ],
    [['--resume', 'nothing'], /error there is no journal of a run nothing\n/],
    [['--resume', '-i', 'more.yml'], /error no run of this playbook with this inventory is known/],
    [['--resume', name, '-i', 'more.yml'], /error run \S+ had another inventory, hosts\.ini\n +leave out -i/],
    [['--resume-changed'], /error: --resume-changed says yes to a question of --resume/],
  ]
  for (const [args, said, file] of table) {
    const refused = await run(args, undefined, file)
    assert.is(refused.exitCode, 1)
    assert.ok(said.test(refused.said), refused.said)
  }
  assert.is((await run(['--resume', name, ...start])).exitCode, 0)
  const over = await run(['--resume', name])
  assert.match(over.said, /error run \S+ has gone on with it, and ended well/)
})

test('a run that goes on is not gone on with', async () => {
  anew()
  let refused: Promise<Ran> | undefined
  const first = await run(start, event => {
    if (begins('b', 'acts')(event)) refused = run(['--resume'])
    return false
  })
  assert.is(first.exitCode, 0, first.said)
  assert.match(
    (await refused)?.said ?? '',
    /error run \S+ of this playbook goes on, as a process of this machine|ended well/,
  )
})

test('rota runs lists it, and tells its story; with what of it is left', async () => {
  anew()
  await run([...start, '-e', `password=${canary}`, '-l', 'a,b,c'], begins('b', 'works'))
  const rota = async (...args: readonly string[]) => {
    const { stdout, stderr, exitCode } = await hosts.said(resolve('engine/bin.mjs'), 'runs', ...args)
    assert.is(exitCode, 0, stderr)
    assert.not.match(stdout, /canary/)
    return stdout
  }
  assert.match(
    await rota(),
    /^run +began, UTC +who +playbook +outcome +hosts +flags\n\S+ +\S+ \S+ +\S+@\S+ +upgrade +broken off +play 2 of 3: 1 done, 2 left +--inventory=hosts.ini --extra-vars \(password: secret\) --limit=a,b,c$/m,
  )
  const told = await rota('show')
  assert.match(told, /a: changed, 5 changes\n {4}play: file \S+\/conf/)
  assert.match(told, /b: broken off after 2 changes[\s\S]*under way: play: works\n {4}not put back: out of service/)
  assert.match(
    told,
    /c: not begun\n\nleft\n {2}second: b, c\n {2}third: 3 hosts\n\ngo on with it: cd \S+ && npx zx upgrade.mjs --resume/,
  )
  const json = JSON.parse(await rota('show', '--json'))
  assert.equal([json.state, json.plays[1].hosts[1].out], ['broken off', ['out of service']])
})

test.run()
