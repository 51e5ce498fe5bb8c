import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../engine/failure/index.ts'
import { selectHosts } from '../../engine/inventory/index.ts'
import { RegexpError, regexp } from '../../engine/regexp/index.ts'
import { editBlock } from '../../engine/tasks/edit-block.ts'
import { editLine } from '../../engine/tasks/edit-line.ts'
import { cpuTime } from '../cpu-time.ts'
import { load } from '../unit/inventory/support.ts'

// A host whose files hold what makes the patterns of a play take for ever on the control machine, and patterns that do
// so by themselves.

function inTime<T>(action: () => T): T {
  const started = cpuTime()
  try {
    return action()
  } finally {
    const seconds = (cpuTime() - started) / 1000
    assert.ok(seconds < 10, `it took ${seconds.toFixed(1)} s`)
  }
}

const present = { state: 'present', line: 'x' } as const

test('a line that makes a pattern try everything is just a line', () => {
  const text = `${'a'.repeat(100_000)}!\nb\n`
  assert.is(
    inTime(() => editLine(text, { ...present, regexp: '^(a+)+$' })),
    `${text}x\n`,
  )
  assert.is(
    inTime(() => editLine(text, { state: 'absent', regexp: '^\\s*(\\w+\\s*)*=$' })),
    text,
  )
  assert.is(
    inTime(() => editLine(text, { ...present, insertAfter: '(a|a)*b' })),
    `${text}x\n`,
  )
  const edited = inTime(() => editBlock(text, { begin: '<', end: '>', block: 'x', insertAfter: '(?m)^(a|aa)+$' }))
  assert.equal(edited, { text: `${text}<\nx\n>\n` })
})

test('a file of many such lines, where nothing but trying helps, is refused as a whole', () => {
  const text = `${'a'.repeat(40)}b\n`.repeat(10_000)
  const refused = (action: () => unknown) => {
    try {
      inTime(action)
    } catch (error) {
      assert.instance(error, RegexpError)
      assert.match((error as RegexpError).message, /^the pattern takes more than \d+ steps on this text$/)
      return true
    }
    return false
  }
  assert.ok(refused(() => editLine(text, { ...present, regexp: '^(?:(a+)+)\\1$' })))
  assert.ok(refused(() => editLine(text, { state: 'absent', regexp: '^(?:(a+)+)\\1$' })))
  assert.ok(refused(() => editLine(text, { ...present, insertBefore: '^(?:(a+)+)\\1$' })))
  assert.ok(refused(() => editBlock(text, { begin: '<', end: '>', block: 'x', insertAfter: '^(?:(a+)+)\\1$' })))
})

test('a line of a million carriage returns is read once', () => {
  const text = `${'\r'.repeat(1_000_000)}a\n`
  assert.is(
    inTime(() => editLine(text, { ...present, regexp: '^p' })),
    `${text}x\n`,
  )
})

test('a pattern for hosts takes no longer than their names, with stars or as an expression', async () => {
  const inventory = await load({ 'hosts.ini': `${'a'.repeat(200)}\n${'ab'.repeat(100)}\n` })
  for (const pattern of [`${'*a'.repeat(60)}*c`, `~(a+)+$x`, `~(a|a)*b(a|b)*c`, `${'?*'.repeat(80)}c`])
    assert.equal(
      inTime(() => selectHosts(inventory, pattern)),
      [],
      pattern,
    )
  assert.is(inTime(() => selectHosts(inventory, '~(a+)+$')).length, 1)
  assert.is(inTime(() => selectHosts(inventory, `${'*a'.repeat(60)}*`)).length, 2)
  for (const pattern of ['~(', '~a**', '~(?:(a+)+)\\1c', '~(a{1000}){1000}']) {
    try {
      inTime(() => selectHosts(inventory, pattern))
      assert.unreachable(pattern)
    } catch (error) {
      assert.instance(error, Failure)
      assert.match((error as Failure).message, /^hosts: '~.*' can't be matched: /)
    }
  }
})

test('the time grows with the text and not with what could be tried', () => {
  for (const pattern of [
    '^(a+)+$',
    '^(a|a)*$',
    '(x+x+)+y',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(?=(a+)+b)c',
    '(?<!(?:a|a)b)d',
  ]) {
    for (const letter of ['a', 'x']) {
      const text = `${letter.repeat(100_000)}!`
      assert.not.ok(
        inTime(() => regexp(pattern).search(text)),
        `${pattern} on ${letter}`,
      )
    }
  }
})

test.run()
