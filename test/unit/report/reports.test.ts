import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostTotal, RunEvent } from '../../../engine/journal/events.ts'
import { continuation, printable, printableLines } from '../../../engine/journal/printable.ts'
import { reporter } from '../../../engine/report/index.ts'
import { clip } from '../../../engine/report/live.ts'
import type { ReportOptions } from '../../../engine/report/report.ts'
import { barText } from '../../../engine/web/index.ts'

// What a host could say to be taken for somebody else, or to write where it has no business.
const pieces = [
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\x1b[45m',
  '\x9b2J',
  '\x7f',
  '\b\b\b',
  '\r',
  '\v',
  '\u202egnp.exe',
  '\u2066',
  '\u200b',
  '\ufff9',
  '\u2028',
  '\u3164',
  '\u{e0041}',
  '\ud800',
  '\0',
  '😀',
  'é',
  ' ',
  'ok',
]
const forged = '\n  master-2: ok, nothing to change'
const nasty = fc
  .array(fc.oneof(fc.constantFrom(...pieces, forged, '\n', '\t'), fc.string({ unit: 'binary', maxLength: 3 })), {
    maxLength: 6,
  })
  .map(parts => parts.join(''))
const count = fc.nat(1e6)
const seconds = fc.double({ min: 0, max: 1e4, noNaN: true })
const names = fc.array(nasty, { maxLength: 3 })
const total = fc.record<HostTotal>({
  host: nasty,
  outcome: fc.constantFrom('ok', 'failed'),
  ok: count,
  changed: count,
  failed: count,
  programs: count,
  roundTrips: count,
  connections: count,
})

type Kind = RunEvent['kind']

/** A kind of event that is not here does not compile. */
const events: { readonly [K in Kind]: fc.Arbitrary<Omit<Extract<RunEvent, { kind: K }>, 'kind'>> } = {
  runStarted: fc.record({ run: nasty, playbook: nasty, check: fc.boolean(), diff: fc.boolean() }),
  note: fc.record({ host: nasty, text: nasty }),
  warning: fc.record({ host: nasty, text: nasty }),
  madeOf: fc.record({ inventory: fc.constant([]), code: fc.array(fc.record({ path: nasty, digest: nasty })) }),
  playStarted: fc.record({ play: nasty, number: count, hosts: names, batches: count }),
  batchStarted: fc.record({ play: nasty, number: count, of: count, hosts: names }),
  hostStarted: fc.record({ host: nasty, play: nasty, inFlight: names, done: count, of: count }),
  planned: fc.record({ host: nasty, play: nasty, tasks: count, changes: count, seconds }),
  task: fc.record({
    host: nasty,
    play: nasty,
    role: nasty,
    task: nasty,
    taskKind: nasty,
    status: fc.constantFrom('changed', 'failed', 'not run', 'waited'),
    summary: nasty,
    diff: fc.record({ path: nasty, before: nasty, after: nasty }),
    output: nasty,
    seconds,
  }),
  taskStarted: fc.record({ host: nasty, play: nasty, role: nasty, task: nasty }),
  gate: fc.record({
    host: nasty,
    gate: nasty,
    status: fc.constantFrom('waiting', 'holds', 'failed'),
    expected: nasty,
    saw: nasty,
    seconds,
  }),
  pause: fc.record({ play: nasty, before: nasty, seconds: count, status: fc.constantFrom('started', 'ended') }),
  check: fc.record({
    play: nasty,
    role: nasty,
    check: nasty,
    host: nasty,
    ok: fc.boolean(),
    expected: nasty,
    saw: nasty,
  }),
  around: fc.record({
    host: nasty,
    name: nasty,
    phase: fc.constantFrom('enter', 'leave'),
    status: fc.constantFrom('started', 'done', 'failed'),
    message: nasty,
  }),
  hostFinished: fc.record({
    host: nasty,
    play: nasty,
    outcome: fc.constantFrom('ok', 'changed', 'failed', 'unreachable', 'skipped'),
    changes: count,
    message: nasty,
    hint: nasty,
  }),
  progress: fc.record({ what: nasty, done: count, total: count }),
  spent: fc.record({ host: nasty, play: nasty, seconds: fc.record({ probe: seconds }) }),
  stopped: fc.record({ reason: nasty }),
  runFinished: fc.record({
    run: nasty,
    hosts: fc.array(total, { maxLength: 3 }),
    seconds,
    exitCode: fc.constantFrom(0, 2, 4),
  }),
}
const kinds = Object.keys(events) as readonly Kind[]
const eventOf = (kind: Kind): fc.Arbitrary<RunEvent> =>
  (events[kind] as fc.Arbitrary<object>).map(rest => ({ kind, ...rest }) as RunEvent)
const anyEvent = fc.oneof(...kinds.map(eventOf))

/** What leaves the process. On a terminal it is coloured. */
function said(
  all: readonly RunEvent[],
  options: Partial<ReportOptions>,
  { columns = 80, path = '/j' }: { readonly columns?: number; readonly path?: string } = {},
): string {
  const { stdout, env } = process
  const before = { isTTY: stdout.isTTY, columns: stdout.columns, NO_COLOR: env.NO_COLOR }
  let text = ''
  const write = (chunk: string) => {
    text += chunk
  }
  stdout.isTTY = options.live === true
  stdout.columns = columns
  delete env.NO_COLOR
  try {
    const report = reporter(
      { json: false, verbose: 2, check: false, each: false, live: false, profile: true, ...options },
      write,
    )
    for (const event of all) report.event(event)
    report.close(path)
  } finally {
    Object.assign(stdout, { isTTY: before.isTTY, columns: before.columns })
    if (before.NO_COLOR !== undefined) env.NO_COLOR = before.NO_COLOR
  }
  stdout.removeAllListeners('error')
  return text
}

const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u3164]/u
const withoutWhite = (text: string): string => text.replace(/[\n\t]/g, '')
// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
const ours = /\x1b\[(?:[12]|22|3[12369])m/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: how the live view takes its last lines away
const erasing = /\x1b\[\d+A\x1b\[J/g

test('nothing that acts on a terminal leaves the process, whatever was said, and wherever', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 12 }), nasty, (all, path) => {
      assert.not.match(withoutWhite(said(all, {}, { path })), acting)
      const live = said(all, { live: true }, { path })
      assert.not.match(withoutWhite(live.replace(ours, '').replace(erasing, '')), acting)
    }),
    { numRuns: 300 },
  )
})

