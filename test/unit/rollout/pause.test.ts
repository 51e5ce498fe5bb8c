import { test } from 'uvu'
import { equal, is } from 'uvu/assert'
import { batchGate, gate, holds, window } from '../../../engine/index.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { inMemory, isDone } from '../in-memory.ts'

/** What happens, in order: hosts that end, pauses, gates. */
const story = (events: readonly RunEvent[]): readonly string[] =>
  events.flatMap(event => {
    if (event.kind === 'pause') return [`${event.status} ${event.before}`]
    if (event.kind === 'hostFinished') return [`${event.host} ${event.outcome}`]
    return event.kind === 'gate' && event.host === undefined ? ['gate'] : []
  })

test('time passes between batches that change something, and not after the last', async () => {
  const { exitCode, events } = await inMemory({ serial: 1 }, { pause: 0.01 })
  is(exitCode, 0)
  equal(story(events), [
    'a changed',
    'started batch 2 of 3',
    'ended batch 2 of 3',
    'b changed',
    'started batch 3 of 3',
    'ended batch 3 of 3',
    'c changed',
  ])
})

test('in a window a host keeps its place for the time, and the next starts after it', async () => {
  const { events } = await inMemory({ serial: window(1) }, { pause: 0.01 })
  const told = events.flatMap(event => (event.kind === 'hostStarted' ? [`${event.host} starts`] : story([event])))
  equal(told, [
    'a starts',
    'a changed',
    'started the next after a',
    'ended the next after a',
    'b starts',
    'b changed',
    'started the next after b',
    'ended the next after b',
    'c starts',
    'c changed',
  ])
})

test('all of the time passes', async () => {
  const at: number[] = []
  const onEvent = ({ kind }: RunEvent) => {
    if (kind === 'pause') at.push(performance.now())
  }
  await inMemory({ serial: 2 }, { pause: 0.2, onEvent })
  const [from = 0, to = 0] = at
  // A timer may be a millisecond early.
  is(to - from > 195, true, `${to - from} ms`)
})

test('nobody waits after a batch without changes, without a pause, in check mode, or where all go at once', async () => {
  const none = async (...given: Parameters<typeof inMemory>) => story((await inMemory(...given)).events).join()
  const answer = (_: string, { kind }: { readonly kind: { readonly name: string } }) =>
    kind.name === 'isDone' || undefined
  is(await none({ serial: 1 }, { pause: 300, answer }), 'a ok,b ok,c ok')
  is(await none({ serial: 1 }), 'a changed,b changed,c changed')
  is(await none({ serial: 1 }, { pause: 300, check: true }), 'a changed,b changed,c changed')
  is(await none({}, { pause: 300 }), 'a changed,b changed,c changed')
})

test('a batch without changes takes the time of nobody, whatever the one before has done', async () => {
  const { events } = await inMemory(
    { serial: 1 },
    { pause: 0.01, answer: (host, { kind }) => (kind.name === 'isDone' && host === 'b') || undefined },
  )
  equal(story(events), ['a changed', 'started batch 2 of 3', 'ended batch 2 of 3', 'b ok', 'c changed'])
})

test('a rollout that stops does not wait for a batch that does not come', async () => {
  const never = gate({
    name: 'never',
    timeout: 0.01,
    interval: 0.01,
    facts: () => ({ done: isDone({}) }),
    check: () => ({ ok: false, expected: 'all is well', saw: 'it is not' }),
  })
  const { events, exitCode } = await inMemory({ serial: 1, gate: never }, { pause: 300 })
  equal([exitCode, story(events)], [2, ['a failed', 'b skipped', 'c skipped']])
})

test('after a pause the gates are asked once more: what has come up meanwhile stops the run', async () => {
  let isUp = true
  const shop = batchGate({
    name: 'shop',
    expected: 'it sells',
    timeout: 0.02,
    interval: 0.01,
    look: async () => (isUp ? holds : { ok: false, expected: 'it sells', saw: 'a closed door' }),
  })
  const { changed, stopped } = await inMemory(
    { serial: 1, afterBatch: [shop] },
    {
      pause: 0.01,
      onEvent: event => {
        if (event.kind === 'pause') isUp = false
      },
    },
  )
  equal(changed, ['a'])
  is(/^masters: before batch 2 of 3: gate "shop"/.test(stopped), true, stopped)
})

test('the operator ends a pause, and the run', async () => {
  const abort = new AbortController()
  const { changed, stopped } = await inMemory(
    { serial: 1 },
    { pause: 300, signal: abort.signal, onEvent: ({ kind }) => kind === 'pause' && abort.abort() },
  )
  equal([changed, stopped], [['a'], 'interrupted'])
})

test.run()
