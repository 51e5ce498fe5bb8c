import { test } from 'uvu'
import { equal, type } from 'uvu/assert'
import { batchesOf, batchSize, checkSerial, parseSerial, type Serial } from '../../../engine/playbook/serial.ts'

const sizes = (total: number, serial: Serial | undefined) =>
  batchesOf(
    Array.from({ length: total }, (_, index) => index),
    serial,
  ).map(batch => batch.length)

const table: readonly (readonly [string, number, Serial | undefined, readonly number[]])[] = [
  ['no serial takes all', 5, undefined, [5]],
  ['a number', 5, 2, [2, 2, 1]],
  ['a number as text, as --serial gives it', 5, '2', [2, 2, 1]],
  ['20% of 3 is one at a time', 3, '20%', [1, 1, 1]],
  ['20% of 10', 10, '20%', [2, 2, 2, 2, 2]],
  ['100%', 3, '100%', [3]],
  ['the last item of a list repeats', 10, [1, 3], [1, 3, 3, 3]],
  ['a list of both', 20, [1, '25%'], [1, 5, 5, 5, 4]],
  ['zero takes the rest', 5, [2, 0], [2, 3]],
  ['a negative number takes everyone', 5, -1, [5]],
  ['no hosts, no batches', 0, '20%', []],
]
for (const [name, total, serial, expected] of table)
  test(`batches: ${name}`, () => equal(sizes(total, serial), expected))

test("a percentage is rounded as Python's int((pct/100.0)*n) rounds it", () => {
  equal(batchSize('29%', 100), 28)
  equal(batchSize('1%', 3), 1)
  equal(batchSize('57%', 100), 56)
})

test('what is neither number nor percentage is refused by name', () => {
  equal(checkSerial('20%'), undefined)
  equal(checkSerial([1, '10%']), undefined)
  type(checkSerial('abc'), 'string')
  type(checkSerial('20%x'), 'string')
  type(checkSerial([]), 'string')
  equal(parseSerial('1,20%'), ['1', '20%'])
})

test.run()
