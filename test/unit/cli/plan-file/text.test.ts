import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyOf } from '../../../../engine/cli/plan-file/key.ts'
import { playOf, recording } from '../../../../engine/cli/plan-file/record.ts'
import type { Plan, PlannedChange } from '../../../../engine/cli/plan-file/schema.ts'
import { planText, readPlan } from '../../../../engine/cli/plan-file/text.ts'
import { agreement, type Showing, type Would } from '../../../../engine/host/index.ts'
import type { ReadyPlay } from '../../../../engine/plan/index.ts'
import { newRedactor } from '../../../../engine/secrets/index.ts'
import { sh } from '../../../../engine/shell/index.ts'

type Told = Omit<PlannedChange, 'hosts'>

const planOf = (plays: Plan['plays'], more: Partial<Plan> = {}): Plan => ({
  plan: 1,
  made: '2026-11-30T20:00:00Z',
  by: 'ann@bastion',
  playbook: 'site',
  file: 'site.mjs',
  version: '0.1.0',
  inventory: ['hosts.ini'],
  flags: [{ flag: '--become' }, { flag: '--limit', value: 'a' }, { flag: '--extra-vars', secret: ['password'] }],
  read: { 'hosts.ini': 'ab' },
  code: { 'site.mjs': 'cd' },
  secrets: 'ef',
  plays,
  ...more,
})
const told = (task: string, more: Partial<Told> = {}): Told => ({ task, what: 'to do', paths: [], sum: 'x', ...more })
const of = (...changes: readonly Told[]) => ({ changes, facts: new Map<string, string>() })

test('what is written is read again, whatever its texts are', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('- a', 'a: b', '"', '# x', '~', '1', '', ' x\n', 'checksum: '),
  )
  const change = fc.record(
    {
      task: text,
      what: text,
      paths: fc.array(text),
      sum: text,
      diff: text,
      step: fc.constant(true as const),
      hosts: fc.constant(['a1 … a3', 'b'] as string[]),
    },
    { requiredKeys: ['task', 'what', 'paths', 'sum', 'hosts'] },
  )
  const facts = fc.record({ hosts: fc.constant(['b'] as string[]), seen: fc.dictionary(text, text) })
  const play = fc.record({
    play: text,
    number: fc.integer({ min: 1, max: 9 }),
    hosts: fc.constant(['a1 … a3', 'b'] as string[]),
    changes: fc.array(change, { maxLength: 4 }),
    facts: fc.array(facts),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(play, { maxLength: 3 }), text, async (plays, by) => {
      const plan = planOf(plays, { by })
      assert.equal(await readPlan(await planText(plan), 'plan.yml'), JSON.parse(JSON.stringify(plan)))
    }),
    { numRuns: 20 },
  )
})

test('whichever character is another, or missing, it is not read', async () => {
  const text = await planText(planOf([playOf('first', 1, new Map([['a', of(told('one'))]]))]))
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom('', 'x', '\n'), async (at, instead) => {
      fc.pre(text[at] !== instead)
      const other = text.slice(0, at) + instead + text.slice(at + 1)
      await readPlan(other, 'plan.yml').then(
        () => assert.unreachable(`read, without character ${at}`),
        error => assert.match(String(error), /plan\.yml:1:1: this (is no plan of Rota|plan is not as it was written)/),
      )
    }),
    { numRuns: 100 },
  )
})

test('what has something behind its end is not read', async () => {
  const text = await planText(planOf([]))
  await readPlan(`${text}plays: []\n`, 'plan.yml').then(
    () => assert.unreachable('read'),
    error => assert.match(String(error), 'plan.yml:1:1: this plan is not as it was written'),
  )
})

test('what is the same of several hosts is there once, each change where it comes on its hosts', () => {
  const [one, two, three, own] = ['one', 'two', 'three', 'own'].map(task => told(task)) as [Told, Told, Told, Told]
  const play = playOf(
    'first',
    1,
    new Map([
      ['n1', of(one, three)],
      ['n2', of(one, two, three)],
      ['n3', of(one, three, own)],
      ['n4', of()],
    ]),
  )
  assert.equal(
    play.changes.map(({ task, hosts }) => [task, hosts]),
    [
      ['one', ['n1 … n3']],
      ['two', ['n2']],
      ['three', ['n1 … n3']],
      ['own', ['n3']],
    ],
  )
  assert.equal(play.hosts, ['n1 … n4'])
})

