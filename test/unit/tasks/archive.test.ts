import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { archive } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, pass, sandbox } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const wanted = { path: '/srv/app', destination: '/srv/app.tgz' }
const digest = 'a'.repeat(64)
const whole = { type: 'tree', digest }
const file = entry({ mode: '0600' })
const plan = (content: object, there: object, mark: string | undefined, more: object = {}, changed = false) =>
  planText(
    planWith(
      archive({ ...wanted, ...more }),
      ({ kind, args }) => {
        const { path } = args as { path: string }
        if (kind.name === 'tree') return content
        if (path === '/srv') return entry({ type: 'directory' })
        if (path === wanted.destination) return there
        return mark === undefined
          ? { type: 'absent' }
          : entry({ content: { base64: Buffer.from(mark).toString('base64') } })
      },
      { changed },
    ),
  )

const missing = { type: 'missing', names: ['app'] }
for (const [name, text, ...given] of [
  ['there', 'nothing', whole, file, `${digest}\n`],
  ['new', 'does not exist', whole, { type: 'absent' }, undefined],
  ['gone, and the mark is there', 'does not exist', whole, { type: 'absent' }, digest],
  ['changed', 'what is in it has changed', whole, file, 'b'],
  ['no mark', 'what is in it has changed', whole, file, undefined],
  ['another mode', 'mode 0600 → 0640', whole, file, digest, { mode: '0640' }],
  ['missing', 'refused: /srv/app does not exist', missing, file, digest],
  ['missing as yet', 'what is in it has changed', missing, file, digest, {}, true],
  ['a directory', 'refused: /srv/app.tgz is a directory, not a file', whole, entry({ type: 'directory' }), digest],
] as const)
  test(`plan: ${name}`, () => assert.is(plan(...(given as unknown as Parameters<typeof plan>)), text))

test('arguments', () => {
  const count = (args: Partial<typeof wanted> | { path: readonly string[] }) =>
    problemsOf(archive({ ...wanted, ...args })).length
  assert.is(count({}), 0)
  for (const ending of ['tar', 'tar.gz', 'tar.bz2', 'tar.xz', 'tar.zst', 'zip'])
    assert.is(count({ destination: `/a.${ending}` }), 0)
  assert.is(count({ destination: '/srv/app/a.tar' }), 1)
  assert.is(count({ destination: '/srv/a.gz' }), 1)
  assert.is(count({ path: '/' }), 1)
  assert.is(count({ path: '/srv/-x' }), 1)
  assert.is(count({ path: ['/srv/-x/a', '/srv/b'] }), 1)
  assert.is(count({ path: [] }), 1)
})

