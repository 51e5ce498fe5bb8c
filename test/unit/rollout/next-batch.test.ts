import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { batchGate, holds } from '../../../engine/index.ts'
import type { Confirmed } from '../../../engine/rollout/session.ts'
import type { Until } from '../../../engine/rollout/until.ts'
import { inMemory } from '../in-memory.ts'

type Given = Omit<NonNullable<Parameters<typeof inMemory>[1]>, 'confirm'>

/** An operator who answers so, one question after the other. */
async function asked(
  answers: readonly Confirmed[],
  options: Parameters<typeof inMemory>[0] = { serial: 1 },
  given: Given = {},
) {
  const questions: string[] = []
  const ran = await inMemory(options, {
    ...given,
    confirm: async question => {
      questions.push(question)
      return answers[questions.length - 1] ?? 'no'
    },
  })
  return { ...ran, questions, said: ran.messages.filter(Boolean) }
}

test('each batch but the first is asked about, after one that has changed something', async () => {
  const { questions, changed, exitCode, events } = await asked(['yes', 'yes'])
  equal(questions, ['masters: next batch: b (batch 2 of 3); go on?', 'masters: next batch: c (batch 3 of 3); go on?'])
  equal([changed, exitCode], [['a', 'b', 'c'], 0])
  const notes = events.flatMap(event => (event.kind === 'note' ? [event.text] : []))
  equal(notes, [
    'masters: before batch 2 of 3 the operator said yes',
    'masters: before batch 3 of 3 the operator said yes',
  ])
})

test('no ends the run: of what is not begun it is told, and later plays are not run', async () => {
  const { changed, said, exitCode, stopped } = await asked(['no'], { serial: 1 }, { later: [{ tasks: [] }] })
  equal([changed, said, exitCode], [['a'], ['not begun: the operator said no', 'not begun: the operator said no'], 2])
  match(stopped, /^masters: before batch 2 of 3 the operator said no/)
})

test('nobody is asked where nothing was changed, in check mode, where all go at once, and where a run stops', async () => {
  const done: Given = { answer: (_, { kind }) => kind.name === 'isDone' || undefined }
  for (const [options, given] of [
    [{ serial: 1 }, done],
    [{ serial: 1 }, { check: true }],
    [{}, {}],
  ] as const)
    equal((await asked([], options, given)).questions, [])
})

test('many hosts are not all named', async () => {
  const { questions } = await asked(['yes'], { serial: [1, 2] })
  match(questions.join(), 'next batch: b, c (batch 2 of 2)')
})

test('gates are asked once more after the answer, however long it took', async () => {
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
      confirm: async () => {
        isUp = false
        return 'yes'
      },
    },
  )
  equal(changed, ['a'])
  match(stopped, /^masters: before batch 2 of 3: gate "shop"/)
})

test('an answer that comes after the end of the window begins nothing', async () => {
  let now = 0
  const until: Until = { at: 1000, said: '04:30', onlyWhatFits: false, past: [], now: () => now }
  const { changed, messages } = await inMemory(
    { serial: 1 },
    {
      until,
      confirm: async () => {
        now = 1000
        return 'all'
      },
    },
  )
  equal(changed, ['a'])
  is(messages.at(-1), 'not begun: the window ends at 04:30')
})

test('nobody is asked once the pause would end after the window', async () => {
  const until: Until = { at: 1000, said: '04:30', onlyWhatFits: false, past: [], now: () => 0 }
  const { questions, changed } = await asked(['yes'], { serial: 1 }, { until, pause: 3600 })
  equal([questions, changed], [[], ['a']])
})

test('an interruption at the question is one, and a fault is a fault', async () => {
  const abort = new AbortController()
  const { stopped, exitCode } = await inMemory(
    { serial: 1 },
    {
      signal: abort.signal,
      confirm: async () => {
        abort.abort()
        throw new Error('interrupted, with a question open')
      },
    },
  )
  equal([stopped, exitCode], ['interrupted', 130])
  const broken = inMemory({ serial: 1 }, { confirm: async () => Promise.reject(new Error('no terminal')) })
  is(await broken.then(() => 'went on').catch((error: Error) => error.message), 'no terminal')
})

test.run()
