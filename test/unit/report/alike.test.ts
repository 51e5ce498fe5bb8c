import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { hostList, hostsNamed, hostWords } from '../../../engine/report/hosts.ts'
import { reporter, storyLines } from '../../../engine/report/index.ts'
import type { ReportOptions } from '../../../engine/report/report.ts'
import type { Story } from '../../../engine/runs/index.ts'

function said(events: readonly RunEvent[], options: Partial<ReportOptions> = {}): string {
  let text = ''
  const defaults = { json: false, verbose: 0, check: true, each: false, live: false, profile: false }
  const report = reporter({ ...defaults, ...options }, chunk => {
    text += chunk
  })
  for (const event of events) report.event(event)
  report.close('/j')
  process.stdout.removeAllListeners('error')
  return text
}

type Task = Extract<RunEvent, { kind: 'task' }>
const task = (host: string, more: Partial<Task> = {}): Task => ({
  kind: 'task',
  host,
  play: 'p',
  role: 'base',
  task: 'file /etc/motd',
  status: 'would change',
  summary: 'content differs',
  ...more,
})
const finished = (host: string, changes = 1): RunEvent => ({
  kind: 'hostFinished',
  host,
  play: 'p',
  outcome: changes > 0 ? 'changed' : 'ok',
  changes,
})
const diff = (line: string) => ({ path: '/etc/motd', before: 'a\nb\n', after: `a\n${line}\n` })
const nodes = (count: number) => Array.from({ length: count }, (_, index) => `node-${index + 1}`)
const count = (text: string, part: string): number => text.split(part).length - 1
const total = (host: string) =>
  ({ host, outcome: 'changed', ok: 1, changed: 1, failed: 0, programs: 1, roundTrips: 1, connections: 1 }) as const
const end = (hosts: readonly string[]): RunEvent => ({
  kind: 'runFinished',
  run: 'r',
  hosts: hosts.map(total),
  seconds: 1,
  exitCode: 0,
})

/** The names that such a list stands for. */
function namesIn(list: string): readonly string[] {
  return list.split(', ').flatMap(part => {
    const [first = '', last] = part.split(' … ')
    if (last === undefined) return [first]
    const [from, to] = [first.split(/(\d+)/), last.split(/(\d+)/)]
    const at = from.findIndex((piece, index) => piece !== to[index])
    const [low, high] = [Number(from[at]), Number(to[at])]
    return Array.from({ length: high - low + 1 }, (_, index) =>
      from.with(at, String(low + index).padStart((from[at] ?? '').length, '0')).join(''),
    )
  })
}

for (const [names, list] of [
  ['a', 'a'],
  ['b a', 'a, b'],
  ['n1 n2', 'n1, n2'],
  ['n3 n1 n2', 'n1 … n3'],
  ['n1 n2 n3 n5 n6 n7 n9', 'n1 … n3, n5 … n7, n9'],
  ['n8 n9 n10 n11', 'n8 … n11'],
  ['n08 n09 n10', 'n08 … n10'],
  ['n1 n02 n3', 'n1, n02, n3'],
  ['n1.dc1 n2.dc1 n3.dc1 n3.dc2', 'n1.dc1 … n3.dc1, n3.dc2'],
  ['r1n1 r1n2 r2n2 r3n2', 'r1n1, r1n2, r2n2, r3n2'],
  ['10.0.0.9 10.0.0.10 10.0.0.11 db', '10.0.0.9 … 10.0.0.11, db'],
] as const)
  test(`a list of hosts: ${names} is ${list}`, () => {
    const all = names.split(' ')
    assert.is(hostList(all), list)
    assert.equal([...hostsNamed(hostWords(all))].sort(), [...all].sort())
  })

const name = fc
  .tuple(fc.constantFrom('n', 'node-', 'r1-n', 'db'), fc.integer({ min: 0, max: 12 }), fc.constantFrom('', '.a', '-x1'))
  .chain(([start, number, rest]) =>
    fc.constantFrom(1, 2).map(width => `${start}${String(number).padStart(width, '0')}${rest}`),
  )

test('no name is lost in a list, and none is made up', () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 40 }), names => {
      assert.equal([...namesIn(hostList(names))].sort(), [...names].sort())
      assert.equal([...hostsNamed(hostWords(names))].sort(), [...names].sort())
    }),
    { numRuns: 1000 },
  )
})

