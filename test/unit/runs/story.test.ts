import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { shown } from '../../../engine/journal/printable.ts'
import { painter } from '../../../engine/report/paint.ts'
import { runTable, storyLines } from '../../../engine/report/story.ts'
import { type Before, beforeOf } from '../../../engine/runs/progress.ts'
import { lineTaker } from '../../../engine/runs/read.ts'
import { type Here, stateOf } from '../../../engine/runs/state.ts'
import { readStory, type Story, storyOf } from '../../../engine/runs/story.ts'
import { askedBy } from './stories.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-story-'))
test.after(() => rmSync(dir, { recursive: true }))

const task = { host: 'b', play: 'masters', role: 'etcd', task: 'file /etc/x' }
const events: readonly RunEvent[] = [
  { kind: 'warning', text: 'host keys are not checked' },
  { kind: 'runStarted', run: '20260101T000000Z-7', playbook: 'upgrade', check: false, diff: false, asked: askedBy() },
  { kind: 'playStarted', play: 'hosts', number: 1, hosts: ['a', 'b'], batches: 1 },
  { kind: 'hostFinished', host: 'a', play: 'hosts', outcome: 'ok', changes: 0 },
  { kind: 'hostFinished', host: 'b', play: 'hosts', outcome: 'changed', changes: 1 },
  { kind: 'madeOf', inventory: [{ path: 'hosts.ini', digest: 'abc' }], code: [] },
  { kind: 'playStarted', play: 'masters', number: 2, hosts: ['b', 'a', 'c'], batches: 3 },
  { kind: 'batchStarted', play: 'masters', number: 1, of: 3, hosts: ['b'] },
  { kind: 'gate', gate: 'the shop answers', from: 'all.yml:3:5', status: 'holds', seconds: 1 },
  { kind: 'gate', gate: 'the shop answers', status: 'interrupted', expected: '200', saw: '503' },
  { kind: 'pause', play: 'masters', before: 'batch 1 of 3', seconds: 300, status: 'started' },
  { kind: 'planned', host: 'b', play: 'masters', tasks: 3, changes: 2, seconds: 0.1 },
  { kind: 'around', host: 'b', name: 'the node is drained', phase: 'announce', status: 'started' },
  { kind: 'around', host: 'b', name: 'the node is drained', phase: 'announce', status: 'done' },
  { kind: 'around', host: 'b', name: 'the port is closed', phase: 'enter', status: 'started' },
  { kind: 'taskStarted', ...task },
  {
    kind: 'task',
    ...task,
    status: 'changed',
    summary: 'content differs',
    diff: { path: '/etc/x', before: '', after: 'é' },
  },
  { kind: 'task', ...task, task: 'restart', status: 'failed', output: 'no\nsuch thing\u001b[2J\u202e' },
  { kind: 'around', host: 'b', name: 'the port is closed', phase: 'leave', status: 'done' },
  {
    kind: 'hostFinished',
    host: 'b',
    play: 'masters',
    outcome: 'failed',
    changes: 1,
    message: 'exit code 1',
    hint: 'see',
  },
  { kind: 'stopped', reason: 'masters: failed on b' },
  {
    kind: 'runFinished',
    run: '20260101T000000Z-7',
    hosts: [{ host: 'b', outcome: 'failed', ok: 1, changed: 1, failed: 1, programs: 3, roundTrips: 3, connections: 1 }],
    notRun: [{ play: 'balancers', why: 'nobody is in it' }],
    seconds: 3,
    exitCode: 2,
  },
]
const lines = events.map((event, index) =>
  JSON.stringify({ at: `2026-01-01T00:00:${String(index).padStart(2, '0')}.000Z`, ...event }),
)
const whole = Buffer.from(`${lines.join('\n')}\n`)

const storyIn = async (content: Uint8Array | string): Promise<Story | undefined> => {
  const file = join(dir, 'journal.ndjson')
  writeFileSync(file, content)
  return readStory(file)
}
const alive = { machine: 'here', began: () => undefined }
const told = (story: Story): readonly string[] => {
  const listed = { story: shown(story), state: stateOf(story, alive) }
  return [...runTable([listed], painter(false)), ...storyLines(listed, painter(false))]
}

