import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, is, ok } from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { estimate, type Took, timesOf } from '../../../engine/rollout/took.ts'

type Timed = readonly [second: number, event: RunEvent]

const play = 'masters'
const started = (batches: number, hosts: string, window?: number): RunEvent => ({
  kind: 'playStarted',
  play,
  number: 1,
  hosts: hosts.split(' '),
  batches,
  ...(window === undefined ? {} : { window }),
})
const batch = (number: number, hosts: string): RunEvent => ({
  kind: 'batchStarted',
  play,
  number,
  of: 2,
  hosts: hosts.split(' '),
})
const begun = (host: string): RunEvent => ({ kind: 'hostStarted', host, play, inFlight: [host], done: 0, of: 2 })
const works = (host: string): RunEvent => ({ kind: 'taskStarted', host, play, role: 'r', task: 't' })
const enters = (host: string): RunEvent => ({
  ...{ kind: 'around', host, name: 'drain', phase: 'announce', status: 'started' },
})
const ended = (
  host: string,
  outcome: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable' = 'changed',
): RunEvent => ({
  ...{ kind: 'hostFinished', host, play, outcome, changes: 1 },
})
const gate = (
  status: 'holds' | 'waiting' | 'failed',
  host?: string,
  from: string | undefined = 'site.mjs:1:1',
): RunEvent => ({
  ...{ kind: 'gate', gate: 'shop', status },
  ...(from === '' ? {} : { from }),
  ...(host === undefined ? {} : { host }),
})

/** As `hosts/seconds`. */
const tookIn = (events: readonly Timed[]): string => {
  const times = timesOf('1')
  for (const [second, event] of events) times.hear(event, second * 1000)
  return times
    .took()
    .map(({ hosts, seconds }) => `${hosts}/${seconds}`)
    .join(' ')
}

const stories: readonly (readonly [what: string, events: readonly Timed[], expected: string])[] = [
  [
    'one batch of all',
    [
      [0, started(1, 'a b')],
      [5, ended('a')],
      [9, ended('b')],
    ],
    '2/9',
  ],
  [
    'batches, the slowest of each, and no pause between them',
    [
      [0, started(2, 'a b c')],
      [1, batch(1, 'a b')],
      [4, ended('b')],
      [6, ended('a')],
      [60, batch(2, 'c')],
      [63, ended('c')],
    ],
    '2/5 1/3',
  ],
  [
    'the gates behind it, until the last holds',
    [
      [0, started(1, 'a')],
      [5, ended('a')],
      [6, gate('waiting')],
      [9, gate('holds')],
      [11, gate('holds')],
    ],
    '1/11',
  ],
  [
    'a gate of the host is within',
    [
      [0, started(1, 'a')],
      [5, ended('a')],
      [8, gate('holds', 'a', '')],
    ],
    '1/5',
  ],
  [
    'gates that do not hold: nobody knows how long it would have taken',
    [
      [0, started(1, 'a')],
      [5, ended('a')],
      [9, gate('failed')],
    ],
    '',
  ],
  [
    'so many as were changed',
    [
      [0, started(1, 'a b c')],
      [2, ended('a', 'ok')],
      [3, ended('b')],
      [4, ended('c')],
    ],
    '2/4',
  ],
  [
    'nothing was changed',
    [
      [0, started(1, 'a b')],
      [2, ended('a', 'ok')],
      [3, ended('b', 'ok')],
    ],
    '',
  ],
  [
    'one has failed',
    [
      [0, started(1, 'a b')],
      [2, ended('a')],
      [3, ended('b', 'failed')],
    ],
    '',
  ],
  [
    'one can not be reached',
    [
      [0, started(1, 'a b')],
      [2, ended('a')],
      [3, ended('b', 'unreachable')],
    ],
    '',
  ],
  [
    'one was not begun',
    [
      [0, started(1, 'a b')],
      [2, ended('a')],
      [3, ended('b', 'skipped')],
    ],
    '',
  ],
  [
    'killed before its end',
    [
      [0, started(1, 'a b')],
      [2, ended('a')],
    ],
    '',
  ],
  [
    'in a window each host, from the first thing done: what it waits for room is no work',
    [
      [0, started(1, 'a b', 2)],
      [1, begun('a')],
      [1, begun('b')],
      [2, enters('a')],
      [3, works('a')],
      [5, ended('a')],
      [5, works('b')],
      [6, works('b')],
      [12, ended('b')],
    ],
    '1/3 1/7',
  ],
  [
    'in a window the gates behind the host, and not behind another',
    [
      [0, started(1, 'a b', 2)],
      [1, begun('a')],
      [1, begun('b')],
      [1, works('a')],
      [1, works('b')],
      [5, ended('a')],
      [6, ended('b')],
      [9, gate('holds', 'a')],
    ],
    '1/8 1/5',
  ],
  [
    'a window behind a batch',
    [
      [0, started(2, 'a b', 1)],
      [1, batch(1, 'a')],
      [3, ended('a')],
      [4, { kind: 'batchStarted', play, number: 2, of: 2, hosts: ['b'], window: 1 }],
      [4, begun('b')],
      [5, works('b')],
      [9, ended('b')],
    ],
    '1/2 1/4',
  ],
  [
    'the same host in another play',
    [
      [0, started(1, 'a')],
      [2, ended('a')],
      [5, started(1, 'a')],
      [9, ended('a')],
    ],
    '1/2 1/4',
  ],
  [
    'what becomes of the host in a later play is nothing of it',
    [
      [0, started(1, 'a')],
      [2, ended('a')],
      [3, started(2, 'a b')],
      [3, ended('a', 'skipped')],
    ],
    '1/2',
  ],
]
for (const [what, events, expected] of stories) test(`how long: ${what}`, () => equal(tookIn(events), expected))

