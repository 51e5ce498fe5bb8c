import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../engine/facts/fact.ts'
import { type PathEntry, type PathFact, path } from '../../../engine/facts/path.ts'
import { computed, file, sysctl, systemdUnit } from '../../../engine/tasks/index.ts'
import { sha256 } from '../../../engine/tasks/local.ts'
import { shells } from '../facts/probe.ts'
import { converge, pass, sandbox } from './converge.ts'

const entry = (more: Partial<PathEntry>): PathEntry => ({
  type: 'file',
  mode: '0644',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  size: 3,
  modified: 0,
  ...more,
})
const folder: PathFact = entry({ type: 'directory', mode: '0755' })
const text = 'new\n'
const before = { sha256: sha256('old'), content: { base64: Buffer.from('old').toString('base64') } }

const planned = (
  args: Partial<Parameters<typeof file>[0]>,
  fact: PathFact,
  parent: PathFact = folder,
  changed = false,
) => {
  const task = file({ path: '/etc/x', content: text, ...args } as Parameters<typeof file>[0])
  const facts = factTable(
    ...task.kind
      .facts(task.args, { diff: true })
      .map(request => [request, (request.args as { path: string }).path === '/etc' ? parent : fact] as const),
  )
  return task.kind.plan(task.args, facts, { changed, diff: true })
}

const table: readonly (readonly [string, Parameters<typeof planned>, string | undefined, string?])[] = [
  ['nothing to do', [{}, entry({ sha256: sha256(text) })], undefined],
  ['content', [{}, entry(before)], 'content differs'],
  ['mode', [{ mode: '600' }, entry({ sha256: sha256(text) })], 'mode 0644 → 0600'],
  ['owner by number', [{ owner: '0', group: 'haproxy' }, entry({ sha256: sha256(text) })], 'group root → haproxy'],
  ['new', [{}, { type: 'absent' }], 'does not exist'],
  [
    'no directory',
    [{}, { type: 'absent' }, { type: 'absent' }],
    'cannot be written',
    'the directory /etc does not exist',
  ],
  ['directory to come', [{}, { type: 'absent' }, { type: 'absent' }, true], 'does not exist'],
  [
    'a secret that others may read',
    [{ secret: true }, entry({ mode: '0644', sha256: sha256(text) })],
    'mode 0644 → 0600',
  ],
  [
    'a secret that a group may read',
    [{ secret: true, content: 'new' }, entry({ mode: '0440' })],
    'content differs, mode 0440 → 0400',
  ],
  ['a secret that is closed', [{ secret: true }, entry({ mode: '0400', sha256: sha256(text) })], undefined],
  ['a directory', [{}, folder], 'cannot be written', '/etc/x is a directory'],
  ['unreadable', [{}, entry({ unreadable: true })], 'cannot be written', 'may not be read'],
  [
    'hidden',
    [{}, { type: 'unknown', reason: '/etc may not be searched by this user: use become' }],
    'cannot be written',
    'use become',
  ],
]
for (const [name, args, summary, refused] of table)
  test(`plan: ${name}`, () => {
    const change = planned(...args)
    assert.is(change?.summary, summary)
    if (refused === undefined) assert.is(change?.refused, undefined)
    else assert.match(change?.refused ?? '', refused)
  })

test('a difference is shown, a secret is not', () => {
  assert.equal(planned({}, entry(before))?.diff, { path: '/etc/x', before: 'old', after: text })
  const secret = planned({ secret: true, content: 'hunter2' }, entry(before))
  assert.is(secret?.diff, undefined)
  assert.not.match(secret?.apply.text ?? '', 'hunter2')
})