for (const word of ['n1 … m3', 'n1 … n2', 'n3 … n1', 'n1 … n3 … n5', 'n1 … n1000001', 'a … b', 'n1a1 … n3a3', ' … '])
  test(`no list of hosts: ${word}`, () => assert.throws(() => hostsNamed([word]), /is no list of hosts/))

test('500 nodes with one changed line are one difference and a list of hosts; each tells of every one', () => {
  const hosts = nodes(500)
  const events = [...hosts.flatMap(host => [task(host, { diff: diff('c') }), finished(host)]), end(hosts)]
  const text = said(events)
  assert.match(text, / {2}node-1 … node-500 \(500 hosts\): would change base: file \/etc\/motd \(content differs\)\n/)
  assert.match(text, / {2}node-1 … node-500 \(500 hosts\): would change, 1 change\n/)
  assert.match(text, /^node-1 … node-500 \(500 hosts\) {2}changed +1 +1 +0 +1$/m)
  assert.is(count(text, '\n    +c\n'), 1)
  assert.ok(text.split('\n').length < 20, text)
  const all = said(events, { each: true })
  assert.is(count(all, '\n    +c\n'), 500)
  assert.match(all, /^node-77 +changed +1/m)
  assert.not.match(all, '…')
})

test('what is told does not grow with the hosts of which it is the same, save by names', () => {
  const lines = (hosts: readonly string[]) =>
    said(hosts.map(host => task(host, { diff: diff('c') }))).split('\n').length
  assert.is(lines(nodes(2000)), lines(nodes(20)))
})

test('where names are too many for the line they stand below it', () => {
  const hosts = Array.from({ length: 40 }, (_, index) => `node-${index * 2}`)
  const text = said(hosts.map(host => task(host)))
  assert.match(text, /^ {2}40 hosts: would change base: file \/etc\/motd \(content differs\)\n {4}on node-0, node-2, /m)
  const below = text.split('\n').filter(line => line.startsWith('    '))
  assert.equal(namesIn(below.join(' ').replace(/\s+/g, ' ').trim().replace('on ', '')), hosts)
  for (const line of below) assert.ok(line.length <= 110, line)
})

test('a difference in one place keeps a host apart', () => {
  const text = said([
    task('a', { diff: diff('c') }),
    task('b', { diff: diff('c') }),
    task('c', { diff: diff('d') }),
    task('d', { diff: diff('c'), summary: 'content differs, mode 0600 → 0644' }),
  ])
  assert.match(text, /^ {2}a, b: would change/m)
  assert.match(text, /^ {2}c: would change/m)
  assert.match(text, /^ {2}d: would change .*0644/m)
})

test('each play tells of its own hosts', () => {
  const play = (name: string): RunEvent => ({ kind: 'playStarted', play: name, number: 1, hosts: ['a'], batches: 1 })
  const lines = said([play('one'), task('a'), task('b'), play('two'), task('c')]).split('\n')
  const at = (start: string) => lines.findIndex(line => line.startsWith(start))
  assert.ok(at('one') < at('  a, b: ') && at('  a, b: ') < at('two') && at('two') < at('  c: '), lines.join('\n'))
})

test('what a host would have done comes before what checks saw, and failures are told at once', () => {
  const failed: RunEvent = { kind: 'hostFinished', host: 'b', play: 'p', outcome: 'failed', changes: 0, message: 'no' }
  const check: RunEvent = { kind: 'check', play: 'p', role: 'r', check: 'a look', ok: true, expected: 'x', saw: 'x' }
  const text = said([task('a'), failed, task('c'), check, end([])])
  const places = ['b: failed: no', 'a, c: would change', 'a look'].map(part => text.indexOf(part))
  assert.equal(
    places,
    [...places].sort((a, b) => a - b),
  )
  assert.ok(
    places.every(place => place >= 0),
    text,
  )
})

test('in a run each change is told as it happens, and a difference that was shown is not shown again', () => {
  const of = (host: string, line: string) => task(host, { status: 'changed', diff: diff(line) })
  const events = [of('a', 'c'), of('b', 'c'), of('c', 'd'), of('d', 'c')]
  const text = said(events, { check: false })
  const heads = text.split('\n').filter(line => line.includes('changed base'))
  assert.equal(heads, [
    '  a: changed base: file /etc/motd (content differs)',
    '  b: changed base: file /etc/motd (content differs; the same as on a)',
    '  c: changed base: file /etc/motd (content differs)',
    '  d: changed base: file /etc/motd (content differs; the same as on a)',
  ])
  assert.equal([count(text, '\n    +c'), count(text, '\n    +d')], [1, 1])
  assert.is(count(said(events, { check: false, each: true }), '\n    +c'), 3)
  const lengths = events.map((_, index) => said(events.slice(0, index + 1), { check: false }).length)
  assert.ok(
    lengths.every((length, index) => index === 0 || length > (lengths[index - 1] ?? 0)),
    'at once',
  )
})

