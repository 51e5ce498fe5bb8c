import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BlockEdit, editBlock } from '../../../engine/tasks/edit-block.ts'
import { editLine, type LineEdit } from '../../../engine/tasks/edit-line.ts'
import { blockInFile, editFile, lineInFile } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { apply, converge, pass, probe, sandbox } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const markers = { begin: '# BEGIN', end: '# END' }
const blocks: readonly (readonly [string, string, Partial<BlockEdit>, string])[] = [
  ['new file', '', { block: 'x' }, '# BEGIN\nx\n# END\n'],
  ['at the end', 'a\nb\n', { block: 'x\ny\n' }, 'a\nb\n# BEGIN\nx\ny\n# END\n'],
  ['last line without an end', 'a', { block: 'x' }, 'a\n# BEGIN\nx\n# END\n'],
  ['in its place', 'a\n# BEGIN\nold\n# END\nb\n', { block: 'x' }, 'a\n# BEGIN\nx\n# END\nb\n'],
  [
    'in its place, whatever insertAfter says',
    '# BEGIN\nold\n# END\nb\n',
    { block: 'x', insertAfter: 'b' },
    '# BEGIN\nx\n# END\nb\n',
  ],
  ['removed', 'a\n# BEGIN\nold\n# END\nb\n', { block: '' }, 'a\nb\n'],
  ['nothing to remove', 'a\n', { block: '' }, 'a\n'],
  ['after the last match', 'a1\na2\nb\n', { block: 'x', insertAfter: '^a' }, 'a1\na2\n# BEGIN\nx\n# END\nb\n'],
  ['before the last match', 'a\nb1\nb2\n', { block: 'x', insertBefore: '^b' }, 'a\nb1\n# BEGIN\nx\n# END\nb2\n'],
  ['no match', 'a\n', { block: 'x', insertAfter: 'z' }, 'a\n# BEGIN\nx\n# END\n'],
  ['at the beginning', 'a\n', { block: 'x', insertBefore: 'BOF' }, '# BEGIN\nx\n# END\na\n'],
  ['across lines', 'a\nb\nc\n', { block: 'x', insertAfter: '(?m)^a$\n^b$' }, 'a\nb\n# BEGIN\nx\n# END\nc\n'],
  ['CRLF markers', 'a\r\n# BEGIN\r\nold\r\n# END\r\nb\r\n', { block: 'x' }, 'a\r\n# BEGIN\nx\n# END\nb\r\n'],
  ['last marker without an end', '# BEGIN\nold\n# END', { block: 'x' }, '# BEGIN\nx\n# END\n'],
  [
    'the last pair counts',
    '# BEGIN\n1\n# END\n# BEGIN\n2\n# END\n',
    { block: 'x' },
    '# BEGIN\n1\n# END\n# BEGIN\nx\n# END\n',
  ],
]
for (const [name, before, edit, after] of blocks)
  test(`block: ${name}`, () => assert.equal(editBlock(before, { ...markers, block: '', ...edit }), { text: after }))

test('block: a marker alone, or markers in the wrong order', () => {
  const problem = (text: string) => {
    const edited = editBlock(text, { ...markers, block: 'x' })
    return 'problem' in edited ? edited.problem : ''
  }
  assert.match(problem('a\n# BEGIN\n'), 'line 2 is the marker "# BEGIN", but there is no line "# END"')
  assert.match(problem('# END\n'), 'no line "# BEGIN"')
  assert.match(problem('# END\n# BEGIN\n'), '(line 1) comes before "# BEGIN" (line 2)')
})