const unit = '[Service]\nExecStart=/bin/true\n'
for (const task of [
  file({ path: '/etc/x', content: text }),
  sysctl({ file: 'x', values: { 'net.ipv4.ip_forward': 1 } }),
  systemdUnit({ name: 'x', content: unit }),
])
  test(`${task.kind.name}: the old content is asked for where a diff is shown; a plan without one reads the same probe`, () => {
    const asked = (diff: boolean) => task.kind.facts(task.args, { diff })
    const withContent = (diff: boolean) => asked(diff).filter(({ args }) => Object.hasOwn(args as object, 'content'))
    assert.equal([withContent(false).length, withContent(true).length], [0, 1])
    const facts = factTable(
      ...asked(true).map(request => {
        const { path = '' } = request.args as { readonly path?: string }
        return [request, /x(\.\w+)?$/.test(path) ? entry(before) : folder] as const
      }),
    )
    const plan = (diff: boolean) => task.kind.plan(task.args, facts, { changed: false, diff })
    assert.match(plan(false)?.summary ?? '', 'content differs')
    assert.equal([plan(false)?.diff, plan(true)?.diff?.before], [undefined, 'old'])
  })

test('a file whose content holds a secret is one without being told, and others may read it only where the task says so', () => {
  const isSecret = (content: string): boolean => content.includes('hunter2')
  const plan = (args: Partial<Parameters<typeof file>[0]>, fact: PathFact = entry(before)) => {
    const task = file({ path: '/etc/x', content: 'pw=hunter2\n', ...args } as Parameters<typeof file>[0])
    const requests = task.kind.facts(task.args, { diff: true })
    const facts = factTable(
      ...requests.map(
        request => [request, (request.args as { path: string }).path === '/etc' ? folder : fact] as const,
      ),
    )
    return task.kind.plan(task.args, facts, { changed: false, diff: true, isSecret })
  }
  const held = [{}, { content: computed({}, () => 'pw=hunter2\n') }, { content: Buffer.from('pw=hunter2\n') }]
  for (const args of held) {
    assert.match(plan(args)?.summary ?? '', 'mode 0644 → 0600')
    assert.match(plan(args, { type: 'absent' })?.apply.text ?? '', ' 0600 ')
    assert.is(plan(args)?.diff, undefined)
    assert.match(plan({ ...args, mode: '0644' })?.refused ?? '', 'say secret: false')
    const acknowledged = plan({ ...args, mode: '0644', secret: false })
    assert.is(acknowledged?.refused, undefined)
    assert.is(acknowledged?.summary, 'content differs')
    assert.is(acknowledged?.diff, undefined)
  }
  assert.is(plan({ content: 'other' })?.summary, 'content differs')
  assert.ok(plan({ content: 'other' })?.diff)
})

test('a unit whose content holds a secret is closed to others', () => {
  const task = systemdUnit({ name: 'x', content: '[Service]\nEnvironment=PW=hunter2\n' })
  const facts = factTable(
    ...task.kind
      .facts(task.args, { diff: true })
      .map(
        request =>
          [
            request,
            request.kind.name === 'path' && (request.args as { path: string }).path === '/etc/systemd/system'
              ? folder
              : { type: 'absent' },
          ] as const,
      ),
  )
  const plan = (isSecret: boolean) =>
    task.kind.plan(task.args, facts, { changed: false, diff: true, isSecret: () => isSecret })?.apply.text ?? ''
  assert.match(plan(true), ' 0600 ')
  assert.match(plan(false), ' 0644 ')
})

test('the old content of a secret is never asked for', () => {
  for (const task of [
    file({ path: '/etc/x', content: text, secret: true }),
    systemdUnit({ name: 'x', content: unit, secret: true }),
  ])
    assert.not.ok(
      task.kind.facts(task.args, { diff: true }).some(({ args }) => Object.hasOwn(args as object, 'content')),
    )
})

