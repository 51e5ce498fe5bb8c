import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { othersThanPlanned } from '../../../../engine/cli/plan-file/compare.ts'
import type { PlannedChange, PlayPlan } from '../../../../engine/cli/plan-file/schema.ts'
import type { HostStory, Story } from '../../../../engine/runs/index.ts'

type Told = Omit<PlannedChange, 'hosts'>

const told = (task: string, more: Partial<Told> = {}): Told => ({
  task: `role: ${task}`,
  what: 'to do',
  paths: [`/${task}`],
  sum: 'as planned',
  ...more,
})
const other = (task: string, more: Partial<Told> = {}) => told(task, { ...more, sum: 'another' })
const facts = (path: string, unit: string) => ({ 'path /x': path, 'unit y': unit })

interface Of {
  readonly changes?: readonly Told[]
  readonly facts?: Readonly<Record<string, string>>
}

/** Play 1 and play 2 of hosts a and b. */
type Plays = readonly [Readonly<Record<string, Of>>, Readonly<Record<string, Of>>?]

const plan = (plays: Plays): readonly PlayPlan[] =>
  plays.map((hosts = {}, index) => ({
    play: `play ${index + 1}`,
    number: index + 1,
    hosts: Object.keys(hosts),
    changes: Object.entries(hosts).flatMap(([host, { changes = [] }]) =>
      changes.map(change => ({ ...change, hosts: [host] })),
    ),
    facts: Object.entries(hosts).flatMap(([host, { facts: seen }]) => (seen ? [{ hosts: [host], seen }] : [])),
  }))

/** What a run has done in play 1, host by host. */
const begun = (hosts: Readonly<Record<string, Partial<HostStory>>>): readonly Story[] => [
  {
    run: '1',
    playbook: 'p',
    check: false,
    started: '',
    last: '',
    ending: 'whole',
    plays: [
      {
        play: 'play 1',
        number: 1,
        batches: 1,
        batch: 1,
        hosts: Object.entries(hosts).map(([host, story]) => ({ host, begun: true, out: [], did: [], ...story })),
      },
    ],
  },
]
const changed = (task: string) => ({ role: 'role', task, status: 'changed' as const })

const one = told('one')
const two = told('two')
const step = told('step', { step: true, paths: [] })
const once = told('once', { once: true })
const hook: Told = { task: 'after the changes: out', what: 'owed', hook: true, paths: [], sum: 'of a hook' }