for (const shell of shells) {
  const alone = shell[0] === 'env'

  test(`${nameOf(shell)}: made of what is there, and anew when that has changed`, () => {
    const dir = sandbox()
    const destination = join(dir, "it's.tar.gz")
    const out = join(dir, 'out')
    const members = () => {
      rmSync(out, { recursive: true, force: true })
      mkdirSync(out)
      execFileSync('tar', ['-xzf', destination, '-C', out])
      return readdirSync(out, { recursive: true }).map(String).sort()
    }
    mkdirSync(join(dir, 'app/a b'), { recursive: true })
    mkdirSync(join(dir, 'etc'))
    writeFileSync(join(dir, 'app/a b/f'), '1')
    writeFileSync(join(dir, 'etc/f'), 'x')
    symlinkSync('/etc/passwd', join(dir, 'app/l'))
    const task = archive({ path: [join(dir, 'app'), join(dir, 'etc/f')], destination })
    const made = () => pass(shell, [task], dir).changes.map(({ summary }) => summary)
    assert.equal(made(), ['does not exist'])
    assert.equal(members(), ['app', 'app/a b', 'app/a b/f', 'app/l', 'etc', 'etc/f'])
    assert.ok(lstatSync(join(out, 'app/l')).isSymbolicLink())
    assert.is(statSync(destination).mode & 0o777, 0o600)
    assert.equal(made(), [])
    for (const change of [
      () => writeFileSync(join(dir, 'app/a b/f'), '2'),
      () => writeFileSync(join(dir, 'app/new'), ''),
      () => rmSync(join(dir, 'app/new')),
      () => chmodSync(join(dir, 'etc/f'), 0o600),
    ]) {
      change()
      assert.equal(made(), ['what is in it has changed'])
      assert.equal(made(), [])
    }
    assert.equal([members().includes('app/new'), readFileSync(join(out, 'app/a b/f'), 'utf8')], [false, '2'])
    assert.equal(
      readdirSync(dir).filter(name => name.includes('.rota-')),
      [".rota-archive-it's.tar.gz"],
    )
    const { ino } = statSync(destination)
    const readable = archive({ ...wanted, path: [join(dir, 'app'), join(dir, 'etc/f')], destination, mode: '0640' })
    assert.is(converge(shell, [readable], dir).changes[0]?.summary, 'mode 0600 → 0640')
    assert.is(statSync(destination).ino, ino)
    assert.is(statSync(destination).mode & 0o777, 0o640)
  })

  test(`${nameOf(shell)}: what fails leaves the old one`, () => {
    const dir = sandbox()
    const destination = join(dir, 'a.tar')
    writeFileSync(destination, 'old')
    const none = archive({ path: join(dir, 'none'), destination })
    assert.match(pass(shell, [none], dir).failed?.output ?? '', 'none does not exist')
    // As if an earlier task should have brought it.
    const late = {
      ...none.kind,
      plan: (...[args, facts]: Parameters<typeof none.kind.plan>) =>
        none.kind.plan(args, facts, { changed: true, diff: false }),
    }
    assert.match(pass(shell, [{ ...none, kind: late }], dir).failed?.output ?? '', 'none')
    assert.equal([readFileSync(destination, 'utf8'), readdirSync(dir).includes('.rota-archive-a.tar')], ['old', false])
  })

  if (process.getuid?.() === 0)
    test(`${nameOf(shell)}: in a directory of somebody else's`, () => {
      const dir = sandbox()
      chmodSync(dir, 0o755)
      const theirs = join(dir, 'theirs')
      mkdirSync(theirs)
      writeFileSync(join(dir, 'f'), 'x')
      writeFileSync(join(dir, 'victim'), 'kept')
      symlinkSync(join(dir, 'victim'), join(theirs, 'f.tar'))
      chownSync(theirs, 65534, 65534)
      const task = archive({ path: join(dir, 'f'), destination: join(theirs, 'f.tar') })
      assert.is(pass(shell, [task], dir).failed, undefined)
      assert.equal(readdirSync(theirs).sort(), ['.rota-archive-f.tar', 'f.tar'])
      assert.equal(
        [lstatSync(join(theirs, 'f.tar')).isFile(), readFileSync(join(dir, 'victim'), 'utf8')],
        [true, 'kept'],
      )
      assert.is(pass(shell, [task], dir).changes.length, 0)
      // One that was put there before root makes his.
      writeFileSync(join(theirs, 'g.tar'), '')
      chmodSync(join(theirs, 'g.tar'), 0o644)
      chownSync(join(theirs, 'g.tar'), 65534, 65534)
      assert.is(
        pass(shell, [archive({ path: join(dir, 'f'), destination: join(theirs, 'g.tar') })], dir).failed,
        undefined,
      )
      const { uid, gid, mode } = statSync(join(theirs, 'g.tar'))
      assert.equal([uid, gid, mode & 0o777], [0, 0, 0o600])
      symlinkSync(dir, join(theirs, 'l'))
      const led = archive({ path: [join(theirs, 'l/victim'), join(dir, 'f')], destination: join(dir, 'l.tar') })
      assert.match(pass(shell, [led], dir).failed?.output ?? '', 'theirs/l is a link that is not followed')
    })

  for (const ending of alone ? ['tar', 'tgz'] : ['tar', 'tar.bz2', 'tar.xz', 'tar.zst', 'zip'])
    test(`${nameOf(shell)}: ${ending}`, () => {
      const dir = sandbox()
      mkdirSync(join(dir, 'd'))
      writeFileSync(join(dir, 'd/f'), 'content')
      symlinkSync('/etc/passwd', join(dir, 'd/l'))
      const destination = join(dir, `a.${ending}`)
      const { failed } = pass(shell, [archive({ path: join(dir, 'd'), destination })], dir)
      assert.is(failed, undefined, failed?.output)
      rmSync(join(dir, 'd'), { recursive: true })
      if (ending === 'zip') execFileSync('unzip', ['-q', destination, '-d', dir])
      else execFileSync('tar', ['-xf', destination, '-C', dir])
      assert.is(readFileSync(join(dir, 'd/f'), 'utf8'), 'content')
      assert.ok(lstatSync(join(dir, 'd/l')).isSymbolicLink())
    })
}

test.run()
