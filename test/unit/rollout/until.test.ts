import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, is, match, ok } from 'uvu/assert'
import { batchGate, command, defineRole, gate, holds, hostCheck, window } from '../../../engine/index.ts'
import type { Took } from '../../../engine/rollout/took.ts'
import { judge, type Until } from '../../../engine/rollout/until.ts'
import { inMemory } from '../in-memory.ts'

const minute = 60
const at = Date.parse('2026-12-01T03:30:00Z')
const took = (seconds: number, hosts = 1, play = 'masters'): Took => ({ run: 'r1', play, hosts, seconds })

interface Case {
  /** Minutes. */
  readonly left: number
  readonly takes?: number
  readonly pause?: number
  readonly only?: true
  readonly repair?: true
}
const judged = ({ left, takes, pause, only = undefined, repair }: Case) =>
  judge(
    {
      at,
      said: '04:30',
      now: at - left * minute * 1000,
      onlyWhatFits: only === true,
      ...(takes === undefined ? {} : { estimate: { seconds: takes * minute, by: took(takes * minute), times: 1 } }),
    },
    { ...(pause === undefined ? {} : { pause: pause * minute }), ...(repair && { isRepair: true }) },
  )

const cases: readonly (readonly [what: string, given: Case, kind: string, why?: string])[] = [
  ['there is time', { left: 60, takes: 12 }, 'in time'],
  ['it ends with the window', { left: 12, takes: 12 }, 'in time'],
  ['… also where nothing else is begun', { left: 12, takes: 12, only: true }, 'in time'],
  [
    'it may end too late',
    { left: 11, takes: 12 },
    'late',
    'the window ends at 04:30, in 11 min, and it may take 12 min, as 1 host took 12 min in run r1',
  ],
  [
    '… and is not begun then',
    { left: 11, takes: 12, only: true },
    'not begun',
    'the window ends at 04:30, in 11 min, and it may take 12 min, as 1 host took 12 min in run r1',
  ],
  ['nothing is known', { left: 1 }, 'a guess'],
  ['… also where only what fits is begun', { left: 1, only: true }, 'a guess'],
  ['the window is over', { left: 0, takes: 12 }, 'not begun', 'the window ends at 04:30'],
  ['the window is long over', { left: -500 }, 'not begun', 'the window ends at 04:30'],
  ['… for who was left half-way, too', { left: 0, takes: 1, repair: true }, 'not begun', 'the window ends at 04:30'],
  [
    'who was left half-way is brought back',
    { left: 1, takes: 12, only: true, repair: true },
    'late',
    'the window ends at 04:30, in 60 s, and it may take 12 min, as 1 host took 12 min in run r1',
  ],
  ['a pause that ends before', { left: 60, takes: 12, pause: 30, only: true }, 'in time'],
  [
    'a pause that ends with the window',
    { left: 30, pause: 30 },
    'not begun',
    'the window ends at 04:30, before a pause of 30 min is over',
  ],
  [
    'a pause that ends after it',
    { left: 20, takes: 1, pause: 30 },
    'not begun',
    'the window ends at 04:30, before a pause of 30 min is over',
  ],
  [
    'a pause, and no time for what follows',
    { left: 40, takes: 12, pause: 30, only: true },
    'not begun',
    'the window ends at 04:30, in 40 min, and it may take 12 min after a pause of 30 min, as 1 host took 12 min in run r1',
  ],
  ['a pause, and a guess', { left: 40, pause: 30, only: true }, 'a guess'],
]
for (const [what, given, kind, why] of cases)
  test(`the judge: ${what}`, () => equal(judged(given), { kind, ...(why === undefined ? {} : { why }) }))

