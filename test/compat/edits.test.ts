import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { editBlock } from '../../engine/tasks/edit-block.ts'
import { editLine } from '../../engine/tasks/edit-line.ts'

/**
 * The edits against Ansible's own modules, in one play. Where Ansible does harm on purpose nothing is compared: a
 * marker alone, markers of CRLF lines (edit-block.ts says what is done instead).
 */

interface Case {
  readonly module: 'blockinfile' | 'lineinfile'
  readonly before: string
  readonly args: Readonly<Record<string, string | boolean>>
}

const block = (before: string, args: Case['args']): Case => ({
  module: 'blockinfile',
  before,
  args: { marker: '# {mark} M', ...args },
})
const line = (before: string, args: Case['args']): Case => ({ module: 'lineinfile', before, args })

const cases: readonly Case[] = [
  block('', { block: 'x' }),
  block('a\nb', { block: 'x\ny\n' }),
  block('a\n# BEGIN M\nold\n# END M\nb\n', { block: 'new' }),
  block('a\n# BEGIN M\nold\n# END M\nb\n', { block: '' }),
  block('a\n\n# BEGIN M\nold\n# END M', { block: '', marker: '# {mark} N' }),
  block('a1\na2\nb\n', { block: 'x', insertafter: '^a' }),
  block('b\na1\na2', { block: 'x', insertafter: '^a\\d$' }),
  block('a\nb1\nb2\n', { block: 'x', insertbefore: '^b' }),
  block('a\n', { block: 'ä', insertbefore: 'BOF' }),
  block('a\nb\nc\n', { block: 'x', insertafter: '(?m)^a$\\n^b$' }),
  block('# BEGIN M\n1\n# END M\nz\n# BEGIN M\n2\n# END M\n', { block: 'x' }),
  block('a\r\nb\r\n', { block: 'x', insertafter: 'a' }),
  line('a\n', { line: 'x' }),
  line('a', { line: 'x' }),
  line('x\na\nx\n', { line: 'x' }),
  line('p 1\np 2\nq\n', { line: 'p 3', regexp: '^p' }),
  line('p 1\np 2\nq\n', { line: 'p 3', regexp: '^p', firstmatch: true }),
  line('a\nb\n', { line: 'x', regexp: '^p', insertafter: '^a' }),
  line('a\nb\n', { line: 'x', insertbefore: '^b' }),
  line('a\n', { line: 'x', insertbefore: 'BOF' }),
  line('p = 1 # why\n', { line: 'p = 2 \\g<why>', regexp: '^p.*(?P<why>#.*)', backrefs: true }),
  line('a\n', { line: '\\1', regexp: '(z)', backrefs: true }),
  line('a1\nb\na2', { state: 'absent', regexp: '^a' }),
  line('x\nb\nx', { state: 'absent', line: 'x' }),
  line('p\r\nq\r\n', { line: 'p2', regexp: '^p' }),
]

test('the same as ansible', () => {
  const dir = mkdtempSync('/tmp/rota-ansible-')
  const tasks = cases.map(({ module, before, args }, index) => {
    const path = join(dir, String(index))
    writeFileSync(path, before)
    return { [module]: { path, ...args } }
  })
  writeFileSync(
    join(dir, 'play.json'),
    JSON.stringify([{ hosts: 'localhost', connection: 'local', gather_facts: false, tasks }]),
  )
  execFileSync('ansible-playbook', ['-i', 'localhost,', join(dir, 'play.json')], {
    stdio: 'pipe',
    env: { ...process.env, ANSIBLE_LOCALHOST_WARNING: '0' },
  })
  cases.forEach(({ module, before, args }, index) => {
    const theirs = readFileSync(join(dir, String(index)), 'utf8')
    assert.is(
      module === 'blockinfile' ? ourBlock(before, args) : ourLine(before, args),
      theirs,
      JSON.stringify(cases[index]),
    )
  })
  rmSync(dir, { recursive: true })
})

const textIn = (args: Case['args'], name: string): string | undefined => {
  const value = args[name]
  return typeof value === 'string' ? value : undefined
}

function ourBlock(before: string, args: Case['args']): string {
  const marker = textIn(args, 'marker') ?? ''
  const [insertAfter, insertBefore] = [textIn(args, 'insertafter'), textIn(args, 'insertbefore')]
  const edited = editBlock(before, {
    begin: marker.replace('{mark}', 'BEGIN'),
    end: marker.replace('{mark}', 'END'),
    block: textIn(args, 'block') ?? '',
    ...(insertAfter === undefined ? {} : { insertAfter }),
    ...(insertBefore === undefined ? {} : { insertBefore }),
  })
  return 'text' in edited ? edited.text : edited.problem
}

const ourLine = (before: string, args: Case['args']): string =>
  editLine(before, {
    state: args.state === 'absent' ? 'absent' : 'present',
    line: textIn(args, 'line'),
    regexp: textIn(args, 'regexp'),
    insertAfter: textIn(args, 'insertafter'),
    insertBefore: textIn(args, 'insertbefore'),
    backrefs: args.backrefs === true,
    firstMatch: args.firstmatch === true,
  })

test.run()