const lines: readonly (readonly [string, string, Partial<LineEdit>, string])[] = [
  ['new', 'a\n', { line: 'x' }, 'a\nx\n'],
  ['new, last line without an end', 'a', { line: 'x' }, 'a\nx\n'],
  ['there', 'x\na\n', { line: 'x' }, 'x\na\n'],
  ['the last match is replaced', 'p 1\np 2\nq\n', { line: 'p 3', regexp: '^p' }, 'p 1\np 3\nq\n'],
  ['the first match', 'p 1\np 2\n', { line: 'p 3', regexp: '^p', firstMatch: true }, 'p 3\np 2\n'],
  ['no match, after', 'a\nb\n', { line: 'x', regexp: '^p', insertAfter: '^a' }, 'a\nx\nb\n'],
  ['before', 'a\nb\n', { line: 'x', insertBefore: '^b' }, 'a\nx\nb\n'],
  ['at the beginning', 'a\n', { line: 'x', insertBefore: 'BOF' }, 'x\na\n'],
  [
    'back references',
    'p = 1 # why\n',
    { line: 'p = 2 \\g<why>', regexp: '^p.*(?P<why>#.*)', backrefs: true },
    'p = 2 # why\n',
  ],
  ['back references without a match', 'a\n', { line: '\\1', regexp: '(z)', backrefs: true }, 'a\n'],
  ['absent', 'a\nx\nx\nb', { state: 'absent', line: 'x' }, 'a\nb'],
  ['absent by pattern', 'a1\nb\na2\n', { state: 'absent', regexp: '^a' }, 'b\n'],
]
for (const [name, before, edit, after] of lines)
  test(`line: ${name}`, () => assert.is(editLine(before, { state: 'present', ...edit }), after))