test('the story of a whole journal: what was done, what failed and why, what is left', async () => {
  const story = await storyIn(whole)
  if (story === undefined) throw new Error('no story')
  assert.equal(stateOf(story, alive), 'failed')
  const [, second] = story.plays
  const [b, a] = second?.hosts ?? []
  assert.equal([b?.outcome, b?.out, b?.begun, b?.message], ['failed', ['the node is drained'], true, 'exit code 1'])
  assert.equal([a?.outcome, a?.begun], [undefined, false])
  assert.equal(story.ending, 'whole')
  const text = told(story).join('\n')
  for (const part of [
    'failed (2)',
    'b: failed: exit code 1',
    'FAILED etcd: restart',
    '      | such thing\\x1b[2J\\u202e',
    'not put back: the node is drained',
    'stopped: masters: failed on b',
    'not run: balancers (nobody is in it)',
    '  masters: b, a, c',
    '  workers: 4 hosts',
    'cd /infra && npx zx upgrade.mjs --resume 20260101T000000Z-7',
  ])
    assert.ok(text.includes(part), `${part}\n${text}`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
  assert.not.match(text, /[\u0000-\u0009\u000b-\u001f\u202e]/)
})

test('cut at every byte it is read to its last whole line, and none throws', async () => {
  const ends = lines.map((_, index) => Buffer.byteLength(lines.slice(0, index + 1).join('\n')))
  for (let size = 0; size <= whole.length; size += 1) {
    const events: unknown[] = []
    const taker = lineTaker(event => events.push(event))
    const text = whole.subarray(0, size).toString()
    for (const line of text.endsWith('\n') || text === '' ? text.split('\n').slice(0, -1) : text.split('\n'))
      taker.take(line)
    const complete = ends.filter(end => end <= size).length
    assert.is(events.length, complete, `${size}`)
    const atEnd = size === 0 || ends.includes(size) || ends.includes(size - 1)
    assert.is(taker.ending(), atEnd ? 'whole' : 'cut', `${size}`)
    if (size % 97 > 0) continue
    const story = await storyIn(whole.subarray(0, size))
    assert.is(story === undefined, complete < 2, `${size}`)
    if (story) assert.ok(told(story).length > 3)
  }
})

test('what a power loss leaves at the end (zeros) is a cut, and a line that is none of ours ends what is believed', async () => {
  const zeros = await storyIn(Buffer.concat([whole.subarray(0, 2000), Buffer.alloc(4096)]))
  assert.is(zeros?.ending, 'cut')
  const damaged = await storyIn([...lines.slice(0, 5), 'half of a li', ...lines.slice(5)].join('\n'))
  assert.equal(damaged?.ending, { damagedAt: 6 })
  assert.is(damaged?.finished, undefined)
  assert.ok(damaged && told(damaged).join('\n').includes('line 6 of the journal is none of a run'))
})

for (const [what, content] of [
  ['an empty file', ''],
  ['a text', 'root:x:0:0\nbin:x:1:1\n'],
  ['JSON of somebody else', '{"kind":"runStarted","at":"x"}\n{"level":"info"}\n[]\nnull\n1\n'],
  ['bytes', Buffer.from([0, 255, 10, 254, 10])],
] as const)
  test(`${what} is no journal, and that is all`, async () => {
    assert.is(await storyIn(content), undefined)
  })

test('whatever stands in events of ours, nothing throws: wrong shapes are lines of nobody', () => {
  const nasty = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.constant({}),
    fc.array(fc.string()),
    fc.boolean(),
  )
  // Of an event as it should be, one field is something else.
  const event = fc.tuple(fc.constantFrom(...events), nasty, fc.nat()).map(([real, other, which]) => {
    const fields = Object.entries({ at: '2026-01-01T00:00:00Z', ...real })
    return Object.fromEntries(
      fields.map(([name, value], index) => [name, index === which % fields.length ? other : value]),
    )
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), extra => {
      const found: Parameters<typeof storyOf>[0][] = []
      const taker = lineTaker(one => found.push([one]))
      for (const line of [lines[1] ?? '', ...extra.map(one => JSON.stringify(one))]) taker.take(line)
      const story = storyOf(
        found.flatMap(one => [...one]),
        taker.ending(),
      )
      if (story) told(story)
    }),
  )
})

const progress = (before: Before) =>
  ['a', 'b', 'c'].map(host => {
    const play = { play: 'masters', number: 2 }
    return before.isDone(play, host) ? 'done' : before.isBegun(play, host) ? 'begun' : 'left'
  })
test('of a play in a window it is told how many were in flight, once its canaries are done', async () => {
  const batch = { kind: 'batchStarted', play: 'masters', of: 2, hosts: ['a'] } as const
  const canary: readonly RunEvent[] = [
    { kind: 'runStarted', run: '1', playbook: 'p', check: false, diff: false },
    { kind: 'playStarted', play: 'masters', number: 1, hosts: ['a', 'b'], batches: 2, window: 3 },
    { ...batch, number: 1 },
  ]
  const after: readonly RunEvent[] = [
    { ...batch, number: 2, window: 3 },
    { kind: 'hostStarted', host: 'b', play: 'masters', inFlight: ['b'], done: 0, of: 1 },
  ]
  const textOf = async (events: readonly RunEvent[]) => {
    const text = events.map(event => JSON.stringify({ at: '2026-01-01T00:00:00Z', ...event })).join('\n')
    const story = await storyIn(`${text}\n`)
    assert.is(story?.ending, 'whole')
    return story === undefined ? '' : told(story).join('\n')
  }
  assert.match(await textOf(canary), 'masters  batch 1 of 2')
  const text = await textOf([...canary, ...after])
  assert.match(text, 'masters  window of 3\n')
  assert.match(text, 'b: not begun')
})