const table: readonly (readonly [
  what: string,
  planned: Plays,
  now: Plays,
  story: readonly Story[],
  others: readonly string[],
])[] = [
  ['the same', [{ a: { changes: [one] } }], [{ a: { changes: [one] } }], [], []],
  ['nothing, as planned', [{ a: {} }], [{ a: {} }], [], []],
  ['another change', [{ a: { changes: [one] } }], [{ a: { changes: [other('one')] } }], [], ['a']],
  ['less', [{ a: { changes: [one, two] } }], [{ a: { changes: [one] } }], [], ['a']],
  ['more', [{ a: { changes: [one] } }], [{ a: { changes: [one, two] } }], [], ['a']],
  ['another order', [{ a: { changes: [one, two] } }], [{ a: { changes: [two, one] } }], [], ['a']],
  ['other words', [{ a: { changes: [one] } }], [{ a: { changes: [{ ...one, what: 'x' }] } }], [], ['a']],
  [
    'another diff',
    [{ a: { changes: [{ ...one, diff: '+1\n' }] } }],
    [{ a: { changes: [{ ...one, diff: '+2\n' }] } }],
    [],
    ['a'],
  ],
  [
    'a host is not among them',
    [{ a: { changes: [one] }, b: { changes: [one] } }],
    [{ a: { changes: [one] } }],
    [],
    ['b'],
  ],
  ['a host more', [{ a: { changes: [one] } }], [{ a: { changes: [one] }, b: { changes: [one] } }], [], ['b']],
  ['another fact', [{ a: { facts: facts('1', '1') } }], [{ a: { facts: facts('1', '2') } }], [], ['a']],
  ['in a later play', [{}, { a: { changes: [one] } }], [{}, { a: { changes: [two] } }], [], ['a']],
  [
    'gone on with: what was done is left out, what is left is the same',
    [{ a: { changes: [one, two] } }],
    [{ a: { changes: [two] } }],
    begun({ a: { did: [changed('one')] } }),
    [],
  ],
  [
    'gone on with: what was done is another by now',
    [{ a: { changes: [one, two] } }],
    [{ a: { changes: [other('one'), two] } }],
    begun({ a: { did: [changed('one')] } }),
    ['a'],
  ],
  [
    'gone on with: what is done in every run is done again',
    [{ a: { changes: [one] } }],
    [{ a: { changes: [one] } }],
    begun({ a: { did: [changed('one')] } }),
    [],
  ],
  [
    'gone on with: a later play finds what the run has made of the file',
    [{ a: { changes: [one] } }, { a: { changes: [told('later', { paths: ['/one/below'] })] } }],
    [{ a: {} }, { a: { changes: [other('later', { paths: ['/one/below'] })] } }],
    begun({ a: { did: [changed('one')], outcome: 'changed' } }),
    [],
  ],
  [
    'gone on with: a later play finds another file',
    [{ a: { changes: [one] } }, { a: { changes: [two] } }],
    [{ a: {} }, { a: { changes: [other('two')] } }],
    begun({ a: { did: [changed('one')], outcome: 'changed' } }),
    ['a'],
  ],
  [
    'gone on with: a file of a longer name is another file',
    [{ a: { changes: [one] } }, { a: { changes: [told('ones')] } }],
    [{ a: {} }, { a: { changes: [other('ones')] } }],
    begun({ a: { did: [changed('one')], outcome: 'changed' } }),
    ['a'],
  ],
  [
    'gone on with: on a host that it has not come to a change is the same or gone',
    [{ a: { changes: [one] }, b: { changes: [one, two] } }],
    [{ a: {}, b: { changes: [other('one')] } }],
    begun({ a: { did: [changed('one')], outcome: 'changed' }, b: { begun: false } }),
    ['b'],
  ],
  [
    'gone on with: behind a step that has run any file may be its work',
    [{ a: { changes: [step] } }, { a: { changes: [two] } }],
    [{ a: {} }, { a: { changes: [other('two')] } }],
    begun({ a: { did: [changed('step')] } }),
    [],
  ],
  [
    'gone on with: a step that was not begun explains nothing',
    [{ a: { changes: [one, step] } }, { a: { changes: [two] } }],
    [{ a: { changes: [step] } }, { a: { changes: [other('two')] } }],
    begun({ a: { did: [changed('one')], looked: true } }),
    ['a'],
  ],
  [
    'gone on with: what was sent to a host may be done though the journal does not say it',
    [{ a: { changes: [one] } }, { a: { changes: [told('later', { paths: ['/one'] })] } }],
    [{ a: {} }, { a: { changes: [other('later', { paths: ['/one'] })] } }],
    begun({ a: { begun: false, looked: true } }),
    [],
  ],
  [
    'gone on with: what it has taken out of service is put back, what others have is not',
    [{ a: { changes: [one] }, b: { changes: [one] } }],
    [{ a: { changes: [one, hook] }, b: { changes: [one, hook] } }],
    begun({ a: {} }),
    ['b'],
  ],
  [
    'gone on with: what was not planned',
    [{ a: { changes: [one] } }],
    [{ a: { changes: [two] } }],
    begun({ a: { did: [changed('one')] } }),
    ['a'],
  ],
  [
    'gone on with: what runs once may come to another host, the same',
    [{ a: { changes: [once] }, b: {} }],
    [{ a: {}, b: { changes: [once] } }],
    begun({ a: {} }),
    [],
  ],
  [
    'gone on with: what runs once comes to another host, and is another there',
    [{ a: { changes: [once] }, b: {} }],
    [{ a: {}, b: { changes: [other('once', { once: true })] } }],
    begun({ a: {} }),
    ['b'],
  ],
  [
    'gone on with: what each host does for itself comes to another one',
    [{ a: { changes: [one] }, b: {} }],
    [{ a: {}, b: { changes: [one] } }],
    begun({ a: {} }),
    ['b'],
  ],
  [
    'gone on with: facts of hosts that it has come to, and those that other hosts may change, are others',
    [{ a: { facts: facts('1', '1') }, b: { facts: facts('1', '1') } }],
    [{ a: { facts: facts('2', '2') }, b: { facts: facts('1', '2') } }],
    begun({ a: {} }),
    [],
  ],
  [
    'gone on with: what is at a path of a host that it has not come to is another',
    [{ a: {}, b: { facts: facts('1', '1') } }],
    [{ a: {}, b: { facts: facts('2', '1') } }],
    begun({ a: {} }),
    ['b'],
  ],
  [
    'gone on with: a run that was broken off before it began changes nothing of that',
    [{ a: { changes: [one] } }],
    [{ a: {} }],
    begun({ a: { begun: false } }),
    ['a'],
  ],
]
for (const [what, planned, now, story, others] of table)
  test(`than planned: ${what}`, () => {
    const found = othersThanPlanned(plan(planned), plan(now), story)
    assert.equal(
      found.map(({ host }) => host),
      others,
    )
  })

test('a task that was numbered, or runs once, is known again from a journal', () => {
  const [first, second] = [told('one'), told('one (runs once) (number 2 of this title)', { paths: ['/two'] })]
  const later = told('later', { paths: ['/two'] })
  const found = othersThanPlanned(
    plan([{ a: { changes: [first, second] } }, { a: { changes: [later] } }]),
    plan([{ a: {} }, { a: { changes: [{ ...later, sum: 'another' }] } }]),
    begun({ a: { did: [changed('one')] } }),
  )
  assert.equal(found, [])
})

test('what is another is told as a difference, with the play that it is of', () => {
  const [{ lines } = { lines: [] }] = othersThanPlanned(
    plan([{ a: { changes: [{ ...one, diff: '+1\n' }] } }]),
    plan([{ a: { changes: [{ ...other('one'), diff: '+2\n' }] } }]),
  )
  assert.equal(lines, [
    '--- what is to be done (planned)',
    '+++ what is to be done (now)',
    '@@ -1,4 +1,4 @@',
    ' [play 1]',
    ' role: one (to do)',
    '-    +1',
    '-    checksum as planned',
    '+    +2',
    '+    checksum another',
  ])
})

test.run()