test('what may be seen and what may not: the pieces that are tried would be noticed', () => {
  for (const piece of pieces.slice(0, 17)) assert.match(piece, acting)
})

test('a line that a host has made up is marked, in every kind of event', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 6 }), all => {
      for (const line of said(all, {}).split('\n')) {
        if (!line.includes('master-2: ok')) continue
        assert.not.ok(line.startsWith('  master-2'), line)
      }
    }),
    { numRuns: 300 },
  )
})

test('what is one line stays one, and what has several has them marked: the number of lines is not the host’s to choose', () => {
  const text = `a${forged}`
  const lines = (event: RunEvent) => said([event], { profile: false }).split('\n')
  const about = { host: text, play: text, role: text, task: text } as const
  const names: readonly RunEvent[] = [
    { kind: 'runStarted', run: text, playbook: text, check: false, diff: false },
    { kind: 'playStarted', play: text, number: 1, hosts: [text], batches: 2 },
    { kind: 'batchStarted', play: text, number: 1, of: 2, hosts: [text, text] },
    { kind: 'batchStarted', play: text, number: 2, of: 2, hosts: [text, text], window: 2 },
    { kind: 'hostStarted', host: text, play: text, inFlight: [text, text], done: 1, of: 3 },
    { kind: 'task', ...about, taskKind: text, status: 'changed' },
    { kind: 'gate', host: text, gate: text, status: 'holds' },
    { kind: 'gate', gate: text, from: text, status: 'holds' },
    { kind: 'around', host: text, name: text, phase: 'enter', status: 'done' },
    { kind: 'hostFinished', host: text, play: text, outcome: 'ok', changes: 0 },
    { kind: 'check', play: text, role: text, check: text, host: text, ok: false, expected: text, saw: text },
  ]
  for (const event of names) {
    const plain = JSON.parse(JSON.stringify(event).replaceAll('\\n', ' ')) as RunEvent
    assert.is(lines(event).length, lines(plain).length, event.kind)
  }
  const texts: readonly RunEvent[] = [
    { kind: 'note', host: 'h', text },
    { kind: 'warning', host: 'h', text },
    { kind: 'task', host: 'h', play: 'p', role: 'r', task: 't', status: 'failed', summary: text, output: text },
    { kind: 'gate', host: 'h', gate: 'g', status: 'failed', expected: text, saw: text },
    { kind: 'gate', gate: 'g', from: 'f:1:1', status: 'failed', expected: text, saw: text },
    { kind: 'gate', gate: 'g', from: 'f:1:1', status: 'interrupted', expected: text, saw: text },
    { kind: 'around', host: 'h', name: 'n', phase: 'leave', status: 'failed', message: text },
    { kind: 'hostFinished', host: 'h', play: 'p', outcome: 'unreachable', changes: 0, message: text, hint: text },
    { kind: 'stopped', reason: text },
  ]
  for (const event of texts) {
    const made = lines(event).filter(line => line.includes('master-2'))
    assert.ok(made.length > 0, event.kind)
    for (const line of made) assert.ok(line.startsWith(continuation), `${event.kind}: ${line}`)
  }
})