test('a host that could not be put back is out of service', () => {
  const at = '2026-01-01T00:00:00Z'
  const hook = { at, kind: 'around', host: 'b', name: 'closed' } as const
  const story = storyOf([
    { at, kind: 'runStarted', run: '1', playbook: 'p', check: false, diff: false },
    { at, kind: 'playStarted', play: 'masters', number: 1, hosts: ['b'], batches: 1 },
    { ...hook, phase: 'enter', status: 'done' },
    { ...hook, phase: 'leave', status: 'started' },
    { ...hook, phase: 'leave', status: 'failed', message: 'no' },
  ])
  assert.equal(story?.plays[0]?.hosts[0]?.out, ['closed'])
})

test('what of a play is done, begun and left; in a chain of runs what came later counts', () => {
  const base = { at: '2026-01-01T00:00:00.000Z' }
  const begin = (run: string): RunEvent[] => [
    { kind: 'runStarted', run, playbook: 'p', check: false, diff: false },
    { kind: 'playStarted', play: 'masters', number: 2, hosts: ['a', 'b', 'c'], batches: 1 },
  ]
  const ended = (host: string, outcome: 'ok' | 'changed' | 'failed' | 'skipped'): RunEvent => ({
    ...{ kind: 'hostFinished', host, play: 'masters', outcome, changes: 0 },
  })
  const make = (run: string, ...more: RunEvent[]) => {
    const story = storyOf([...begin(run), ...more].map(event => ({ ...base, ...event })))
    if (story === undefined) throw new Error('no story')
    return story
  }
  const drained: RunEvent = { kind: 'around', host: 'b', name: 'x', phase: 'enter', status: 'started' }
  const first = make('1', ended('a', 'changed'), drained)
  assert.equal(progress(beforeOf([first])), ['done', 'begun', 'left'])
  assert.equal(progress(beforeOf([make('2', ended('b', 'ok'), ended('c', 'skipped')), first])), [
    'done',
    'done',
    'left',
  ])
  assert.equal(progress(beforeOf([make('2', { ...drained, host: 'a' }), first])), ['begun', 'begun', 'left'])
  assert.equal(progress(beforeOf([make('2', drained, ended('b', 'failed'))])), ['left', 'begun', 'left'])
  const other = { play: 'masters', number: 1 }
  assert.is(beforeOf([first]).isDone(other, 'a'), false, 'another play of the same name')
})

const now = Date.parse('2026-01-01T10:00:00Z')
const unfinished = storyOf(
  [
    {
      kind: 'runStarted',
      run: '20260101T090000Z-42',
      playbook: 'p',
      check: false,
      diff: false,
      asked: askedBy(),
    } as const,
  ].map(event => ({ at: new Date(now).toISOString(), ...event })),
)
const machines: readonly (readonly [what: string, here: Here, state: string])[] = [
  ['its process is gone', { machine: 'here', began: () => undefined }, 'broken off'],
  ['its process lives', { machine: 'here', began: () => now - 5000 }, 'goes on'],
  ['its number is that of a process which began later', { machine: 'here', began: () => now + 60_000 }, 'broken off'],
  ['a process lives of which no more is known', { machine: 'here', began: () => 'unknown' }, 'goes on'],
  ['it was started on another machine', { machine: 'there', began: () => undefined }, 'elsewhere'],
]
for (const [what, here, state] of machines)
  test(`a run without an end, ${what}: ${state}`, () => {
    if (unfinished === undefined) throw new Error('no story')
    assert.is(stateOf(unfinished, here), state)
  })

test('the process of a test is one that lives', () => {
  const own = storyOf([
    {
      at: new Date().toISOString(),
      kind: 'runStarted',
      run: `20260101T090000Z-${process.pid}`,
      playbook: 'p',
      check: false,
      diff: false,
    },
  ])
  assert.is(own && stateOf(own), 'goes on')
  const old = storyOf([
    {
      at: '2020-01-01T00:00:00Z',
      kind: 'runStarted',
      run: `20200101T000000Z-${process.pid}`,
      playbook: 'p',
      check: false,
      diff: false,
    },
  ])
  assert.is(old && stateOf(old), 'broken off')
})

test.run()
