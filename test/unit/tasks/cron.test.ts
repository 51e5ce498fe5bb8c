import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cron } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, sandbox, withFolders } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

type Args = Parameters<typeof cron>[0]
const contentOf = (args: Partial<Args>) =>
  planWith(cron({ name: 'backup', job: 'do it', ...args }), ({ args: asked }) =>
    JSON.stringify(asked).includes('backup') ? { type: 'absent' } : entry({ type: 'directory' }),
  )?.diff?.after

const table: readonly (readonly [Partial<Args>, string])[] = [
  [{}, '* * * * * root do it\n'],
  [{ minute: '*/5', hour: 0, weekday: 'mon-fri', user: 'ann' }, '*/5 0 * * mon-fri ann do it\n'],
  [{ specialTime: 'reboot' }, '@reboot root do it\n'],
  [
    { env: { PATH: '/usr/bin:/bin', MAILTO: '' }, job: 'date +\\%F' },
    'PATH="/usr/bin:/bin"\nMAILTO=""\n* * * * * root date +\\%F\n',
  ],
]
for (const [args, content] of table) test(`cron: ${content}`, () => assert.is(contentOf(args), content))

test('a host without cron is refused, unless a package may bring it; nothing has to be taken away there', () => {
  const plan = (more: Partial<Args>, changed = false) =>
    planText(
      planWith(
        cron({ name: 'backup', job: 'x', ...more }),
        ({ kind }) => (kind.name === 'mounts' ? { here: false, below: [] } : { type: 'absent' }),
        { changed },
      ),
    )
  assert.match(plan({}), 'refused: /etc/cron.d does not exist: install cron first')
  assert.is(plan({}, true), 'does not exist')
  assert.is(plan({ state: 'absent' }), 'nothing')
})

test('a job that holds a secret is closed to others, and its differences are not shown', () => {
  const change = planWith(
    cron({ name: 'backup', job: 'push s3cret' }),
    ({ args }) => (JSON.stringify(args).includes('backup') ? { type: 'absent' } : entry({ type: 'directory' })),
    { isSecret: text => text.includes('s3cret') },
  )
  assert.match(change?.apply.text ?? '', '/etc/cron.d/backup 0600')
  assert.is(change?.diff, undefined)
  assert.not.match(change?.apply.text ?? '', 's3cret')
})

test('arguments', () => {
  assert.equal(problemsOf(cron({ name: 'a_b-1', job: 'x', minute: '0-59/2,7', month: 'jan' })), [])
  assert.equal(problemsOf(cron({ name: 'a', state: 'absent' })), [])
  const wrong: readonly Partial<Args>[] = [
    { name: 'a.b' },
    { name: '../a' },
    { job: '' },
    { job: 'a\n* * * * * root b' },
    { user: 'root x' },
    { minute: '* *' },
    { hour: '1\n2' },
    { specialTime: 'daily', hour: 1 },
    { specialTime: 'sometimes' as 'daily' },
    { env: { 'A B': 'x' } },
    { env: { A: 'x"\nB=y' } },
  ]
  for (const args of wrong)
    assert.is(problemsOf(cron({ name: 'a', job: 'x', ...args })).length, 1, JSON.stringify(args))
})

for (const shell of shells) {
  const dir = sandbox()
  const etc = join(dir, 'etc')
  mkdirSync(join(etc, 'cron.d'), { recursive: true })
  const alone = withFolders(shell, { '/etc': etc })
  if (alone)
    test(`${nameOf(shell)}: a job comes, changes and goes`, () => {
      const file = join(etc, 'cron.d/backup')
      converge(alone, [cron({ name: 'backup', job: 'a', hour: 3, minute: 0 })], dir)
      assert.equal([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], ['0 3 * * * root a\n', 0o644])
      converge(alone, [cron({ name: 'backup', job: 'b', specialTime: 'daily' })], dir)
      assert.is(readFileSync(file, 'utf8'), '@daily root b\n')
      converge(alone, [cron({ name: 'backup', state: 'absent' })], dir)
      assert.not(existsSync(file))
    })
}

test.run()
