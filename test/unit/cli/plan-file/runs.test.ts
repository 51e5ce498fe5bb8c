import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sum } from '../../../../engine/cli/made-of.ts'
import type { RunEvent } from '../../../../engine/journal/events.ts'
import {
  again,
  anew,
  apply,
  changed,
  hosts,
  inventory,
  plan,
  secret,
  site,
  start,
  stateOf,
  states,
  text,
} from './site.ts'

const { dir, names, at } = hosts

test('a plan is written whole, for its owner alone, without secrets; nothing is changed on any host, and made again it is the same', async () => {
  anew()
  const before = states(true)
  const made = await plan()
  assert.is(made.exitCode, 0, made.said)
  assert.match(made.said, /plan written to plan\.yml: 18 changes on 3 hosts; do it with --apply plan\.yml/)
  assert.equal(states(true), before)
  assert.is(statSync(at('plan.yml')).mode & 0o777, 0o600)
  assert.not.match(text(), /hunter22|canary/)
  assert.equal(
    readdirSync(dir).filter(name => name.startsWith('plan')),
    ['plan.yml'],
  )
  assert.match(text(), /\n {10}\+new\n/)
  assert.match(text(), /task: "play: works"\n {8}what: .*\n {8}step: true\n(.*\n){3} {10}- n1 … n3\n/)
  assert.match(text(), /\n {10}path \S+\/n1\/motd: [0-9a-f]{16}\n/)
  const first = text()
  chmodSync(at('plan.yml'), 0o644)
  assert.is((await plan()).exitCode, 0)
  assert.is(statSync(at('plan.yml')).mode & 0o777, 0o600)
  const lines = (of: string) => of.split('\n').filter(line => !/^(made|checksum): /.test(line))
  assert.equal(lines(text()), lines(first))
})

