import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { editOption, type OptionEdit } from '../../../engine/tasks/edit-option.ts'
import { iniFile } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, sandbox } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const a1 = { section: 's', option: 'a', value: '1' }
const table: readonly (readonly [string, string, Partial<OptionEdit>, string])[] = [
  ['new file', '', a1, '[s]\na = 1\n'],
  ['no extra spaces', '', { ...a1, noExtraSpaces: true }, '[s]\na=1\n'],
  ['a missing section comes at the end', 'x = 1\n[t]\nb = 2', a1, 'x = 1\n[t]\nb = 2\n[s]\na = 1\n'],
  ['a section alone', '[t]\n', { section: 's' }, '[t]\n[s]\n'],
  ['a section that is there', '[s]\na = 1', { section: 's' }, '[s]\na = 1'],
  ['there already', '[s]\na = 1\n', a1, '[s]\na = 1\n'],
  ['there already, in a last line without an end', '[s]\na = 1', a1, '[s]\na = 1'],
  ['another value', '[s]\na = 2\nb = 3\n', a1, '[s]\na = 1\nb = 3\n'],
  ['other spaces', '[s]\n\ta=1\n', a1, '[s]\na = 1\n'],
  ['no value before', '[s]\na\n', a1, '[s]\na = 1\n'],
  ['an option alone on its line', '[s]\n', { section: 's', option: 'a' }, '[s]\na\n'],
  [
    'an option of the same name in another section',
    '[t]\na = 2\n[s]\n[u]\na = 3\n',
    a1,
    '[t]\na = 2\n[s]\na = 1\n[u]\na = 3\n',
  ],
  ['longer and shorter names, and other case', '[s]\nab = 1\nA = 1\n', a1, '[s]\nab = 1\nA = 1\na = 1\n'],
  ['values that hold =', '[s]\na = x=y\n', { ...a1, value: 'x=z' }, '[s]\na = x=z\n'],
  ['a name with spaces and dots', '[ s ]\nmy.a b = 2\n', { ...a1, option: 'my.a b' }, '[ s ]\nmy.a b = 1\n'],
  ['several lines become one', '[s]\na = 2\nb = 1\na = 3\n', a1, '[s]\na = 1\nb = 1\n'],
  ['of several lines the right one stays', '[s]\na = 2\nb = 1\na = 1\n', a1, '[s]\nb = 1\na = 1\n'],
  ['one commented out takes effect in its place', '[s]\n# why\n#a = 2\nb = 1\n', a1, '[s]\n# why\na = 1\nb = 1\n'],
  ['a comment of its name alone stays', '[s]\n# a\nb = 1\n', a1, '[s]\n# a\nb = 1\na = 1\n'],
  ['an option alone, commented out', '[s]\n#a\n', { section: 's', option: 'a' }, '[s]\na\n'],
  ['one commented out stays beside one that is not', '[s]\n;a = 1\na = 2\n', a1, '[s]\n;a = 1\na = 1\n'],
  ['before blank lines and comments', '[s]\nb = 1\n\n# of t\n[t]\n', a1, '[s]\nb = 1\na = 1\n\n# of t\n[t]\n'],
  [
    'before the first section',
    '# head\nx = 1\n[s]\nx = 2\n',
    { option: 'x', value: '3' },
    '# head\nx = 3\n[s]\nx = 2\n',
  ],
  ['the first of two sections of a name', '[s]\n[t]\n[s]\na = 2\n', a1, '[s]\na = 1\n[t]\n[s]\na = 2\n'],
  ['CRLF', '[s]\r\nb = 1\r\na = 1\r\n', a1, '[s]\r\nb = 1\r\na = 1\r\n'],
  ['absent', '[s]\na = 1\n#a = 2\nb = 1\na = 3\n', { ...a1, state: 'absent' }, '[s]\n#a = 2\nb = 1\n'],
  ['absent in one section', '[t]\na = 1\n[s]\na = 1', { ...a1, state: 'absent' }, '[t]\na = 1\n[s]\n'],
  ['absent before the first section', 'x = 1\n[s]\nx = 1\n', { option: 'x', state: 'absent' }, '[s]\nx = 1\n'],
  ['a section that goes', 'x = 1\n[s]\na = 1\n[t]\nb\n[s]\n', { section: 's', state: 'absent' }, 'x = 1\n[t]\nb\n'],
  ['a section that is not there', '[t]\n', { section: 's', state: 'absent' }, '[t]\n'],
]
for (const [name, before, edit, after] of table)
  test(`option: ${name}`, () => assert.is(editOption(before, { state: 'present', ...edit }), after))

test('any text: once done, nothing is left to do', () => {
  const text = fc.stringMatching(/^[as=#;[\]\r\n ]{0,24}$/)
  const part = fc.constantFrom(undefined, 's', 'a')
  const option = fc.constantFrom('a', 's', 'a s')
  fc.assert(
    fc.property(text, part, option, fc.constantFrom(undefined, '', 'a', 'a=s'), (before, section, option, value) => {
      const edit = { section, option, value }
      const once = editOption(before, { state: 'present', ...edit })
      assert.is(editOption(once, { state: 'present', ...edit }), once)
      const removed = editOption(once, { state: 'absent', ...edit })
      assert.is(editOption(removed, { state: 'absent', ...edit }), removed)
    }),
  )
})

for (const shell of shells)
  test(`${nameOf(shell)}: an option of a file, and again without it`, () => {
    const dir = sandbox()
    const path = join(dir, 'a.conf')
    writeFileSync(path, '[main]\n#debug = 1\n', { mode: 0o640 })
    converge(shell, [iniFile({ path, section: 'main', option: 'debug', value: 0 })], dir)
    assert.equal([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['[main]\ndebug = 0\n', 0o640])
    converge(shell, [iniFile({ path, section: 'main', option: 'debug', state: 'absent' })], dir)
    assert.is(readFileSync(path, 'utf8'), '[main]\n')
  })

test('a missing file is refused, unless it may be made or nothing has to be in it', () => {
  const plan = (more: object) =>
    planText(
      planWith(iniFile({ path: '/etc/x', section: 's', option: 'a', value: '1', ...more }), ({ args }) =>
        JSON.stringify(args).includes('"/etc"') ? entry({ type: 'directory' }) : { type: 'absent' },
      ),
    )
  assert.is(plan({}), 'refused: /etc/x does not exist: create: true makes it')
  assert.is(plan({ create: true }), 'does not exist')
  assert.is(plan({ state: 'absent' }), 'nothing')
})

test('arguments', () => {
  const path = '/etc/x'
  assert.equal(problemsOf(iniFile({ path, section: 'a b', option: 'c.d', value: '[x] # y' })), [])
  for (const args of [
    {},
    { section: 'a]' },
    { section: '' },
    { section: 'a', option: 'b=c' },
    { section: 'a', option: ' b' },
    { section: 'a', option: '#b' },
    { section: 'a', option: 'b\nc' },
    { section: 'a', option: 'b', value: 'x\n[y]' },
    { section: 'a', value: 'x' },
  ])
    assert.is(problemsOf(iniFile({ path, ...args })).length, 1, JSON.stringify(args))
  const secret = iniFile({ path, section: 's', option: 'token', value: 's3cret' })
  assert.match(secret.kind.opens?.(secret.args, text => text.includes('s3cret'))[0] ?? '', 'others may read')
})

test.run()