const anyCase = fc.record({
  left: fc.integer({ min: -100, max: 100 }),
  takes: fc.option(fc.nat(100), { nil: undefined }),
  pause: fc.nat(50),
  only: fc.boolean(),
  repair: fc.boolean(),
})
test('property: nothing is begun after the end; with only what fits nothing that would end after it; else all that is before it', () => {
  fc.assert(
    fc.property(anyCase, ({ left, takes, pause, only, repair }) => {
      const { kind } = judged({
        left,
        pause,
        ...(takes === undefined ? {} : { takes }),
        ...(only && { only }),
        ...(repair && { repair }),
      })
      const begins = kind !== 'not begun'
      if (begins) ok(left > pause)
      if (only && !repair && begins && takes !== undefined) ok(left >= pause + takes)
      if (left > pause && (!only || repair || takes === undefined || left >= pause + takes)) ok(begins)
      is(kind === 'in time', left > pause && takes !== undefined && left >= pause + takes)
    }),
  )
})

/** A run with a clock of its own, which each host that is changed and each pause puts forward. */
async function run(
  options: Parameters<typeof inMemory>[0],
  {
    minutes = 60,
    each = 10,
    past = [],
    only = false,
    pause,
    ...more
  }: {
    readonly minutes?: number
    readonly each?: number
    readonly past?: readonly Took[]
    readonly only?: boolean
    readonly pause?: number
  } & Omit<NonNullable<Parameters<typeof inMemory>[1]>, 'until' | 'pause'> = {},
) {
  let now = at - minutes * minute * 1000
  const begun: { readonly host: string; readonly left: number }[] = []
  const until: Until = { at, said: '04:30', onlyWhatFits: only, past, now: () => now }
  const ran = await inMemory(options, {
    ...more,
    until,
    ...(pause === undefined ? {} : { pause }),
    onEvent: event => {
      more.onEvent?.(event)
      if (event.kind === 'taskStarted') {
        begun.push({ host: event.host, left: (at - now) / minute / 1000 })
        now += each * minute * 1000
      }
    },
  })
  const said = (kind: 'note' | 'warning') => ran.events.flatMap(event => (event.kind === kind ? [event.text] : []))
  return { ...ran, messages: ran.messages.filter(Boolean), begun, notes: said('note'), warnings: said('warning') }
}
const late = 'not begun: the window ends at 04:30'

test('no batch is begun once the window is over, and each host of those is told; the exit code is 2', async () => {
  const { changed, messages, exitCode, stopped } = await run({ serial: 1 }, { minutes: 15 })
  equal([changed, messages, exitCode], [['a', 'b'], [late], 2])
  is(stopped, 'masters: the window ends at 04:30')
})

test('a batch under way is not cut off', async () => {
  const { changed, outcomes } = await run({ serial: 2 }, { minutes: 5 })
  equal(
    [changed, outcomes],
    [
      ['a', 'b'],
      ['a changed', 'b changed', 'c skipped'],
    ],
  )
})

test('later plays are not run', async () => {
  const { stopped, changed } = await run({ serial: 1 }, { minutes: 25, later: [{ tasks: [command({ run: 'true' })] }] })
  equal(changed, ['a', 'b', 'c'])
  match(stopped, /^later 1: the window ends at 04:30/)
})

test('a play that comes too late brings nothing and begins nobody', async () => {
  const { outcomes, messages } = await run({}, { minutes: 0 })
  equal(
    [outcomes, messages],
    [
      ['a skipped', 'b skipped', 'c skipped'],
      [late, late, late],
    ],
  )
})

test('nothing that could not end in time is begun, where that is wanted; else it is said', async () => {
  const past = [took(20 * minute)]
  const only = await run({ serial: 1 }, { minutes: 35, past, only: true })
  equal([only.changed, only.messages], [['a', 'b'], [late]])
  match(
    only.stopped,
    /^masters: the window ends at 04:30, in 15 min, and it may take 20 min, as 1 host took 20 min in run r1$/,
  )
  equal(only.warnings, [])
  const all = await run({ serial: 1 }, { minutes: 35, past })
  equal(all.changed, ['a', 'b', 'c'])
  equal(all.warnings, [
    'masters: the window ends at 04:30, in 15 min, and it may take 20 min, as 1 host took 20 min in run r1',
  ])
  equal(all.notes, ['masters: it may take 20 min, as 1 host took 20 min in run r1'])
})

