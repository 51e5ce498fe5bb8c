import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { annotation, annotationsOf, junitOf } from '../../../engine/report/index.ts'
import { sampleRun, started, timed, total, writeJournal } from '../../sample-journal.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-junit-'))
test.after(() => rmSync(dir, { recursive: true }))
const schema = new URL('../../fixtures/junit.xsd', import.meta.url).pathname

type Timed = readonly (readonly [seconds: number, event: RunEvent])[]
const journal = (events: Timed) => writeJournal(mkdtempSync(join(dir, 'run-')), 'run', timed(events))

/** Asks libxml: what a path leads to in a file that keeps to the schema. */
async function inXml(xml: string, path: string): Promise<string> {
  const file = join(mkdtempSync(join(dir, 'xml-')), 'junit.xml')
  writeFileSync(file, xml)
  const checked = await execa('xmllint', ['--noout', '--schema', schema, file], { reject: false })
  assert.is(checked.exitCode, 0, `${checked.stderr}\n${xml}`)
  const { stdout } = await execa('xmllint', ['--xpath', path, file], { stripFinalNewline: false })
  return stdout.replace(/\n$/, '')
}

const about = { host: 'a', play: 'p', role: 'base', task: 'file /etc/motd' } as const
const play = (hosts: readonly string[] = ['a']): RunEvent => ({
  kind: 'playStarted',
  play: 'p',
  number: 1,
  hosts,
  batches: 1,
})
const end = (hosts: readonly string[], exitCode = 2): RunEvent => ({
  kind: 'runFinished',
  run: 'r',
  hosts: hosts.map(host => total(host, 'ok')),
  seconds: 9,
  exitCode,
})
const finished = (
  host: string,
  outcome: 'ok' | 'changed' | 'failed' | 'unreachable' | 'skipped',
  message?: string,
): RunEvent => ({ kind: 'hostFinished', host, play: 'p', outcome, changes: 0, ...(message ? { message } : {}) })

test('a play is a suite, a host a case: what changed, what failed and why, what was not reached', async () => {
  const xml = await junitOf(writeJournal(dir, 'sample', sampleRun('r')))
  assert.is(
    await inXml(xml, 'concat(/testsuites/@tests, " ", /testsuites/@failures, " ", /testsuites/@errors)'),
    '9 1 1',
  )
  assert.is(await inXml(xml, 'string(//testsuite[1]/@name)'), 'masters, a few at a time')
  assert.is(await inXml(xml, 'string(//testsuite[1]/@timestamp)'), '2026-11-29T22:09:04')
  assert.is(
    await inXml(xml, 'string(//testcase[@name="master-2"]/system-out)'),
    'changed control-plane: file /etc/kubernetes/manifests/kube-apiserver.yaml (content differs)',
  )
  assert.is(await inXml(xml, 'string(//testcase[@name="master-2"]/@time)'), '15.900')
  const failed = '//testcase[@name="node-4" and @classname="every node"]/failure'
  assert.is(await inXml(xml, `string(${failed}/@message)`), 'base: packages containerd: apt-get ended with 100')
  assert.match(await inXml(xml, `string(${failed})`), /FAILED base: packages containerd\n.*\nE: Unable to locate/)
  assert.match(await inXml(xml, 'string(//testcase[@name="edge"]/error)'), /timed out\nis it switched on\?/)
})

const cases: readonly (readonly [what: string, events: Timed, path: string, expected: string])[] = [
  [
    'one that was left out is skipped',
    [
      [1, finished('a', 'skipped', 'not started: b failed')],
      [2, end(['a'])],
    ],
    'string(//testcase/skipped/@message)',
    'not started: b failed',
  ],
  ['one that a killed run had not begun is skipped', [], 'string(//testcase/skipped/@message)', 'not begun'],
  [
    'one that a killed run has left half-way is an error',
    [
      [1, { kind: 'around', host: 'a', name: 'drained', phase: 'enter', status: 'done' }],
      [2, { kind: 'taskStarted', ...about }],
    ],
    'concat(//testcase/error/@message, "; ", //testcase/error)',
    'broken off in base: file /etc/motd; not put back: drained',
  ],
  [
    'one that is well has no verdict',
    [
      [1, finished('a', 'ok')],
      [2, end(['a'], 0)],
    ],
    'count(//testcase[@name="a"]/*)',
    '0',
  ],
  [
    'a gate between batches that does not hold fails, though all hosts are well',
    [
      [1, finished('a', 'changed')],
      [
        2,
        { kind: 'gate', gate: 'the shop answers', from: 'all.yml:3:5', status: 'failed', expected: '200', saw: '503' },
      ],
      [3, { kind: 'stopped', reason: 'a gate does not hold' }],
      [4, end(['a'])],
    ],
    'concat(//testcase[@name="gate the shop answers"]/failure, "; ", //testcase[@name="the run was stopped"]/failure)',
    'expected 200, saw 503\nall.yml:3:5; a gate does not hold',
  ],
  [
    'a check that fails on a host is a case of its own',
    [
      [1, { kind: 'check', play: 'p', role: 'etcd', check: 'members', host: 'a', ok: false, expected: '3', saw: '2' }],
      [2, finished('a', 'ok')],
      [3, end(['a'])],
    ],
    'string(//testcase[@name="a: etcd: members"]/failure/@message)',
    'saw 2; expected 3',
  ],
]
for (const [what, events, path, expected] of cases)
  test(what, async () => {
    const xml = await junitOf(journal([[0, started('r')], [0, play()], ...events]))
    assert.is(await inXml(xml, path), expected)
  })

