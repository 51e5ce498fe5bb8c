import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, directory, link } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, pass, sandbox } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

for (const shell of shells) {
  test(`${nameOf(shell)}: directories`, () => {
    const dir = sandbox()
    const { changes } = converge(shell, [directory({ path: join(dir, "a/it's/c"), mode: '0750' })], dir)
    assert.is(changes[0]?.summary, 'does not exist')
    assert.is(statSync(join(dir, "a/it's/c")).mode & 0o777, 0o750)
    assert.is(statSync(join(dir, 'a')).mode & 0o777, 0o755)
    assert.is(
      converge(shell, [directory({ path: join(dir, "a/it's/c"), mode: '0700' })], dir).changes[0]?.summary,
      'mode 0750 → 0700',
    )
    symlinkSync('a', join(dir, 'b'))
    assert.is(converge(shell, [directory({ path: join(dir, 'b') })], dir).changes.length, 0)
  })

  test(`${nameOf(shell)}: links`, () => {
    const dir = sandbox()
    const at = join(dir, 'l')
    converge(shell, [link({ path: at, target: "some where/it's" })], dir)
    assert.is(readlinkSync(at), "some where/it's")
    mkdirSync(join(dir, 'folder'))
    converge(shell, [link({ path: at, target: 'folder' })], dir)
    assert.is(converge(shell, [link({ path: at, target: 'else' })], dir).changes[0]?.summary, 'leads to folder')
    assert.is(readlinkSync(at), 'else')
    assert.is(existsSync(join(dir, 'folder/l.rota-new')), false)
    writeFileSync(join(dir, 'f'), 'x')
    assert.match(pass(shell, [link({ path: join(dir, 'f'), target: 'x' })], dir).failed?.output ?? '', 'force: true')
    converge(shell, [link({ path: join(dir, 'f'), target: 'x', force: true })], dir)
    assert.ok(lstatSync(join(dir, 'f')).isSymbolicLink())
    assert.match(
      pass(shell, [link({ path: join(dir, 'folder'), target: 'x', force: true })], dir).failed?.output ?? '',
      'remove it first',
    )
  })

  test(`${nameOf(shell)}: absent`, () => {
    const dir = sandbox()
    mkdirSync(join(dir, 'd/e'), { recursive: true })
    writeFileSync(join(dir, 'd/e/f'), '')
    writeFileSync(join(dir, 'f'), 'kept')
    symlinkSync('f', join(dir, 'l'))
    const paths = ['d', 'f', 'l', 'none'].map(name => join(dir, name))
    const { changes } = converge(shell, [absent({ path: paths })], dir)
    assert.match(changes[0]?.summary ?? '', /^remove directory .*\/d, file .*\/f, link .*\/l$/)
    assert.not.ok(paths.some(existsSync))
    assert.is(readFileSync(join(dir, 'state/backup/run/0', join(dir, 'f').replaceAll('/', '%2F')), 'utf8'), 'kept')
  })
}

test('what is never removed', () => {
  for (const path of [
    '/',
    '//',
    '/etc',
    '/etc/',
    '/usr/lib',
    '/var/lib',
    '/home/someone',
    '/tmp/../etc',
    'x',
    '/etc/./',
    '/var/lib/etcd',
  ])
    assert.ok(problemsOf(absent({ path })).length > 0, path)
  assert.equal(problemsOf(absent({ path: ['/etc/haproxy', '/var/lib/rota-test', '/home/someone/x'] })), [])
})

test('mount points are refused', () => {
  const plan = (mounted: object) =>
    planText(
      planWith(absent({ path: '/srv/a' }), ({ kind }) =>
        kind.name === 'mounts' ? mounted : entry({ type: 'directory' }),
      ),
    )
  assert.is(plan({ here: true, below: [] }), 'refused: /srv/a is a mount point: unmount it first')
  assert.match(plan({ here: false, below: ['/srv/a/b'] }), '/srv/a/b is mounted below /srv/a')
})

test('something else is at the path', () => {
  const plan = (fact: object) => planText(planWith(directory({ path: '/srv/a' }), () => fact))
  assert.is(plan(entry()), 'refused: /srv/a is a file, not a directory')
  assert.match(
    plan({ type: 'link', target: 'x', real: '', to: { type: 'absent' } }),
    'a link that does not lead to one',
  )
  assert.is(plan(entry({ type: 'directory', mode: '0755' })), 'nothing')
})

test.run()