test('arguments are checked, all of them', () => {
  const problems = (args: object) => {
    const task = file({ path: '/etc/x', content: '', ...args } as Parameters<typeof file>[0])
    return task.kind.check?.(task.args) ?? []
  }
  assert.equal(problems({}), [])
  assert.is(problems({ path: 'etc/x', mode: '999', owner: 'a b;c' }).length, 3)
  assert.match(problems({ mode: 644 })[0] ?? '', "write '0644'")
  assert.match(problems({ secret: true, mode: '0644' })[0] ?? '', '0600 at most')
  assert.match(problems({ content: undefined, source: '/nope' })[0] ?? '', 'no file')
  // Below a plain file there is none.
  assert.match(problems({ content: undefined, source: '/etc/passwd/nope' })[0] ?? '', 'there is no file')
  assert.match(problems({ path: '/etc/../x' })[0] ?? '', '..')
})

for (const shell of shells) {
  test(`${shell[0]}: writes, keeps the old version, and converges`, () => {
    const dir = sandbox()
    const at = join(dir, "it's a \\ file")
    writeFileSync(at, 'old', { mode: 0o640 })
    const first = converge(shell, [file({ path: at, content: 'new\n' })], dir)
    assert.is(first.changes[0]?.diff?.before, 'old')
    assert.is(readFileSync(at, 'utf8'), 'new\n')
    assert.is(statSync(at).mode & 0o777, 0o640)
    const [kept] = readdirSync(join(dir, 'state/backup/run/0')).filter(name => !['absent', 'list'].includes(name))
    assert.is(readFileSync(join(dir, 'state/backup/run/0', kept ?? ''), 'utf8'), 'old')
    converge(shell, [file({ path: at, content: 'new\n', mode: '0600' })], dir)
    assert.is(statSync(at).mode & 0o777, 0o600)
  })

  test(`${shell[0]}: a checker that refuses leaves the old file`, () => {
    const dir = sandbox()
    const at = join(dir, 'conf')
    writeFileSync(at, 'old')
    const { failed } = pass(shell, [file({ path: at, content: 'bad', validate: 'grep -c good %s' })], dir)
    assert.is(failed?.exitCode, 1)
    assert.match(failed?.output ?? '', 'was refused by: grep -c good')
    assert.is(readFileSync(at, 'utf8'), 'old')
    converge(shell, [file({ path: at, content: 'good', validate: 'grep -q good' })], dir)
    assert.is(readFileSync(at, 'utf8'), 'good')
  })

  test(`${shell[0]}: a link is followed, a file of the control machine is sent`, () => {
    const dir = sandbox()
    mkdirSync(join(dir, 'real'))
    writeFileSync(join(dir, 'source'), Buffer.from([0, 255, 10, 13]))
    symlinkSync('real/conf', join(dir, 'conf'))
    converge(shell, [file({ path: join(dir, 'conf'), source: join(dir, 'source') })], dir)
    assert.ok(lstatSync(join(dir, 'conf')).isSymbolicLink())
    assert.equal(readFileSync(join(dir, 'real/conf')), Buffer.from([0, 255, 10, 13]))
  })
}

test('content may depend on facts of the host', () => {
  const dir = sandbox()
  writeFileSync(join(dir, 'a'), '123')
  const content = computed({ a: path({ path: join(dir, 'a') }) }, ({ a }) => `size ${a.type === 'file' ? a.size : 0}`)
  converge(['sh'], [file({ path: join(dir, 'b'), content, mode: '0600' })], dir)
  assert.is(readFileSync(join(dir, 'b'), 'utf8'), 'size 3')
  assert.ok(existsSync(join(dir, 'state/backup/run/0/absent')))
})

test('any content converges', () => {
  const dir = sandbox()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 40 }), (bytes, unicode) => {
      converge(
        ['dash'],
        [file({ path: join(dir, 'bytes'), content: bytes }), file({ path: join(dir, 'text'), content: unicode })],
        dir,
      )
      assert.equal(new Uint8Array(readFileSync(join(dir, 'bytes'))), bytes)
      assert.is(readFileSync(join(dir, 'text'), 'utf8'), unicode)
    }),
    { numRuns: 25 },
  )
})

test.run()
