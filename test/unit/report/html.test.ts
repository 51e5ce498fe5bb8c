import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { shown } from '../../../engine/journal/index.ts'
import { rangesOf } from '../../../engine/report/html/card.ts'
import { html, jsonIn } from '../../../engine/report/html/markup.ts'
import { type Picture, pictureOf } from '../../../engine/report/html/picture.ts'
import { htmlOf } from '../../../engine/report/index.ts'
import { teller } from '../../../engine/report/past/told.ts'
import type { Journaled } from '../../../engine/runs/index.ts'
import { largeRun, sampleRun, started, timed, total, writeJournal } from '../../sample-journal.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-html-'))
test.after(() => rmSync(dir, { recursive: true }))

type Timed = readonly (readonly [seconds: number, event: RunEvent])[]
/** Each in a folder of its own: other journals of the same folder may tell of the same run. */
const pageFor = (events: readonly Journaled[], end = '', run = '20261129T220903Z-1') =>
  htmlOf(writeJournal(mkdtempSync(join(dir, 'run-')), run, events, end))
const pageOf = (events: Timed, end = '') => pageFor(timed(events), end)
const pictureIn = (page: string): Picture =>
  JSON.parse(/<script type="application\/json" id="picture">(.*?)<\/script>/s.exec(page)?.[1] ?? '')
const count = (text: string, part: string | RegExp): number => text.split(part).length - 1
const about = { host: 'a', play: 'p', role: 'base', task: 'file /etc/motd' } as const
const play = (hosts: readonly string[] = ['a']): RunEvent => ({
  kind: 'playStarted',
  play: 'p',
  number: 1,
  hosts,
  batches: 1,
})
const end = (hosts: readonly string[] = ['a'], exitCode = 0): RunEvent => ({
  kind: 'runFinished',
  run: 'r',
  hosts: hosts.map(host => total(host, 'changed')),
  seconds: 9,
  exitCode,
})

const evil =
  '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'`&\u202e\u001b[31mred\u001b[0m\u0007\u2028<!--'

const markup = fc.string({ unit: fc.constantFrom(...'&<>"\'`;#a1/=') })

test('a text that stands in a page is a text, whatever it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), markup), text => {
      const { markup } = html`<p title="${text}">${text}</p>`
      const inside = markup.slice('<p title="'.length, -'</p>'.length).split('">')
      assert.is(inside.length, 2)
      for (const part of inside) {
        assert.not.match(part, /[<>"'`]/)
        assert.is(
          part.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))),
          text,
        )
      }
    }),
  )
})

test('JSON in a page is read back as it was, and ends no script', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom('', '</script>', '<!--', '\u2028', ']]>'), (json, more) => {
      const value = [JSON.parse(json), more]
      const { markup } = jsonIn(value)
      assert.not.match(markup, /[<>\u2028\u2029]/)
      assert.equal(JSON.parse(markup), value)
    }),
  )
})