test('where there is no past, what this run has seen is the profile; before that it is a guess, and said to be', async () => {
  const { changed, warnings, stopped } = await run({ serial: 1 }, { minutes: 25, each: 15, only: true })
  equal(changed, ['a'])
  equal(warnings, ['masters: how long it takes is not known yet: that it ends before 04:30 is a guess'])
  match(stopped, /in 10 min, and it may take 15 min, as 1 host took 15 min in run test$/)
})

test('a gate behind a batch counts', async () => {
  let now = at - 60 * minute * 1000
  const slow = batchGate({
    name: 'shop',
    expected: 'it sells',
    look: async () => {
      now += 20 * minute * 1000
      return holds
    },
  })
  const until = { at, said: '04:30', onlyWhatFits: true, past: [], now: () => now }
  // Once before the first change, and once after it: 20 minutes are left then.
  const { changed, stopped } = await inMemory({ serial: 1, afterBatch: [slow] }, { until })
  equal(changed, ['a'])
  match(stopped, /in 20 min, and it may take 40 min/)
})

test('a pause that would end after the window is not waited for', async () => {
  const { changed, events, messages } = await run({ serial: 1 }, { minutes: 40, pause: 24 * 3600 })
  equal([changed, messages], [['a'], [late, late]])
  is(
    events.some(({ kind }) => kind === 'pause'),
    false,
  )
  const slid = await run({ serial: window(1) }, { minutes: 40, pause: 24 * 3600 })
  equal([slid.changed, slid.messages], [['a'], [late, late]])
  is(
    slid.events.some(({ kind }) => kind === 'pause'),
    false,
  )
})

test('in a sliding window no host is begun after the end', async () => {
  const { changed, messages, exitCode, events } = await run({ serial: window(1) }, { minutes: 15 })
  equal([changed, messages, exitCode], [['a', 'b'], [late], 2])
  equal(
    events.flatMap(event => (event.kind === 'hostStarted' ? [event.host] : [])),
    ['a', 'b'],
  )
})

test('in a sliding window no host is begun that could not end in time', async () => {
  const { changed, messages } = await run({ serial: window(1) }, { minutes: 25, past: [took(10 * minute)], only: true })
  equal([changed, messages], [['a', 'b'], [late]])
})

test('a host of a window that was only looked at when the window ends is not begun', async () => {
  // Three are looked at together, and there is room for one at a time.
  const ready = gate({ name: 'ready', timeout: 1, interval: 0.01, facts: () => ({}), check: () => holds })
  const { changed, messages, begun } = await run(
    { serial: window(3), gate: ready, keepAvailable: () => 2 },
    { minutes: 5 },
  )
  equal([changed, messages, begun.length], [['a'], [late, late], 1])
})

test('gates are asked of those in flight when the window ends, and what they see is told before that it has ended', async () => {
  let now = at - 5 * minute * 1000
  let isOpen = true
  const asked: string[] = []
  const shop = batchGate({
    name: 'shop',
    expected: 'it sells',
    timeout: 0.01,
    interval: 0.01,
    look: async ({ hosts }) => {
      asked.push(hosts.map(({ name }) => name).join())
      return isOpen ? holds : { ok: false, expected: 'it sells', saw: 'a closed door' }
    },
  })
  // Of the two that are in flight a is well once b is waited for, which takes some time.
  let looks = 0
  const ready = gate({
    name: 'ready',
    timeout: 60,
    interval: 0.01,
    facts: () => ({}),
    check: (_, { host }) => {
      if (host.name === 'c' || (host.name === 'a' && now === at)) return holds
      if (host.name === 'b') looks += 1
      if (looks >= 20) isOpen = false
      if (looks > 20) return holds
      return { ok: false, expected: 'it is well', saw: 'it is not yet' }
    },
  })
  const { stopped, messages } = await inMemory(
    { serial: window(2), gate: ready, afterBatch: [shop] },
    {
      until: { at, said: '04:30', onlyWhatFits: false, past: [], now: () => now },
      onEvent: event => {
        if (event.kind === 'gate' && event.host === 'b' && event.status === 'waiting') now = at
      },
    },
  )
  equal(messages.filter(Boolean).length, 1)
  match(stopped, /^masters: after b: gate "shop"/)
  is(asked.at(-1), 'b')
})