const took = (hosts: number, seconds: number, of = play): Took => ({ run: 'r', play: of, hosts, seconds })
const guesses: readonly (readonly [
  what: string,
  known: readonly Took[],
  hosts: number,
  seconds: number | undefined,
])[] = [
  ['nothing is known', [], 1, undefined],
  ['of another play nothing is known', [took(1, 9, 'workers')], 1, undefined],
  ['the slowest', [took(1, 3), took(1, 9), took(1, 5)], 1, 9],
  ['of as many', [took(1, 90), took(3, 9)], 3, 9],
  ['of more', [took(5, 9), took(1, 3)], 3, 9],
  ['of more, and as many', [took(5, 9), took(3, 12)], 3, 12],
  ['fewer are known: as often as it takes', [took(1, 9), took(1, 7)], 3, 27],
  ['the largest of fewer', [took(1, 90), took(2, 10)], 5, 30],
]
for (const [what, known, hosts, seconds] of guesses)
  test(`how long it may take: ${what}`, () => is(estimate(known, play, hosts)?.seconds, seconds))

const anyTook = fc.record({
  run: fc.constantFrom('1', '2'),
  play: fc.constantFrom('p', 'q'),
  hosts: fc.integer({ min: 1, max: 9 }),
  seconds: fc.nat(1000),
})
test('property: no less than any of as many or more has taken; more hosts take no less; what else is known makes nothing of the same size quicker', () => {
  fc.assert(
    fc.property(fc.array(anyTook), anyTook, fc.integer({ min: 1, max: 20 }), (known, more, hosts) => {
      const guess = estimate(known, 'p', hosts)
      const own = known.filter(one => one.play === 'p')
      is(guess === undefined, own.length === 0)
      if (guess === undefined) return
      ok(own.every(one => one.hosts < hosts || guess.seconds >= one.seconds))
      ok(own.some(one => one === guess.by))
      ok(guess.seconds === guess.by.seconds * guess.times)
      ok(guess.by.hosts * guess.times >= hosts)
      const withMore = estimate([...known, { ...more, hosts: guess.by.hosts }], 'p', hosts)
      ok((withMore?.seconds ?? 0) >= guess.seconds)
    }),
  )
})

test.run()