test('a run that stopped before its first play has failed', async () => {
  const xml = await junitOf(
    journal([
      [0, started('r')],
      [1, { kind: 'stopped', reason: 'no host is up' }],
      [2, end([])],
    ]),
  )
  assert.is(await inXml(xml, 'string(//testsuite[@name="upgrade"]/testcase/failure/@message)'), 'no host is up')
  assert.is(await inXml(xml, 'string(/testsuites/@failures)'), '1')
})

test('whatever a host says, the file is XML 1.0 that keeps to the schema, and says it', async () => {
  const evil =
    ']]></failure><script>&amp;"\'\u0000\u0008\u001b[31m\u007f\u0085\ufffe\uffff\ud800 \u202e<!-- <![CDATA[ %s true \r\n\ttab'
  const events = (text: string): Timed => [
    [0, started('r', { playbook: text })],
    [0, { kind: 'playStarted', play: text, number: 1, hosts: [text, 'b', 'true'], batches: 1 }],
    [1, { kind: 'task', host: text, play: text, role: text, task: text, status: 'changed', summary: text }],
    [1, { kind: 'task', host: text, play: text, role: text, task: text, status: 'failed', output: text }],
    [2, { kind: 'hostFinished', host: text, play: text, outcome: 'failed', changes: 0, message: text, hint: text }],
    [2, { kind: 'hostFinished', host: 'b', play: text, outcome: 'skipped', changes: 0, message: text }],
    [2, { kind: 'hostFinished', host: 'true', play: text, outcome: 'ok', changes: 0 }],
    [3, { kind: 'stopped', reason: text }],
    [4, end([])],
  ]
  const xml = await junitOf(journal(events(evil)))
  assert.match(await inXml(xml, 'string(//failure)'), /\]\]><\/failure><script>&amp;"'\\x00\\x08/)
  assert.is(await inXml(xml, 'string(//testcase[3]/@name)'), 'true')
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async text => {
      await inXml(await junitOf(journal(events(text))), 'count(//testcase)')
    }),
    { numRuns: 20 },
  )
})

test('an annotation is one line, in which no other command begins', () => {
  assert.is(
    annotation('a: 50 %\r\n::stop-commands::x', { file: 'a:b,c%.yml', line: '3' }),
    '::error file=a%3Ab%2Cc%25.yml,line=3::a: 50 %25%0D%0A::stop-commands::x',
  )
  assert.is(annotation('text', {}), '::error::text')
})

test('what failed is annotated once for all of its hosts, at its place where it has one, ten at the most', async () => {
  const hosts = ['n1', 'n2', 'n3']
  const lines = await annotationsOf(
    journal([
      [0, started('r')],
      [0, play(hosts)],
      ...hosts.map(host => [1, finished(host, 'failed', 'its gate does not hold')] as const),
      [
        2,
        {
          kind: 'gate',
          gate: 'the shop',
          from: 'group_vars/all.yml:3:5',
          status: 'failed',
          expected: '200',
          saw: '503',
        },
      ],
      [3, end(hosts)],
    ]),
  )
  assert.equal(lines, [
    '::error title=p::n1 … n3: the host failed: its gate does not hold',
    '::error file=group_vars/all.yml,line=3,col=5,title=p::gate the shop: expected 200, saw 503',
  ])
  const many = Array.from({ length: 30 }, (_, index) => `h${index}`)
  const first = await annotationsOf(
    journal([
      [0, play(many)],
      ...many.map(host => [1, finished(host, 'failed', `its own ${host}`)] as const),
      [0, started('r')],
    ]),
  )
  assert.is(first.length, 10)
  assert.is(first[9], '::error::21 more failures')
})

test.run()
