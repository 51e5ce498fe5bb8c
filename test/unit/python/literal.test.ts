import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { literalEval } from '../../../engine/python/literal.ts'
import { toValue } from '../../../engine/python/node.ts'

const table: readonly (readonly [text: string, value: unknown])[] = [
  ['23', 23],
  ['-5', -5],
  ['+1', 1],
  ['1.30', 1.3],
  ['1e3', 1000],
  ['0x1f', 31],
  ['0o17', 15],
  ['0b11', 3],
  ['1_000', 1000],
  ['0644', '0644'],
  ['00', 0],
  ['12345678901234567890', 12345678901234567890n],
  ['True', true],
  ['true', 'true'],
  ['yes', 'yes'],
  ['None', null],
  ['null', 'null'],
  ['8080 # web', 8080],
  ['"a" "b"', 'ab'],
  ['"it\'s" # c', "it's"],
  ["'a\\tb'", 'a\tb'],
  ["r'\\d'", '\\d'],
  ["b'x'", 'x'],
  ["'''long'''", 'long'],
  ['1,2', [1, 2]],
  ['()', []],
  ['(1)', 1],
  ['(1,)', [1]],
  ['[1, "a", None,]', [1, 'a', null]],
  ['{"a": {"b": [1.5]}}', { a: { b: [1.5] } }],
  ['{1: 2}', { 1: 2 }],
  ['{{ x }}', '{{ x }}'],
  ['["{{ x }}"]', ['{{ x }}']],
  ['[1', '[1'],
  ['1+2', '1+2'],
  ['--5', '--5'],
  ['10.0.0.1', '10.0.0.1'],
  ['1.2.3', '1.2.3'],
  ['v1.2', 'v1.2'],
  ['"open', '"open'],
  ['', ''],
  [`${'['.repeat(5000)}`, '['.repeat(5000)],
]

for (const [text, value] of table) {
  test(`the INI value ${text.slice(0, 30)} is read as Python's literal_eval reads it`, () => {
    const node = literalEval(text, 1, 1)
    assert.equal(
      toValue(node, 'hosts', cipher => cipher),
      value,
    )
  })
}

test('a float keeps being one when it is a whole number', () => {
  assert.equal(literalEval('1.0', 1, 1), { kind: 'scalar', type: 'float', value: 1, line: 1, column: 1 })
})

test.run()