test('facts are there by the hosts that have them, each fact a line', () => {
  const facts = (...all: readonly [string, string][]) => ({ changes: [], facts: new Map(all) })
  const play = playOf(
    'first',
    1,
    new Map([
      ['n1', facts(['unit b', '1'], ['path a', '1'])],
      ['n2', facts(['unit b', '2'], ['path a', '1'])],
    ]),
  )
  assert.equal(play.facts, [
    { hosts: ['n1'], seen: { 'unit b': '1' } },
    { hosts: ['n1', 'n2'], seen: { 'path a': '1' } },
    { hosts: ['n2'], seen: { 'unit b': '2' } },
  ])
})

const would = (more: Partial<Would> = {}): Would => ({
  role: 'role',
  tasks: ['one'],
  summary: 'content differs',
  handler: false,
  sends: [sh`true`],
  doing: [{ name: 'role: one', paths: ['/one'] }],
  ...more,
})
const canary = 'hunter22-canary'
const ready = [{ play: { name: 'first' }, hosts: [{ name: 'a' }] }] as unknown as readonly ReadyPlay[]

/** What is taken down of a host with these secrets. */
function recorded(secrets: readonly string[], shown: Partial<Showing>, salt = 'site') {
  const redactor = newRedactor()
  redactor.add(secrets)
  const record = recording(agreement(), keyOf(secrets, salt), redactor)
  record.agreed.show(1, 'a', { own: [], others: [], facts: () => [], ...shown })
  const [play] = record.plays(ready)
  return { change: play?.changes[0], facts: play?.facts[0]?.seen ?? {} }
}

test('a secret is nowhere in a plan, and what is made of it can be told from what is made of another', () => {
  const own = [
    would({
      summary: canary,
      tasks: [canary],
      doing: [{ name: canary, paths: [`/${canary}`] }],
      sends: [sh`x ${canary}`],
      diff: { path: canary, before: canary, after: `${canary}2` },
    }),
  ]
  const facts = () => [{ about: `path /${canary}`, value: canary }]
  const { change, facts: seen } = recorded([canary], { own, facts })
  assert.not.match(JSON.stringify([change, seen]), /canary/)
  const other = recorded([canary], { own: [would({ ...own[0], sends: [sh`y ${canary}`] })], facts })
  assert.not.equal(other.change?.sum, change?.sum)
  // Who does not know the secrets can't try values until a checksum is that one.
  assert.not.equal(recorded(['another-secret'], { own, facts }).change?.sum, change?.sum)
  assert.not.equal(recorded([canary], { own, facts }, 'another site').change?.sum, change?.sum)
  assert.equal(recorded([canary], { own, facts }).change, change)
})

const sums: readonly (readonly [string, Partial<Would>])[] = [
  ['what is sent', { sends: [sh`false`] }],
  ['more that is sent', { sends: [sh`true`, sh`true`] }],
  ['content beside it', { sends: [sh`cat ${{ kind: 'blob', content: Buffer.from('x') }}`] }],
  ['the words', { summary: 'mode differs' }],
  ['the difference', { diff: { path: '/one', before: '', after: 'x' } }],
]
for (const [what, more] of sums)
  test(`another checksum: ${what}`, () => {
    const sumOf = (one: Would) => recorded([], { own: [one] }).change?.sum
    assert.not.equal(sumOf(would(more)), sumOf(would()))
  })

test('content beside what is sent is part of the checksum, and so is where it goes', () => {
  const sumOf = (content: string, near?: string) =>
    recorded([], {
      own: [would({ sends: [sh`cat ${{ kind: 'blob', content: Buffer.from(content), ...(near ? { near } : {}) }}`] })],
    }).change?.sum
  assert.not.equal(sumOf('x'), sumOf('y'))
  assert.not.equal(sumOf('x'), sumOf('x', '/etc/x'))
  assert.equal(sumOf('x'), sumOf('x'))
})

test('facts of the same words are one line, which is another when one of them is', () => {
  const seen = (...values: readonly string[]) =>
    recorded([], { facts: () => values.map(value => ({ about: 'path /x', value })) }).facts
  assert.equal(Object.keys(seen('1', '2')), ['path /x'])
  assert.not.equal(seen('1', '2'), seen('1', '3'))
  assert.not.equal(seen('1', '2'), seen('3', '2'))
})

test.run()