test('what a host, a role or an inventory says does nothing in a page: markup, signs that turn text, colours', async () => {
  const page = await pageOf([
    [0, started('r', { playbook: evil })],
    [0, { kind: 'note', host: evil, text: evil }],
    [1, { kind: 'playStarted', play: evil, number: 1, hosts: [evil], batches: 2 }],
    [1, { kind: 'batchStarted', play: evil, number: 1, of: 2, hosts: [evil] }],
    [1, { kind: 'planned', host: evil, play: evil, tasks: 1, changes: 1, seconds: 0 }],
    [1, { kind: 'around', host: evil, name: evil, phase: 'enter', status: 'failed', message: evil }],
    [
      2,
      {
        kind: 'task',
        host: evil,
        play: evil,
        role: evil,
        task: evil,
        status: 'failed',
        summary: evil,
        output: evil,
        diff: { path: evil, before: '', after: evil },
      },
    ],
    [2, { kind: 'gate', host: evil, gate: evil, status: 'failed', expected: evil, saw: evil }],
    [
      2,
      {
        kind: 'check',
        play: evil,
        role: evil,
        check: evil,
        host: evil,
        ok: false,
        expected: evil,
        saw: evil,
        warnings: [evil],
      },
    ],
    [3, { kind: 'hostFinished', host: evil, play: evil, outcome: 'failed', changes: 0, message: evil, hint: evil }],
    [3, { kind: 'stopped', reason: evil }],
    [4, { ...end(), exitCode: 2, hosts: [total(evil, 'failed')], notRun: [{ play: evil, why: evil }] } as RunEvent],
  ])
  assert.not.match(page, /<script>alert|<img|<!--/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.not.match(page, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/)
  assert.match(page, /&#60;script&#62;alert\(1\)/)
  assert.is(count(page, /<script/), 3)
  const [host = ''] = pictureIn(page).hosts
  assert.ok(host.startsWith('</script><script>alert(1)'))
})

test('a page loads nothing, and its policy lets run what stands in it and nothing else', async () => {
  const page = await pageFor(sampleRun('20261129T220903Z-1'))
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
  const hash = (text = '') => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const scripts = [...page.matchAll(/<script(?: type="module")?>(.*?)<\/script>/gs)].map(([, text]) => hash(text))
  const [, style] = /<style>(.*?)<\/style>/s.exec(page) ?? []
  assert.is(
    policy,
    `default-src 'none'; script-src ${scripts.join(' ')}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`,
  )
  assert.is(scripts.length, 2)
  assert.not.match(page, /<(?:link|img|iframe|object|embed|base)\b|\ssrc=|\sstyle=|\son\w+=|url\(|@import/)
})

test('what failed comes first, each once, with what it printed and why the host failed of it', async () => {
  const page = await pageFor(sampleRun('20261129T220903Z-1'))
  const [failures = '', rest = ''] = page.slice(page.indexOf('<section id="failures"')).split('<section id="time"')
  assert.ok(page.indexOf('id="failures"') < page.indexOf('id="plays"'))
  assert.is(count(failures, 'class="card failed"'), 2)
  assert.match(
    failures,
    /packages containerd<\/span> <span class="who">on node-4.*apt-get ended with 100.*E: Unable to locate package containerd/s,
  )
  assert.match(failures, /on edge.*Connection timed out.*is it switched on\?/s)
  assert.not.match(rest, /class="card failed"/)
  assert.match(failures, /<h3>every node<\/h3>/)
})

test('a task that failed and a host that failed of something else are two things', async () => {
  const page = await pageOf([
    [0, started('r')],
    [0, play()],
    [1, { kind: 'task', ...about, status: 'failed', summary: 'content differs' }],
    [
      2,
      { kind: 'hostFinished', host: 'a', play: 'p', outcome: 'failed', changes: 0, message: 'its gate does not hold' },
    ],
    [3, end(['a'], 2)],
  ])
  assert.is(count(page, 'class="card failed"'), 2)
  assert.match(page, /content differs/)
  assert.match(page, /its gate does not hold/)
})

test('a task that failed is told also where the journal ends behind it', async () => {
  const page = await pageOf([
    [0, started('r')],
    [0, play()],
    [1, { kind: 'task', ...about, status: 'failed', summary: 'no space left' }],
  ])
  assert.is(count(page, 'class="card failed"'), 1)
  assert.match(page, /no space left/)
})

test('what is the same of several hosts is told once, with all of them', async () => {
  const hosts = ['n1', 'n2', 'n3', 'other']
  const diff = { path: '/etc/motd', before: 'old line\n', after: 'new line\n' }
  const page = await pageOf([
    [0, started('r')],
    [0, play(hosts)],
    ...hosts.map(
      host =>
        [
          1,
          {
            kind: 'task',
            ...about,
            host,
            status: 'changed',
            diff: host === 'other' ? { ...diff, after: 'its own\n' } : diff,
          },
        ] as const,
    ),
    [3, end(hosts)],
  ])
  assert.is(count(page, '<ins>+new line</ins>'), 1)
  assert.is(count(page, '<del>-old line</del>'), 2)
  assert.match(page, /data-sort="changed" data-hosts="0-2">[\s\S]*?on n1 … n3 \(3 hosts\)/)
})

test('1,000 hosts stay below a megabyte, also where each has long changes and failures of its own', async () => {
  const large = await pageFor(largeRun('20261129T220903Z-1', 1000))
  assert.ok(large.length < 1_000_000, String(large.length))
  assert.is(pictureIn(large).hosts.length, 1000)
  assert.is(count(large, '<ins>+more = yes</ins>'), 3)
  const hosts = Array.from({ length: 1000 }, (_, index) => `host-${(index * 7919) % 100_003}`)
  const long = (host: string) => `${host} says that much\n`.repeat(500)
  const hostile = await pageOf([
    [0, started('r')],
    [0, play(hosts)],
    ...hosts.flatMap((host, index) => [
      [
        index,
        { kind: 'task', ...about, host, status: 'changed', diff: { path: '/x', before: '', after: long(host) } },
      ] as const,
      [index, { kind: 'task', ...about, host, status: 'failed', output: long(host) }] as const,
      [index, { kind: 'warning', host, text: long(host) }] as const,
    ]),
    ...hosts.map(
      host =>
        [
          1500,
          { kind: 'task', ...about, host, task: 'what all have', status: 'changed', summary: 'long '.repeat(200) },
        ] as const,
    ),
    [2000, end(hosts, 2)],
  ])
  assert.ok(hostile.length < 1_000_000, String(hostile.length))
  assert.match(hostile, /No room for its output here: it is in the journal/)
  assert.match(hostile, /more lines, in the journal/)
  assert.match(hostile, /what all have<\/span> <details class="who"><summary>on 1000 hosts/)
  assert.match(hostile, /For \d+ more there is no room in a page/)
})

test('of a run that was killed all is told that its journal has, and what is left', async () => {
  const events: Timed = [
    [0, started('20261129T220903Z-1', { asked: undefined } as never)],
    [0, play(['a', 'b'])],
    [1, { kind: 'around', host: 'a', name: 'drained', phase: 'enter', status: 'done' }],
    [2, { kind: 'taskStarted', ...about }],
  ]
  const page = await pageOf(events, '{"at":"2026-11-29T22:09:06Z","kind":"ta')
  assert.match(page, /broken off/)
  assert.match(page, /<strong>a<\/strong> in p; under way: base: file \/etc\/motd; not put back: drained/)
  assert.match(page, /The journal ends in the midst of a line/)
  assert.match(page, /What is left.*<li>p: a, b<\/li>/s)
  const { spans, outcomes } = pictureIn(page)
  assert.equal(
    spans.map(([host, , from, to, outcome, out]) => [host, from, to, outcomes[outcome], out]),
    [[0, 1, 2, 'broken off', [[1, 2]]]],
  )
})

test('a journal without a play is a page too, and what is no journal is refused', async () => {
  const page = await pageOf([[0, started('r')]])
  assert.match(page, /No play was begun/)
  assert.not.match(page, /id="timeline"/)
  await pageOf([[0, { kind: 'note', text: 'x' }]]).then(
    () => assert.unreachable(),
    error => assert.match(String(error), /is no journal of a run/),
  )
})

test('a run that was gone on with or taken back says so, and by which run', async () => {
  const folder = mkdtempSync(join(dir, 'later-'))
  const [own, back, on] = ['20261129T220903Z-1', '20261129T230000Z-2', '20261129T231500Z-3']
  const asked =
    started('').kind === 'runStarted' ? (started('') as Extract<RunEvent, { kind: 'runStarted' }>).asked : undefined
  if (asked === undefined) throw new Error('a sample says how it was started')
  const file = writeJournal(folder, own, sampleRun(own))
  writeJournal(
    folder,
    back,
    timed([
      [0, started(back, { asked: { ...asked, takesBack: own } })],
      [1, end()],
    ]),
  )
  writeJournal(
    folder,
    on,
    timed([
      [0, started(on, { asked: { ...asked, resumes: own } })],
      [1, end(['a'], 2)],
    ]),
  )
  writeJournal(
    folder,
    '20261129T231600Z-4',
    timed([
      [0, started('x', { check: true, asked: { ...asked, takesBack: own } })],
      [1, end()],
    ]),
  )
  const page = await htmlOf(file)
  assert.match(page, `<dt>Taken back by</dt><dd>run ${back}, ended well</dd>`)
  assert.match(page, `<dt>Gone on with by</dt><dd>run ${on}, failed</dd>`)
  assert.is(count(page, 'Taken back by'), 1)
  const other = await htmlOf(join(folder, `${back}.ndjson`))
  assert.match(other, `<dt>Takes back</dt><dd>run ${own}</dd>`)
})

test('without --diff a page says why it has no differences', async () => {
  const events = (diff: boolean): Timed => [
    [0, started('r', { diff })],
    [0, play()],
    [1, { kind: 'task', ...about, status: 'changed' }],
    [2, end()],
  ]
  assert.match(await pageOf(events(false)), /Without --diff a run has no differences/)
  assert.not.match(await pageOf(events(true)), /Without --diff a run has no differences/)
})

const told = (events: Timed) => {
  const { add, told } = teller()
  for (const event of timed(events)) add(shown(event))
  return told()
}
const around = (
  host: string,
  phase: 'announce' | 'enter' | 'leave',
  status: 'started' | 'done' | 'failed',
  name = 'drained',
): RunEvent => ({ kind: 'around', host, name, phase, status })
const finished = (host: string, outcome: 'changed' | 'unreachable' | 'skipped' = 'changed'): RunEvent => ({
  kind: 'hostFinished',
  host,
  play: 'p',
  outcome,
  changes: 1,
})
const planned = (host: string, seconds = 1): RunEvent => ({
  kind: 'planned',
  host,
  play: 'p',
  tasks: 1,
  changes: 1,
  seconds,
})

const stretches: readonly (readonly [what: string, events: Timed, expected: readonly unknown[]])[] = [
  [
    'from when it was probed to its end',
    [
      [2, planned('a')],
      [5, finished('a')],
    ],
    [['a', 1, 5, 'changed', [], []]],
  ],
  [
    'out of service from when a hook begins to when it has put it back',
    [
      [1, planned('a', 0)],
      [2, around('a', 'enter', 'started')],
      [3, around('a', 'enter', 'done')],
      [6, around('a', 'leave', 'started')],
      [7, around('a', 'leave', 'done')],
      [8, finished('a')],
    ],
    [['a', 1, 8, 'changed', [[2, 7]], []]],
  ],
  [
    'announced it is still in service',
    [
      [1, around('a', 'announce', 'started')],
      [2, around('a', 'announce', 'done')],
      [3, finished('a')],
    ],
    [['a', 1, 3, 'changed', [], []]],
  ],
  [
    'one that was not put back stays out until the end of the run',
    [
      [1, around('a', 'enter', 'started')],
      [2, around('a', 'leave', 'failed')],
      [3, finished('a')],
      [9, end()],
    ],
    [['a', 1, 3, 'changed', [[1, 9]], []]],
  ],
  ['one that was not reached is a mark', [[4, finished('a', 'unreachable')]], [['a', 4, 4, 'unreachable', [], []]]],
  ['one that was not begun is none', [[4, finished('a', 'skipped')]], []],
  [
    'the time for which its gate was waited for',
    [
      [1, planned('a', 0)],
      [6, { kind: 'gate', host: 'a', gate: 'g', status: 'holds', seconds: 4 }],
      [7, finished('a')],
    ],
    [['a', 1, 7, 'changed', [], [[2, 6]]]],
  ],
  [
    'by two hooks',
    [
      [1, around('a', 'enter', 'done', 'x')],
      [2, around('a', 'enter', 'done', 'y')],
      [4, around('a', 'leave', 'done', 'y')],
      [5, around('a', 'leave', 'done', 'x')],
      [6, finished('a')],
    ],
    [
      [
        'a',
        1,
        6,
        'changed',
        [
          [1, 5],
          [2, 4],
        ],
        [],
      ],
    ],
  ],
]
for (const [what, events, expected] of stretches)
  test(`a host's time in a play: ${what}`, () => {
    const { plays } = told([[0, started('r')], [0, play()], ...events])
    assert.equal(
      plays[0]?.spans.map(({ host, from, to, outcome, out, gate }) => [host, from, to, outcome, out, gate]),
      expected,
    )
  })

test('a host that a later play puts back is out of service until then', () => {
  const { plays } = told([
    [0, play()],
    [1, around('a', 'enter', 'done')],
    [2, finished('a')],
    [3, play()],
    [5, around('a', 'leave', 'done')],
    [6, finished('a')],
  ])
  assert.equal(
    plays.map(({ spans }) => spans.map(({ out }) => out)),
    [[[[1, 5]]], [[]]],
  )
})

test('the curve counts hosts: who is out by two hooks is one, and who was not put back stays out', () => {
  const { curve } = pictureOf(
    told([
      [0, started('r')],
      [0, play(['a', 'b', 'c'])],
      ...([
        [1, around('a', 'enter', 'done', 'x')],
        [2, around('a', 'enter', 'done', 'y')],
        [3, around('b', 'enter', 'done')],
        [4, around('a', 'leave', 'done', 'x')],
        [5, around('a', 'leave', 'done', 'y')],
        [6, finished('a')],
        [7, finished('b')],
      ] as Timed),
      [10, end()],
    ]),
  )
  const at = (time: number) => {
    const index = curve.at.findLastIndex(one => one <= time)
    return [curve.work[index], curve.serve[index]]
  }
  assert.equal([0, 1, 2, 3, 4, 5, 6, 7, 10].map(at), [
    [0, 3],
    [1, 2],
    [1, 2],
    [2, 1],
    [2, 1],
    [2, 2],
    [1, 2],
    [0, 2],
    [0, 2],
  ])
})

test('in the picture hosts that failed stand above the others, which keep their order', () => {
  const { hosts } = pictureOf(
    told([
      [0, started('r')],
      [0, play(['a', 'b', 'c', 'd'])],
      [1, finished('a')],
      [1, finished('c', 'unreachable')],
      [1, planned('b')],
      [2, finished('d')],
    ]),
  )
  assert.equal(hosts, ['c', 'b', 'a', 'd'])
})

test('places of hosts are written as ranges, none lost and none more', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60)), places => {
      const read = rangesOf(places)
        .split(',')
        .flatMap(range => {
          if (range === '') return []
          const [from = 0, to = from] = range.split('-').map(Number)
          return Array.from({ length: to - from + 1 }, (_, index) => from + index)
        })
      assert.equal(
        read,
        [...places].sort((a, b) => a - b),
      )
    }),
  )
})

test.run()