test('what is planned is done as a plain run does it, and then nothing is left to do', async () => {
  const host = fc.record(
    {
      motd: fc.constantFrom('', 'old\n', 'new\n', 'more\nold\n'),
      key: fc.constantFrom('', 'other'),
      worked: fc.constant(''),
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(fc.tuple(host, host, host), async found => {
      const begin = () =>
        anew(name => {
          for (const [file, content] of Object.entries(found[names.indexOf(name)] ?? {}))
            writeFileSync(at(name, file), content ?? '')
        })
      begin()
      const plain = await site(start)
      assert.is(plain.exitCode, 0, plain.said)
      const wanted = states()
      begin()
      assert.is((await plan()).exitCode, 0)
      const done = await apply()
      assert.is(done.exitCode, 0, done.said)
      assert.equal(states(), wanted)
      assert.equal(changed(done).sort(), changed(plain).sort())
      const same = await apply()
      assert.is(same.exitCode, 0, same.said)
      assert.match(same.said, /the plan plan\.yml is done already: nothing of it is left to do/)
      assert.equal([same.events, states()], [[], wanted])
      assert.match((await plan()).said, /plan written to plan\.yml: nothing is to be done/)
      assert.match((await apply()).said, /the plan plan\.yml has nothing to do/)
    }),
    { numRuns: 2 },
  )
})

/** What somebody does to a host between the plan and its run, and what is said of it. */
const meddled: readonly (readonly [what: string, meddle: () => void, said: RegExp])[] = [
  ['another content', () => writeFileSync(at('n2', 'motd'), 'other\n'), /n2: is not as planned[\s\S]*\+ {5}other\n/],
  ['another mode', () => chmodSync(at('n2', 'motd'), 0o600), /-fact path \S+\/n2\/motd: \S+\n +\+fact path/],
  ['done already', () => writeFileSync(at('n2', 'conf'), 'new'), /-play: file \S+\/n2\/conf/],
  ['of a later play', () => writeFileSync(at('n3', 'worked'), ''), /n3: is not as planned[\s\S]*-play: works/],
  ['a secret file', () => writeFileSync(at('n1', 'key'), 'other'), /n1: is not as planned[\s\S]*\+play: key \(content/],
]
for (const [what, meddle, said] of meddled)
  test(`a host that is another than it was planned on is told as a diff, and no host is changed: ${what}`, async () => {
    anew()
    await plan()
    meddle()
    const before = states(true)
    const refused = await apply()
    assert.is(refused.exitCode, 2, refused.said)
    assert.match(refused.said, said)
    assert.match(refused.said, 'nothing was changed: plan.yml is not what would be done now')
    assert.equal([refused.events, states(true)], [[], before])
    assert.not.match(refused.said, /hunter22|canary/)
  })

test('a host that is another only once the run goes on is refused before anything of that play is done to it', async () => {
  anew()
  await plan()
  const meddle = (event: RunEvent) => {
    if (event.kind === 'hostFinished' && event.host === 'n1' && event.play === 'second')
      writeFileSync(at('n3', 'conf'), 'other')
    return false
  }
  const ran = await site(['--apply', 'plan.yml', ...again], meddle)
  assert.is(ran.exitCode, 2, ran.said)
  const ends = ran.events.flatMap(event => (event.kind === 'hostFinished' && event.message ? [event] : []))
  assert.equal(
    ends.map(({ host, play }) => `${host} ${play}`),
    ['n3 second'],
  )
  assert.match(ends[0]?.message ?? '', /what would be done is not what was shown: play: file \S+conf is another change/)
  assert.equal([stateOf('n3').conf, stateOf('n3').worked, stateOf('n2').conf], ['644 other', undefined, '644 new'])
})

const checksummed = (told: string) => `${told}checksum: ${sum(told)}\n`
const tampered: readonly (readonly [what: string, of: (plan: string) => string, exit: number, said: RegExp])[] = [
  ['cut short', plan => plan.slice(0, plan.length / 2), 1, /plan\.yml:1:1: .*cut short, or somebody has changed it/],
  ['without its last line', plan => plan.replace(/checksum: .*\n$/, ''), 1, /cut short/],
  ['with something behind it', plan => `${plan}plays: []\n`, 1, /cut short/],
  ['a word is another', plan => plan.replace('+new', '+old'), 1, /cut short, or somebody has changed it/],
  ['no plan', () => 'plan: 1\n', 1, /this is no plan of Rota/],
  [
    'a word is another, with a checksum of it',
    plan => checksummed(plan.replace(/checksum: .*\n$/, '').replace('+new', '+old')),
    2,
    /n1: is not as planned/,
  ],
  [
    'of another shape, with a checksum of it',
    plan => checksummed(plan.replace(/checksum: .*\n$/, '').replace('plan: 1', 'plan: 2')),
    1,
    /no plan that this version of Rota can read: \/plan must be/,
  ],
  [
    'no YAML, with a checksum of it',
    plan => checksummed(`${plan.replace(/checksum: .*\n$/, '')}: [\n`),
    1,
    /this is no plan that can be read/,
  ],
  [
    'with hosts that are none, with a checksum of it',
    plan => checksummed(plan.replace(/checksum: .*\n$/, '').replace('n1 … n3', 'n1 … m3')),
    1,
    /n1 … m3 is no list of hosts/,
  ],
]
test('a plan that is not as it was written is refused', async () => {
  anew()
  await plan()
  const [before, written] = [states(true), text()]
  for (const [what, change, exitCode, said] of tampered) {
    writeFileSync(at('plan.yml'), change(written))
    const refused = await apply()
    assert.is(refused.exitCode, exitCode, `${what}: ${refused.said}`)
    assert.match(refused.said, said, what)
    assert.equal(states(true), before, what)
  }
})

/** What is another, and both values of it. */
const others: readonly (readonly [
  what: string,
  args: readonly string[],
  said: RegExp,
  file?: readonly [string, string],
])[] = [
  ['limit', ['-l', 'n1'], /--limit n1: the plan plan\.yml was made with --limit n1,n2,n3/],
  ['variable', ['-e', 'colour=green'], /-e colour: the plan plan\.yml was made with --extra-vars colour=blue/],
  ['tags', ['-t', 'all'], /--tags all: the plan plan\.yml was made without it/],
  ['serial', ['--serial', '2'], /--serial 2: the plan plan\.yml was made without it/],
  ['inventory', ['-i', 'more.ini'], /inventory: the plan was made with hosts\.ini, and now it is more\.ini/],
  [
    'what is in the inventory',
    [],
    /read from, hosts\.ini: the plan was made with [0-9a-f]{64}, and now it is [0-9a-f]{64}/,
    ['hosts.ini', `${inventory}# more\n`],
  ],
  [
    'a file more',
    [],
    /read from, group_vars\/all\.yml: the plan was made with nothing, and now it is [0-9a-f]{64}/,
    ['group_vars/all.yml', 'x: 1\n'],
  ],
  [
    'code',
    [],
    /code, lib\.mjs: the plan was made with [0-9a-f]{64}, and now it is [0-9a-f]{64}/,
    ['lib.mjs', "export const said = 'newer'\n"],
  ],
]
test('what it is made of is another: refused with both before any host is touched', async () => {
  anew()
  await plan('-l', 'n1,n2,n3', '-e', 'colour=blue')
  const before = states(true)
  for (const [what, args, said, [file, content] = []] of others) {
    const was = file !== undefined && existsSync(at(file)) ? text(file) : undefined
    if (file !== undefined) hosts.write(file, content ?? '')
    const refused = await apply(...args)
    assert.is(refused.exitCode, 1, `${what}: ${refused.said}`)
    assert.match(refused.said, said, what)
    assert.match(refused.said, 'no host was touched')
    assert.equal([refused.events, states(true)], [[], before])
    if (was !== undefined && file !== undefined) hosts.write(file, was)
    else if (file !== undefined) rmSync(at(file))
  }
})

test('another playbook, another version: all that is another is told at once', async () => {
  anew()
  await plan()
  const told = text()
    .replace(/checksum: .*\n$/, '')
    .replace('version: 0', 'version: 9')
  writeFileSync(at('plan.yml'), checksummed(told))
  const refused = await site(['--apply', 'plan.yml', ...again], undefined, 'other.mjs')
  assert.is(refused.exitCode, 1)
  for (const said of [
    /playbook: the plan was made with site, and now it is other/,
    /the playbook's file: the plan was made with site\.mjs, and now it is other\.mjs/,
    /version of Rota: the plan was made with 9\S+, and now it is 0/,
    /code, other\.mjs: the plan was made with nothing/,
  ])
    assert.match(refused.said, said)
})

test('secrets are given again: those that are missing are named, and others are refused without being told', async () => {
  anew()
  await site([...start, '-e', 'api_token=some-canary', '--plan-out', 'plan.yml'])
  assert.not.match(text(), /canary/)
  const none = await site(['--apply', 'plan.yml'])
  for (const name of ['password', 'api_token'])
    assert.match(none.said, `made with the extra variable ${name}, whose value is a secret and is not kept`)
  for (const [password, token] of [
    ['other-canary', 'some-canary'],
    [secret, 'other-canary'],
  ]) {
    const refused = await site(['--apply', 'plan.yml', '-e', `password=${password}`, '-e', `api_token=${token}`])
    assert.is(refused.exitCode, 1)
    assert.match(refused.said, /the secrets of the run .* are others than those of the plan/)
    assert.not.match(refused.said, /canary/)
  }
  const done = await apply('-e', 'api_token=some-canary')
  assert.is(done.exitCode, 0, done.said)
  assert.match(stateOf('n1').key ?? '', `600 ${secret}of-all`)
})

test('what is done in every run is planned and done again, and what an earlier run has left is refused where it was not planned', async () => {
  anew()
  writeFileSync(at('hosts.ini'), inventory.replace('acts=', 'acts=yes'))
  await plan()
  assert.is((await apply()).exitCode, 0)
  assert.is(stateOf('n1').acts, '644 acts\n')
  const rest = await apply()
  assert.is(rest.exitCode, 2)
  assert.match(rest.said, /n1: is not as planned|n1 … n3 \(3 hosts\): is not as planned/)
  assert.match((await plan()).said, '3 changes on 3 hosts')
  assert.is((await apply()).exitCode, 0)
  assert.is(stateOf('n1').acts, '644 acts\nacts\n')
})

test('--apply with --check says whether the plan can be done, and changes nothing', async () => {
  anew()
  await plan()
  const before = states(true)
  const looked = await apply('--check')
  assert.is(looked.exitCode, 0, looked.said)
  assert.match(looked.said, /plan plan\.yml, made \S+ by \S+: 18 changes on 3 hosts; it can be done as it is/)
  assert.equal(states(true), before)
  writeFileSync(at('n2', 'motd'), 'other\n')
  assert.is((await apply('--check')).exitCode, 2)
})

test('how one logs in may be said anew', async () => {
  anew()
  for (const name of ['one', 'other']) hosts.write(name, `${name}-password`)
  await plan('--become-password-file', 'one')
  const done = await apply('--become-password-file', 'other', '-f', '1', '--diff')
  assert.is(done.exitCode, 0, done.said)
  assert.is(stateOf('n1').conf, '644 new')
})

const beside: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [['--plan-out', 'plan.yml', '--apply', 'plan.yml'], /made \(--plan-out\) or done \(--apply\), not both/],
  [['--plan-out', 'plan.yml', '--ask'], /--plan-out and --ask are two ways to say yes/],
  [['--apply', 'plan.yml', '--ask'], /--apply and --ask are two ways to say yes/],
  [['--plan-out', 'plan.yml', '--resume'], /make it without --resume/],
  [['--plan-out', 'plan.yml', '--rollback', 'x'], /see with --rollback --check what goes back/],
  [['--apply', 'plan.yml', '--rollback', 'x'], /see with --rollback --check what goes back/],
  [['--plan-out', 'plan.yml', '--list-hosts'], /--plan-out looks at hosts/],
  [['--apply', 'plan.yml', '--list-params', 'n1'], /--apply looks at hosts/],
  [['--apply', 'none.yml'], /--apply none\.yml: ENOENT/],
  [
    [...start, '--plan-out', 'lib.mjs'],
    /--plan-out lib\.mjs: there is a file that is no plan, and it is left as it is/,
  ],
  [[...start, '--plan-out', 'none/plan.yml'], /--plan-out none\/plan\.yml: ENOENT/],
  [[...start, '--plan-out', '.'], /--plan-out \.: it is no file/],
]
test('beside other flags a plan is refused where it would mean nothing, before any host is touched', async () => {
  anew()
  const before = states(true)
  for (const [args, said] of beside) {
    const refused = await site(args)
    assert.is(refused.exitCode, 1, args.join(' '))
    assert.match(refused.said, said)
  }
  assert.equal([states(true), text('lib.mjs')], [before, "export const said = 'new'\n"])
})

test('where a host can not be planned no plan is written, and one that is there stays', async () => {
  anew()
  await plan()
  const was = text()
  rmSync(at('n2', 'motd'))
  hosts.write('n2/motd/file', '')
  const failed = await plan()
  assert.is(failed.exitCode, 2)
  assert.match(
    failed.said,
    /no plan was written to plan\.yml: n2 could not be planned in each play; mend that, or leave/,
  )
  assert.is(text(), was)
  const refused = await apply()
  assert.is(refused.exitCode, 2)
  assert.match(refused.said, /nothing was changed: n2 can't be told to be as planned/)
  assert.ok(refused.events.some(event => event.kind === 'hostFinished' && event.host === 'n2' && event.message))
  assert.equal(changed(refused), [])
  assert.is((await site([...start, '-l', 'all:!n2', '--plan-out', 'plan.yml'])).exitCode, 0)
  assert.is((await apply()).exitCode, 0)
  assert.equal([stateOf('n1').conf, stateOf('n2').conf], ['644 new', undefined])
})

test.run()