test('in a diff tabs stay, and what is not seen in a file is shown', () => {
  const diff = { path: '/a', before: 'one\tx\r\nkey\u202e\n', after: 'one\tx\nkey\x1b[0m\n' }
  const text = said([{ kind: 'task', host: 'h', play: 'p', role: 'r', task: 't', status: 'changed', diff }], {})
  assert.match(text, /^ {4}-one\tx\\r$/m)
  assert.match(text, /^ {4}\+one\tx$/m)
  assert.match(text, /^ {4}-key\\u202e$/m)
  assert.match(text, /^ {4}\+key\\x1b\[0m$/m)
})

test('JSON has every value as it was said, and nothing of it raw', () => {
  fc.assert(
    fc.property(anyEvent, event => {
      const text = said([event], { json: true })
      assert.not.match(withoutWhite(text), acting)
      assert.is(text.split('\n').length, 2)
      const { at: _, ...read } = JSON.parse(text)
      assert.equal(read, JSON.parse(JSON.stringify(event)))
    }),
  )
})

const many = Array.from({ length: 11 }, (_, index) => `n${index}`)
const shown: readonly (readonly [RunEvent, string])[] = [
  [{ kind: 'playStarted', play: 'p', number: 1, hosts: ['a'], batches: 1 }, 'p  1 host'],
  [{ kind: 'playStarted', play: 'p', number: 1, hosts: ['a', 'b'], batches: 2 }, 'p  2 hosts, 2 batches'],
  [{ kind: 'playStarted', play: 'p', number: 1, hosts: many, batches: 1, window: 3 }, 'p  11 hosts, a window of 3'],
  [
    { kind: 'playStarted', play: 'p', number: 1, hosts: many, batches: 3, window: 3 },
    'p  11 hosts, 2 batches and a window of 3',
  ],
  [{ kind: 'batchStarted', play: 'p', number: 2, of: 2, hosts: ['b', 'c'], window: 2 }, ' window of 2: b, c'],
  [
    { kind: 'hostStarted', host: 'c', play: 'p', inFlight: ['b', 'c'], done: 1, of: 3 },
    ' c starts; in flight: b, c; 1 of 3 done',
  ],
  [
    { kind: 'hostStarted', host: 'n10', play: 'p', inFlight: many, done: 1, of: 13 },
    ' n10 starts; in flight: 3 more, n3, n4, n5, n6, n7, n8, n9, n10; 1 of 13 done',
  ],
]
for (const [event, line] of shown)
  test(`how far a play is: ${line}`, () =>
    assert.is(said([event], { profile: false }).trimEnd().split('\n').at(-2), line))

test('what is printable stays as it is when it is made so again', () => {
  fc.assert(
    fc.property(nasty, text => {
      assert.is(printable(printable(text)), printable(text))
      assert.is(printableLines(printableLines(text)), printableLines(text))
    }),
  )
  assert.is(printable('a\nb\tc ⚠️ é'), 'a\\nb\tc ⚠️ é')
  assert.is(printable('\x1b\x9b\x7f\u202e\u{e0041}\ud800'), '\\x1b\\x9b\\x7f\\u202e\\u{e0041}\\ud800')
})

test('the live view tells which gate between batches is waited for, and that time passes', async () => {
  let text = ''
  const report = reporter({ json: false, verbose: 0, check: false, each: false, live: true, profile: false }, chunk => {
    text += chunk
  })
  const drawn = async (event: RunEvent): Promise<string> => {
    text = ''
    report.event(event)
    await setTimeout(150)
    return text
  }
  const about = { kind: 'gate', gate: 'the shop', from: 'all.yml:3:5' } as const
  const waiting = await drawn({ ...about, status: 'waiting', expected: '200', saw: '500', seconds: 7 })
  assert.match(waiting, /gate the shop: waiting: expected 200, saw 500 7 s/)
  const held = await drawn({ ...about, status: 'holds', seconds: 9 })
  assert.match(held, /gate the shop .*holds.* after 9 s/)
  assert.not.match(held, 'waiting')
  await drawn({ ...about, status: 'waiting', expected: '200', saw: '500', seconds: 7 })
  const ended = await drawn({ ...about, status: 'interrupted', expected: '200', saw: '500', seconds: 9 })
  assert.match(ended, /gate the shop is no longer waited for: expected 200, saw 500/)
  assert.not.match(ended, /waiting|failed/)
  const pause = { kind: 'pause', play: 'masters', before: 'batch 2 of 3', seconds: 300 } as const
  const begun = await drawn({ ...pause, status: 'started' })
  assert.match(begun, /^ {2}a pause of 300 s before batch 2 of 3$/m)
  assert.match(begun, /^ {2}pause before batch 2 of 3: 300 s:/m)
  assert.not.match(await drawn({ ...pause, status: 'ended' }), 'pause')
  process.stdout.removeAllListeners('error')
})

test('how far something is: a bar for who watches, and no line', async () => {
  const progress: RunEvent = { kind: 'progress', what: 'kubeadm', done: 15_000_000, total: 60_000_000 }
  assert.not.match(said([progress], {}), 'kubeadm')
  let text = ''
  const report = reporter({ json: false, verbose: 0, check: false, each: false, live: true, profile: false }, chunk => {
    text += chunk
  })
  const drawn = async (event: RunEvent): Promise<string> => {
    text = ''
    report.event(event)
    await setTimeout(150)
    return text
  }
  assert.match(await drawn(progress), /kubeadm: \[={5} {15}\] 25 % of 60\.0 MB/)
  assert.not.match(await drawn({ kind: 'progress', what: 'kubeadm', done: 0, ended: true }), '25 %')
  process.stdout.removeAllListeners('error')
  assert.is(barText(1234, undefined), '1.2 kB')
  assert.is(barText(70, 60), '[====================]100 % of 60 B')
})

test('the live view has each host that is in flight, from its start to its end', async () => {
  let text = ''
  const report = reporter({ json: false, verbose: 0, check: false, each: false, live: true, profile: false }, chunk => {
    text += chunk
  })
  const drawn = async (event: RunEvent): Promise<string> => {
    text = ''
    report.event(event)
    await setTimeout(150)
    return text
  }
  const starts = (host: string, ...inFlight: readonly string[]): RunEvent => ({
    kind: 'hostStarted',
    host,
    play: 'p',
    inFlight: [...inFlight, host],
    done: 0,
    of: 3,
  })
  await drawn(starts('a'))
  assert.match(await drawn(starts('b', 'a')), /\n {2}a: starts.*\n {2}b: starts/)
  const after = await drawn({ kind: 'hostFinished', host: 'a', play: 'p', outcome: 'ok', changes: 0 })
  assert.not.match(after, 'a: starts')
  assert.match(after, 'b: starts')
  const asked = { kind: 'gate', host: 'a', gate: 'the shop', from: 'play.mjs:1:1' } as const
  const waits = await drawn({ ...asked, status: 'waiting', expected: 'it sells', saw: 'nothing' })
  assert.match(waits, /a: waiting: expected it sells/)
  assert.not.match(await drawn({ ...asked, status: 'holds', seconds: 2 }), 'a: waiting')
  process.stdout.removeAllListeners('error')
})

test('the live view takes away as many rows as it has drawn: no line of it is wider than the terminal', () => {
  // Wide characters take two columns, those that stand on another one none.
  const widest = (line: string): number =>
    [...line].reduce((sum, char) => sum + (char > '~' && char !== '…' ? 2 : 1), 0)
  fc.assert(
    fc.property(nasty, fc.integer({ min: 10, max: 60 }), (text, columns) => {
      const line = clip(printableLines(text), columns)
      assert.ok(widest(line) < columns, JSON.stringify(line))
      assert.not.match(line, /[\n\t]/)
    }),
  )
  assert.is(clip('日本語日本語', 8), '日本語…')
  assert.is(clip('abcdef', 8), 'abcdef')
})

test.run()