test('in check mode all are looked at, whatever the time, and it is said how long they may take', async () => {
  const { outcomes, notes, exitCode } = await run({ serial: 1 }, { minutes: 0, check: true, past: [took(90)] })
  equal([outcomes, exitCode], [['a changed', 'b changed', 'c changed'], 0])
  equal(notes, ['masters: it may take 90 s, as 1 host took 90 s in run r1'])
})

test('what is only looked at is no matter of time, once it was begun in time', async () => {
  let now = at - minute * 1000
  const until = { at, said: '04:30', onlyWhatFits: false, past: [], now: () => now }
  const { outcomes, messages } = await inMemory(
    { serial: 2 },
    {
      until,
      answer: (_, { kind }) => kind.name === 'isDone' || undefined,
      probe: () => {
        now = at
      },
    },
  )
  equal([outcomes, messages.filter(Boolean)], [['a ok', 'b ok', 'c skipped'], [late]])
})

test('a batch that was looked at until the time was over is not begun', async () => {
  let now = at - minute * 1000
  const until = { at, said: '04:30', onlyWhatFits: false, past: [], now: () => now }
  const probe = () => {
    now = at
  }
  const { changed, messages } = await inMemory({}, { until, probe })
  equal([changed, messages], [[], [late, late, late]])
})

test('a batch that goes in turns is not cut off between them', async () => {
  const ready = gate({ name: 'ready', timeout: 1, interval: 0.01, facts: () => ({}), check: () => holds })
  const { changed } = await run({ serial: 3, gate: ready, keepAvailable: () => 2 }, { minutes: 5 })
  equal(changed, ['a', 'b', 'c'])
})

test('a play that comes too late brings nothing', async () => {
  let isBrought = false
  const brings = defineRole({
    name: 'brings',
    params: { type: 'object', properties: {} },
    provide: async () => {
      isBrought = true
    },
    tasks: () => [command({ run: 'true' })],
  })
  const { outcomes } = await run({ roles: [brings()] }, { minutes: 0 })
  equal([outcomes, isBrought], [['a skipped', 'b skipped', 'c skipped'], false])
})

test('checks, which ask whether all is done, are left out where it is not', async () => {
  const checked = defineRole({
    name: 'checked',
    params: { type: 'object', properties: {} },
    tasks: () => [command({ run: 'true' })],
    checks: () => [hostCheck({ name: 'done', facts: {}, verdict: () => ({ ok: true, expected: 'it is', saw: 'it' }) })],
  })
  for (const serial of [1, window(1)]) {
    const over = await run({ serial, roles: [checked()] }, { minutes: 5 })
    equal([over.changed, over.events.some(({ kind }) => kind === 'check')], [['a'], false])
    const { events } = await run({ serial, roles: [checked()] })
    is(
      events.some(({ kind }) => kind === 'check'),
      true,
    )
  }
})

test('property: whatever the sizes and times, nobody is begun after the end; with only what fits nobody whom the past would have end after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 2, 3, window(1), window(2), [1, window(2)]),
      fc.nat(40),
      fc.integer({ min: 1, max: 20 }),
      fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
      fc.boolean(),
      async (serial, minutes, each, known, only) => {
        const past = known === undefined ? [] : [took(known * minute)]
        const { events, begun, changed, messages } = await run({ serial }, { minutes, each, past, only })
        const batches = events.flatMap(event =>
          event.kind === 'hostStarted'
            ? [[event.host]]
            : event.kind === 'batchStarted' && !event.window
              ? [event.hosts]
              : [],
        )
        for (const hosts of batches.length > 0 ? batches : [['a', 'b', 'c']]) {
          const first = begun.find(({ host }) => hosts.includes(host))
          if (first === undefined) continue
          ok(first.left > 0)
          if (only && known !== undefined) ok(first.left >= known * hosts.length)
        }
        equal(changed.length + messages.filter(message => message === late).length, 3)
      },
    ),
    { numRuns: 200 },
  )
})

test.run()