/** What a text says of changes: host, what, the line that is added. */
function changesIn(text: string): readonly string[] {
  const lines = text.split('\n')
  const found: string[] = []
  const added = new Map<string, string>()
  for (const [at, line] of lines.entries()) {
    const [, who = '', what] = /^ {2}(\S.*?): (?:would change|changed) (base: .*)$/.exec(line) ?? []
    if (what === undefined) continue
    const end = lines.findIndex((next, index) => index > at && !next.startsWith('    '))
    const below = lines.slice(at + 1, end)
    const onLines = /^\d+ hosts$/.test(who) ? below.filter(one => /^ {4}(?:on | {3})/.test(one)) : []
    const list = onLines.length > 0 ? onLines.join(' ').replace(/\s+/g, ' ').trim().replace('on ', '') : who
    const plus = below.find(one => one.startsWith('    +') && !one.startsWith('    +++'))
    for (const host of namesIn(list.replace(/ \(\d+ hosts\)$/, ''))) {
      const [, title = '', seen] = /^(.*?)(?:; the same as on (\S+)\))?$/.exec(what) ?? []
      const change = seen === undefined ? plus : added.get(seen)
      added.set(host, change ?? '')
      found.push(`${host} ${title.replace(/\)$/, '')} ${change?.slice(5)}`)
    }
  }
  return found.sort()
}

test('nothing is lost: each change of the journal is in the text once, by name or in a list', () => {
  const change = fc.record({ host: name, title: fc.constantFrom('one', 'two'), line: fc.constantFrom('c', 'd') })
  const events = fc.array(change, { maxLength: 60 })
  const told = ({ host, title, line }: { host: string; title: string; line: string }) =>
    `${host} base: ${title} (content differs ${line}`
  for (const check of [true, false])
    fc.assert(
      fc.property(events, changes => {
        const unique = check
          ? changes
          : // Its difference is looked up at the host that showed it first: one a host.
            changes.filter(({ host }, index) => changes.findIndex(one => one.host === host) === index)
        const all = unique.map(({ host, title, line }) =>
          task(host, { task: title, diff: diff(line), status: check ? 'would change' : 'changed' }),
        )
        assert.equal(changesIn(said(all, { check })), unique.map(told).sort())
      }),
      { numRuns: 500 },
    )
})

test('the story of a run tells what is the same of several hosts once', () => {
  const host = (name: string, motd: string): Story['plays'][number]['hosts'][number] => ({
    host: name,
    begun: true,
    outcome: 'changed',
    out: [],
    did: [{ role: 'base', task: motd, status: 'changed', summary: 'content differs' }],
  })
  const hosts = [...nodes(5).map(name => host(name, 'file /etc/motd')), host('other', 'file /etc/issue')]
  const story: Story = {
    run: 'r',
    playbook: 'site',
    check: false,
    started: '2026-01-01T00:00:00Z',
    last: '2026-01-01T00:00:09Z',
    plays: [{ play: 'p', number: 1, batches: 1, batch: 1, hosts }],
  } as unknown as Story
  const text = storyLines({ story: story as never, state: 'ended well' }).join('\n')
  assert.match(
    text,
    / {2}node-1 … node-5 \(5 hosts\): changed, 1 change\n {4}base: file \/etc\/motd \(content differs\)/,
  )
  assert.match(text, / {2}other: changed, 1 change\n {4}base: file \/etc\/issue/)
})

test('a play may have more lines to tell than a function takes arguments, on a terminal too', () => {
  const hosts = nodes(40)
  const long = (host: string) => ({
    ...{ path: `/${host}`, before: '' },
    after: Array.from({ length: 5000 }, (_, number) => `${host} ${number}\n`).join(''),
  })
  const events = [...hosts.flatMap(host => [task(host, { diff: long(host) }), finished(host)]), end(hosts)]
  const text = said(events, { live: true })
  assert.is(count(text, 'node-40 4999\n'), 1)
})

test.run()
