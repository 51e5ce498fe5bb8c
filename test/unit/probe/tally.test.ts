import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addSample, emptyTally, percentile, summary } from '../../../scripts/probe/tally.mjs'

/** Samples given as [start ms, duration ms, reason]. */
const tallied = (...samples: [number, number, string?][]) => {
  const tally = emptyTally()
  for (const [t, d, e] of samples) addSample(tally, { k: 'new /', t: t * 1000, d: d * 1000, ...(e ? { e } : {}) })
  return summary(tally)
}

test('the gap runs from the end of one success to the end of the next', () => {
  const row = tallied([0, 10], [50, 10], [100, 5, 'refused'], [500, 20], [550, 20])
  assert.is(row.longestGapMs, 460)
  assert.is(row.longestGapAt, new Date(60).toISOString())
  assert.is(row.failures, 1)
  assert.equal(row.firstFailures, [{ at: new Date(100).toISOString(), after: 5, reason: 'refused' }])
})

test('a path that never answers has a gap over its whole time', () => {
  assert.is(tallied([0, 5, 'x'], [1000, 5000, 'timeout']).longestGapMs, 6000)
})

test('a path that ends in failures has its gap counted to the end', () => {
  assert.is(tallied([0, 10], [1000, 5, 'x'], [3000, 5, 'x']).longestGapMs, 2995)
})

test('a slow success told late does not turn time back', () => {
  const row = tallied([100, 10], [150, 10], [0, 155])
  assert.is(row.longestGapMs, 50)
  assert.is(tallied([100, 10], [150, 10], [0, 155], [200, 10]).longestGapMs, 50)
})

test('only the first five failures are told, all are counted', () => {
  const row = tallied(...Array.from({ length: 9 }, (_, i): [number, number, string] => [i, 1, `e${i}`]))
  assert.is(row.failures, 9)
  assert.equal(
    row.firstFailures.map(failure => failure.reason),
    ['e0', 'e1', 'e2', 'e3', 'e4'],
  )
})

test('percentiles are of successes, by nearest rank, in ms', () => {
  assert.is(percentile(Float64Array.of(1000, 2000, 3000, 4000), 0.5), 2)
  assert.is(percentile(Float64Array.of(1000, 2000, 3000, 4000), 0.99), 4)
  assert.is(percentile(new Float64Array(), 0.5), null)
  assert.is(tallied([0, 3], [5, 900, 'x']).p99Ms, 3)
})

test.run()