const text = fc.stringMatching(/^[a\r\n# é]{0,20}$/)
test('any text: once done, nothing is left to do, and what was there stays', () => {
  fc.assert(
    fc.property(text, text, fc.constantFrom('EOF', '^a', 'é', '(?i)A'), (before, block, insertAfter) => {
      const edit = { ...markers, block, insertAfter }
      const once = editBlock(before, edit)
      const twice = 'text' in once ? editBlock(once.text, edit) : once
      assert.equal(twice, once)
      const removed = 'text' in once ? editBlock(once.text, { ...edit, block: '' }) : once
      // But for a line feed that the line before the block may have got.
      const bare = (some: string): string => some.replaceAll('\n', '')
      if (block !== '')
        assert.ok('text' in removed && bare(removed.text) === bare(before), JSON.stringify([before, removed]))
    }),
  )
  fc.assert(
    fc.property(
      text,
      fc.stringMatching(/^[a# é]{0,9}$/),
      fc.constantFrom('present', 'absent'),
      (before, line, state) => {
        const once = editLine(before, { state, line })
        assert.is(editLine(once, { state, line }), once)
      },
    ),
  )
})

for (const shell of shells) {
  test(`${nameOf(shell)}: a block of a file`, () => {
    const dir = sandbox()
    const path = join(dir, 'hosts')
    writeFileSync(path, '127.0.0.1 localhost\n', { mode: 0o640 })
    const { changes } = converge(shell, [blockInFile({ path, block: '10.0.0.1 a\n' })], dir)
    assert.is(changes[0]?.summary, 'content differs')
    assert.is(
      readFileSync(path, 'utf8'),
      '127.0.0.1 localhost\n# BEGIN ROTA MANAGED BLOCK\n10.0.0.1 a\n# END ROTA MANAGED BLOCK\n',
    )
    assert.is(statSync(path).mode & 0o777, 0o640)
    converge(shell, [blockInFile({ path, block: '' })], dir)
    assert.is(readFileSync(path, 'utf8'), '127.0.0.1 localhost\n')
  })

  test(`${nameOf(shell)}: several edits of one file in one pass`, () => {
    const dir = sandbox()
    const path = join(dir, 'new')
    const tasks = [
      lineInFile({ path, line: 'one', create: true, mode: '0600' }),
      blockInFile({ path, block: 'two', create: true }),
      lineInFile({ path, line: 'three', create: true }),
    ]
    assert.is(converge(shell, tasks, dir).changes.length, 3)
    assert.is(readFileSync(path, 'utf8'), 'one\n# BEGIN ROTA MANAGED BLOCK\ntwo\n# END ROTA MANAGED BLOCK\nthree\n')
    assert.is(statSync(path).mode & 0o777, 0o600)
  })

  test(`${nameOf(shell)}: a file that changed since it was read is left to the next pass`, () => {
    const dir = sandbox()
    const path = join(dir, 'f')
    writeFileSync(path, 'a\n')
    const task = lineInFile({ path, line: 'x' })
    const change = task.kind.plan(task.args, probe(shell, task.kind.facts(task.args, { diff: false })), {
      changed: false,
      diff: false,
    })
    writeFileSync(path, 'b\n')
    assert.ok(change)
    assert.match(apply(shell, change.apply, dir).output, 'edited in the next pass')
    assert.is(readFileSync(path, 'utf8'), 'b\n')
  })
}

test('files that cannot be edited', () => {
  const plan = (fact: object, changed = false) =>
    planText(
      planWith(
        lineInFile({ path: '/etc/x', line: 'a' }),
        ({ args }) => ((args as { path: string }).path === '/etc' ? entry({ type: 'directory' }) : fact),
        { changed },
      ),
    )
  assert.is(plan({ type: 'absent' }), 'refused: /etc/x does not exist: create: true makes it')
  assert.is(plan({ type: 'absent' }, true), 'edited once it exists')
  assert.match(plan(entry({ content: { missing: 'tooLarge' } })), 'larger than 1 MiB')
  assert.match(plan(entry({ content: { base64: '/w==' } })), 'not a text in UTF-8')
  const dir = sandbox()
  writeFileSync(join(dir, 'f'), '# BEGIN ROTA MANAGED BLOCK\n')
  assert.match(
    pass(['sh'], [blockInFile({ path: join(dir, 'f'), block: 'x' })], dir).failed?.output ?? '',
    'line 1 is the marker',
  )
})

test('arguments', () => {
  assert.is(
    problemsOf(blockInFile({ path: 'x', block: '# BEGIN ROTA MANAGED BLOCK', insertAfter: '(', insertBefore: 'a' }))
      .length,
    4,
  )
  assert.match(problemsOf(blockInFile({ path: '/x', block: '', marker: '# same' }))[0] ?? '', '{mark}')
  assert.equal(problemsOf(lineInFile({ path: '/x', state: 'absent', regexp: '^a\\-' })), [])
  assert.match(problemsOf(lineInFile({ path: '/x', line: 'a\nb' }))[0] ?? '', 'one line')
})

test('editFile: a function of the text; what is no file is an error, or passed over', () => {
  const task = (missing?: 'skip') =>
    editFile({
      path: '/etc/a',
      edit: text => (text === 'bad\n' ? { problem: 'it is bad' } : { text: text.replace('1', '2') }),
      ...(missing ? { missing } : {}),
    })
  const file = (text: string) => entry({ content: { base64: Buffer.from(text).toString('base64') }, sha256: 'x' })
  const folder = entry({ type: 'directory', mode: '0755' })
  const plan = (fact: unknown, missing?: 'skip') =>
    planText(planWith(task(missing), ({ args }) => (JSON.stringify(args).includes('"/etc"') ? folder : fact)))
  assert.is(plan(file('1\n')), 'content differs')
  assert.match(plan(file('bad\n')), 'refused: /etc/a: it is bad')
  assert.match(plan({ type: 'absent' }), 'refused: /etc/a does not exist')
  assert.match(plan(folder), 'refused: /etc/a is a directory')
  assert.equal([plan({ type: 'absent' }, 'skip'), plan(folder, 'skip')], ['nothing', 'nothing'])
})
for (const shell of shells)
  test(`editFile: done once, on a real file (${nameOf(shell)})`, () => {
    const dir = sandbox()
    const path = join(dir, 'a')
    writeFileSync(path, 'x=1\n', { mode: 0o600 })
    const edit = (text: string) => ({ text: text.replace('1', '2') })
    assert.is(converge(shell, [editFile({ path, edit, missing: 'skip', secret: true })], dir).changes.length, 1)
    assert.equal([readFileSync(path, 'utf8'), (statSync(path).mode & 0o777).toString(8)], ['x=2\n', '600'])
  })

test.run()
