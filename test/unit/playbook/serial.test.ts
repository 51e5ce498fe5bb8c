import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import {
  asWindow,
  batchSize,
  checkSerial,
  parseSerial,
  portionsOf,
  type Serial,
  window,
} from '../../../engine/playbook/serial.ts'

const numbered = (total: number) => Array.from({ length: total }, (_, index) => index)
/** How many hosts each batch has; of a window how many are in flight, and of how many. */
const sizes = (total: number, serial: Serial | undefined) =>
  portionsOf(numbered(total), serial).map(({ hosts, window }) =>
    window === undefined ? hosts.length : `${window} of ${hosts.length}`,
  )

const table: readonly (readonly [string, number, Serial | undefined, readonly (number | string)[]])[] = [
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
  ['a window takes all hosts', 10, window('20%'), ['2 of 10']],
  ['a share of three is one at a time', 3, window('20%'), ['1 of 3']],
  ['a window as a number, and as text', 10, [window('3')], ['3 of 10']],
  ['canaries before a window are batches', 10, [1, 2, window(3)], [1, 2, '3 of 7']],
  ['a share is one of all hosts, canaries too', 20, [10, window('25%')], [10, '5 of 10']],
  ['where canaries are all there are, there is no window', 2, [1, 1, window(3)], [1, 1]],
  ['a window may be larger than the rest', 3, [1, window(9)], [1, '9 of 2']],
  ['no hosts, no window', 0, window(3), []],
]
for (const [name, total, serial, expected] of table)
  test(`batches: ${name}`, () => equal(sizes(total, serial), expected))

test("a percentage is rounded as Python's int((pct/100.0)*n) rounds it", () => {
  equal(batchSize('29%', 100), 28)
  equal(batchSize('1%', 3), 1)
  equal(batchSize('57%', 100), 56)
})

const good: readonly Serial[] = ['20%', [1, '10%'], 0, -1, '0%', window(1), window('100%'), ['0%', window(1)]]
for (const serial of good) test(`${JSON.stringify(serial)} is a serial`, () => equal(checkSerial(serial), undefined))

const bad: readonly (readonly [Serial, RegExp])[] = [
  ['abc', /^serial "abc" is neither a number of hosts nor a percentage such as 20%$/],
  ['20%x', /^serial "20%x" is neither/],
  [2.5, /^serial 2.5 is neither/],
  [[], /^serial is an empty list$/],
  ['window(20%)', /is neither .*; a window is window\('20%'\) in a playbook, and --serial 20% --window on the command/],
  [window('0%'), /^serial window\("0%"\): a window has one host at least; without serial all hosts go at once$/],
  [window(0), /^serial window\(0\): a window has one host at least/],
  [window(-3), /^serial window\(-3\): a window has one host at least/],
  [window('20 percent'), /^serial window\("20 percent"\): expected a number of hosts or a percentage/],
  [window(1.5), /^serial window\(1.5\): expected a number/],
  [window(undefined as never), /^serial window\(\): expected a number/],
  [null as never, /^serial null is neither/],
  [{ windw: 3 } as never, /^serial window\(\): expected a number/],
  [[window(2), 1], /^serial window\(2\): a window takes the rest, so it comes last$/],
  [[window(2), window(3)], /^serial window\(2\): a window takes the rest/],
  [[0, window(2)], /^serial 0 takes every host, and leaves none to the window behind it$/],
  [[1, '-1', window(2)], /^serial -1 takes every host/],
]
for (const [serial, reason] of bad)
  test(`${JSON.stringify(serial)} is refused, and why`, () => match(checkSerial(serial) ?? '', reason))

const turned: readonly (readonly [Serial, Serial])[] = [
  ['20%', [window('20%')]],
  [
    [1, '20%'],
    [1, window('20%')],
  ],
  [parseSerial('1,5,20%'), ['1', '5', window('20%')]],
  [window(2), window(2)],
]
for (const [serial, expected] of turned)
  test(`--window makes of ${JSON.stringify(serial)} a window that is refilled`, () => equal(asWindow(serial), expected))

test('property: every host is in one portion, in its order, and a window is the last of them', () => {
  const size = fc.oneof(
    fc.integer({ min: -2, max: 9 }),
    fc.integer({ min: 0, max: 120 }).map(share => `${share}%`),
  )
  const serial = fc.tuple(fc.array(size, { maxLength: 4 }), fc.option(size.map(window), { nil: undefined }))
  fc.assert(
    fc.property(fc.nat(30), serial, (total, [batches, last]) => {
      const items = [...batches, ...(last ? [last] : [])]
      if (items.length === 0 || checkSerial(items) !== undefined) return
      const portions = portionsOf(numbered(total), items)
      equal(
        portions.flatMap(({ hosts }) => hosts),
        numbered(total),
      )
      ok(portions.every(({ window }, index) => window === undefined || (window >= 1 && index === portions.length - 1)))
      ok(portions.every(({ hosts }) => hosts.length > 0))
      if (last && portions.length > batches.length) ok(portions.at(-1)?.window !== undefined)
    }),
  )
})

test.run()
