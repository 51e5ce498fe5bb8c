import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { command, defineRole, type PlayOptions, play } from '../../../engine/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { readyPlays } from '../../ready-plays.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-play-hosts-'))
writeFileSync(join(dir, 'hosts.ini'), '[web]\nw1\nw2\n[db]\nd1\n[spare]\n')
test.after(() => rmSync(dir, { recursive: true }))

const role = defineRole({
  name: 'some',
  params: { type: 'object', properties: {} },
  tasks: () => [command({ run: 'true', tags: 'inner' })],
})

interface Asked {
  readonly limit?: string
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
}

/** What becomes of one play: its hosts, or why there are none, and what is said of it. */
async function ready(hosts: PlayOptions['hosts'], options: Partial<PlayOptions> = {}, asked: Asked = {}) {
  const inventory = await loadInventory({ sources: [join(dir, 'hosts.ini')] })
  const { only = [], skip = [], limit } = asked
  const made = play('it', { roles: [role()], ...options, hosts })
  const found = await readyPlays([made], inventory, {
    tags: { only, skip },
    redactor: newRedactor(),
    ...(limit === undefined ? {} : { limit }),
  })
  return {
    hosts: found.plays.flatMap(item => item.hosts.map(host => host.name)),
    notRun: found.plays[0]?.notRun,
    problems: found.problems,
    notes: found.notes.flatMap(event => (event.kind === 'note' ? [event.text] : [])),
  }
}

const nobody: readonly (readonly [what: string, hosts: PlayOptions['hosts'], why: string])[] = [
  ['a group that does not exist', 'wbe', "there is no host or group 'wbe'; did you mean web?"],
  ['a group that is empty', 'spare', "'spare' matches none"],
  ['a wildcard', 'x*', "'x*' matches none"],
  ['a group without its only host', 'db:!d1', "'db:!d1' matches none"],
  [
    'several groups that do not exist',
    ['no', 'none'],
    "there is no host or group 'no'; there is no host or group 'none'",
  ],
  ['what is in both of two groups, of which one does not exist', 'web:&no', "there is no host or group 'no'"],
  ['an empty list', [], "'' matches none"],
]
for (const [what, hosts, why] of nobody)
  test(`nobody in a play is refused, by file and line, with the groups that there are; or said at the end: ${what}`, async () => {
    const needed = await ready(hosts)
    equal(
      needed.problems.map(({ message }) => message),
      [`play "it" has no host: ${why}`],
    )
    match(needed.problems[0]?.origin?.file ?? '', 'play-hosts.test.ts')
    match(needed.problems[0]?.hint ?? '', /the groups of this inventory are web, db; .* optional: true/)
    for (const optional of [true, () => true]) {
      const may = await ready(hosts, { optional })
      equal([may.problems, may.hosts, may.notRun], [[], [], `no host: ${why}`])
    }
    equal((await ready(hosts, { optional: () => false })).problems.length, 1)
  })

test('what the inventory says may decide whether a play may have no host', async () => {
  const optional: PlayOptions['optional'] = inventory => inventory.group('web').length === 0
  equal((await ready('no', { optional })).problems.length, 1)
})

test('a name that this inventory does not have is a note where the rest of the pattern has hosts', async () => {
  for (const [hosts, names] of [
    [['no', 'db'], ['d1']],
    ['web:!no', ['w1', 'w2']],
  ] as const) {
    const { problems, notes, ...found } = await ready(hosts)
    equal([problems, found.hosts, found.notRun], [[], names, undefined])
    equal(notes, ["it: goes on without a part of its pattern, there is no host or group 'no'"])
  }
})

test('a pattern of nothing but exclusions begins with all hosts, as in Ansible', async () =>
  equal((await ready('!web')).hosts, ['d1']))

test('a --limit that leaves nobody is no error, and is said at the end', async () => {
  const { problems, hosts, notRun } = await ready('web', {}, { limit: 'db' })
  equal([problems, hosts, notRun], [[], [], '--limit leaves none of its 2 hosts'])
})

test('of a play that the tags leave out nothing is said, and nobody is missed in it', async () => {
  const leftOut: readonly (readonly [Partial<PlayOptions>, Asked])[] = [
    [{ tags: 'a' }, { only: ['b'] }],
    [{ tags: 'a' }, { skip: ['a'] }],
    [{ tags: ['a', 'never'] }, {}],
    [{ roles: [role({}, { tags: 'c' })] }, { only: ['b'] }],
    [{ roles: [], tasks: [command({ run: 'true', tags: 'c' })] }, { only: ['b'] }],
  ]
  for (const [options, asked] of leftOut) {
    for (const hosts of ['no', ['no', 'none'], ['no', 'db']]) {
      const { problems, notes, notRun } = await ready(hosts, options, asked)
      equal([problems, notes, notRun], [[], [], undefined])
    }
    equal((await ready('web', options, { ...asked, limit: 'db' })).notRun, undefined)
  }
})

test('one that they choose is missed, by its own tag, by that of a role and by that of a task', async () => {
  const chosen: readonly (readonly [Partial<PlayOptions>, Asked])[] = [
    [{ tags: 'a' }, { only: ['a'] }],
    [{ tags: 'always' }, { only: ['b'] }],
    [{ roles: [role({}, { tags: 'b' })] }, { only: ['b'] }],
    [{ roles: [], tasks: [command({ run: 'true', tags: 'b' })] }, { only: ['b'] }],
    [{ roles: [], tasks: () => [], tags: 'b' }, { only: ['b'] }],
    [{}, { skip: ['b'] }],
  ]
  for (const [options, asked] of chosen) equal((await ready('no', options, asked)).problems.length, 1)
  equal((await ready(['no', 'db'], {}, { only: ['inner'] })).notes.length, 1, 'its task has the tag')
})

test.run()
