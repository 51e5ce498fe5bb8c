import { spawnSync } from 'node:child_process'
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { alternatives as alternativesFact } from '../../../engine/facts/index.ts'
import { alternatives } from '../../../engine/tasks/index.ts'
import { nameOf, parsed, shells } from '../facts/probe.ts'
import { converge, pass, sandbox, withFolders } from './converge.ts'
import { planText, planWith, problemsOf } from './plan.ts'

const debian = `editor - auto mode
  link best version is /usr/bin/vim.basic
  link currently points to /usr/bin/vim.basic
  link editor is /usr/bin/editor
  slave editor.1.gz is /usr/share/man/man1/editor.1.gz
/bin/ed - priority -100
  slave editor.1.gz: /usr/share/man/man1/ed.1.gz
/usr/bin/vim.basic - priority 30
  slave editor.1.gz: /usr/share/man/man1/vim.1.gz
.
.`
const redHat = `java - status is manual.
 link currently points to /usr/lib/jvm/java-17/bin/java
/usr/lib/jvm/java-11/bin/java - family java-11-openjdk.x86_64 priority 11
 follower jre: /usr/lib/jvm/jre-11
/usr/lib/jvm/java-17/bin/java - family java-17-openjdk.x86_64 priority 17
 follower jre: /usr/lib/jvm/jre-17
Current \`best' version is /usr/lib/jvm/java-17/bin/java.
.`

test("what Debian's and Red Hat's programs say is read", () => {
  assert.equal(parsed(debian, alternativesFact({ name: 'editor' }), alternativesFact({ name: 'none' })), [
    {
      type: 'group',
      mode: 'auto',
      current: '/usr/bin/vim.basic',
      link: '/usr/bin/editor',
      choices: [
        { path: '/bin/ed', priority: -100 },
        { path: '/usr/bin/vim.basic', priority: 30 },
      ],
    },
    { type: 'absent' },
  ])
  assert.equal(parsed(redHat, alternativesFact({ name: 'java' })), [
    {
      type: 'group',
      mode: 'manual',
      current: '/usr/lib/jvm/java-17/bin/java',
      choices: [
        { path: '/usr/lib/jvm/java-11/bin/java', priority: 11 },
        { path: '/usr/lib/jvm/java-17/bin/java', priority: 17 },
      ],
    },
  ])
  assert.equal(parsed('unavailable', alternativesFact({ name: 'a' })), [{ type: 'unavailable' }])
  assert.throws(() => parsed('.', alternativesFact({ name: 'a' }), alternativesFact({ name: 'b' })), 'of b is missing')
  assert.throws(() => parsed('hello\n.', alternativesFact({ name: 'a' })), 'unexpected answer')
})

const group = {
  type: 'group',
  mode: 'manual',
  current: '/a',
  link: '/l',
  choices: [
    { path: '/a', priority: 1 },
    { path: '/b', priority: 2 },
  ],
}
type Args = Partial<Parameters<typeof alternatives>[0]>
const planOn = (args: Args, fact: object, changed = false) =>
  planWith(alternatives({ name: 'x', path: '/b', ...args }), () => fact, { changed })

const table: readonly (readonly [Args, object, string, string, boolean?])[] = [
  [{}, group, '/a → /b', 'update-alternatives --set x /b'],
  [{ path: '/a' }, group, 'nothing', ''],
  [{ path: '/a' }, { ...group, mode: 'auto' }, 'auto → manual', 'update-alternatives --set x /a'],
  [
    { path: '/c', link: '/l' },
    group,
    'is no choice, /a → /c',
    'update-alternatives --install /l x /c 50\nupdate-alternatives --set x /c',
  ],
  [{ path: '/c', state: 'present', priority: 7 }, group, 'is no choice', 'update-alternatives --install /l x /c 7'],
  [{ state: 'present' }, group, 'nothing', ''],
  [{ state: 'present', priority: 9 }, group, 'priority 2 → 9', 'update-alternatives --install /l x /b 9'],
  [{ state: 'auto' }, group, 'manual → auto', 'update-alternatives --auto x'],
  [{ state: 'auto' }, { ...group, mode: 'auto' }, 'nothing', ''],
  [{ state: 'absent' }, group, 'is a choice', 'update-alternatives --remove x /b'],
  [{ state: 'absent', path: '/c' }, group, 'nothing', ''],
  [{ state: 'absent' }, { type: 'unavailable' }, 'nothing', ''],
  [{}, { type: 'unavailable' }, 'refused: update-alternatives is not installed', ':'],
  [
    {},
    { type: 'absent' },
    'refused: /b is no choice of x on this host: is a package missing? To bring it in, give link',
    ':',
  ],
  [
    { state: 'present', priority: 9 },
    { ...group, link: undefined },
    'refused: the priority of /b is 2: give link too, to change it',
    ':',
  ],
  [{}, { type: 'absent' }, 'is no choice, (none) → /b', ':\nupdate-alternatives --set x /b', true],
]
for (const [args, fact, summary, script, changed] of table)
  test(`alternatives: ${JSON.stringify(args)}, ${summary}`, () => {
    const change = planOn(args, fact, changed)
    assert.equal([planText(change), change?.apply.text ?? ''], [summary, script])
  })

test('arguments', () => {
  for (const args of [{ name: '-x' }, { name: 'a/b' }, { path: 'b' }, { link: 'l' }, { priority: 1.5 }])
    assert.is(problemsOf(alternatives({ name: 'x', path: '/b', ...args })).length, 1, JSON.stringify(args))
})

if (spawnSync('update-alternatives', ['--version']).status === 0)
  for (const shell of shells.slice(0, 3)) {
    const dir = sandbox()
    const folders = { '/etc/alternatives': join(dir, 'links'), '/var/lib/dpkg/alternatives': join(dir, 'groups') }
    for (const folder of Object.values(folders)) mkdirSync(folder)
    const alone = withFolders(shell, folders)
    if (alone)
      test(`${nameOf(shell)}: a choice is brought in and taken, left to the highest priority, and goes`, () => {
        const [link, one, two] = [join(dir, 'common'), join(dir, 'one'), join(dir, 'two')]
        for (const path of [one, two]) writeFileSync(path, '')
        const to = (path: string, more: object = {}) => alternatives({ name: 'rota-common', path, link, ...more })
        const first = converge(alone, [to(one, { priority: 10 }), to(two, { state: 'present', priority: 20 })], dir)
        assert.equal(
          first.changes.map(({ summary }) => summary),
          [`is no choice, (none) → ${one}`, 'is no choice'],
        )
        assert.is(readlinkSync(join(folders['/etc/alternatives'], 'rota-common')), one)
        converge(alone, [to(one, { state: 'auto' })], dir)
        assert.is(readlinkSync(join(folders['/etc/alternatives'], 'rota-common')), two)
        converge(alone, [to(two, { state: 'absent' })], dir)
        assert.is(readlinkSync(join(folders['/etc/alternatives'], 'rota-common')), one)
        assert.match(
          pass(alone, [alternatives({ name: 'rota-none', path: two })], dir).failed?.output ?? '',
          'no choice',
        )
      })
  }

test.run()
