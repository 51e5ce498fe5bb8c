import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, ok } from 'uvu/assert'
import { type Clock, waitUntil } from '../../../engine/host/wait.ts'
import { holds, type Verdict } from '../../../engine/index.ts'

const not: Verdict = { ok: false, expected: 'up', saw: 'down' }

/** Looks of a clock that only sleeping moves: one letter a look, `+` where it holds; the last goes on. */
async function looks(said: string, wait: { timeout?: number; interval?: number; holdFor?: number }, stop = Infinity) {
  let time = 1000
  let looked = 0
  const abort = new AbortController()
  const clock: Clock = {
    now: () => time,
    sleep: async seconds => {
      time += seconds
    },
  }
  const told: string[] = []
  const waited = await waitUntil(
    { timeout: 60, interval: 5, holdFor: 0, ...wait },
    async () => {
      looked += 1
      if (looked >= stop) abort.abort()
      return (said[Math.min(looked, said.length) - 1] ?? '+') === '+' ? holds : not
    },
    ({ saw }) => told.push(saw),
    abort.signal,
    clock,
  )
  return { looked, told, ...waited }
}

test('one look is enough where nothing has to hold for long', async () => {
  equal(await looks('+', {}), { looked: 1, told: [], status: 'holds', seconds: 0 })
})

test('it is looked at each interval until it holds', async () => {
  equal(await looks('--+', {}), { looked: 3, told: ['down', 'down'], status: 'holds', seconds: 10 })
})

test('what holds is looked at until it has held for long enough, and then at once', async () => {
  const { looked, told, ...waited } = await looks('-+', { holdFor: 12 })
  equal([looked, waited], [5, { status: 'holds', seconds: 17 }])
  equal(told, ['down', 'it has held for 0 s', 'it has held for 5 s', 'it has held for 10 s'])
})

test('a break begins the time anew', async () => {
  const { seconds, looked } = await looks('++-+', { holdFor: 10 })
  equal([looked, seconds], [6, 25])
})

test('what flaps never holds, and that is said', async () => {
  const waited = await looks('+-'.repeat(50), { holdFor: 10, timeout: 40 })
  equal(waited.status, 'failed')
  if (waited.status !== 'failed') return
  equal([waited.expected, waited.why], ['up, for 10 s without a break', 'after 40 s'])
  equal(waited.saw, 'down (it has held and broken 5 times)')
})

test('what does not hold for long enough in its time fails, though it holds at the end', async () => {
  const waited = await looks('-----------+', { holdFor: 30, timeout: 60 })
  equal(waited.status, 'failed')
  if (waited.status === 'failed')
    equal([waited.expected, waited.saw], ['it holds for 30 s without a break', 'it has held for 10 s'])
})

test('the operator ends it', async () => {
  const waited = await looks('-', {}, 3)
  equal([waited.looked, waited.status === 'failed' && waited.why], [3, 'interrupted'])
})

test('whatever is seen: it holds only if all looks of the last so many seconds did, and no look comes after the time', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 0, max: 20 }),
      async (seen, interval, holdFor) => {
        const said = seen.map(up => (up ? '+' : '-')).join('')
        const waited = await looks(said, { interval, holdFor, timeout: 60 })
        ok(waited.seconds <= 60 + interval)
        const all = [...Array(waited.looked).keys()].map(index => said[Math.min(index, said.length - 1)])
        const last = all.length - 1 - all.lastIndexOf('-')
        if (waited.status === 'holds') ok(holdFor === 0 ? last >= 1 : (last - 1) * interval >= holdFor)
        else ok(last === 0 || (last - 1) * interval < holdFor)
      },
    ),
  ))

test.run()
