import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askedOf, ofTheMoment, ofTheWindow } from '../../../engine/cli/asked.ts'
import { type Anew, merged } from '../../../engine/cli/started.ts'
import { isFailure } from '../../../engine/failure/index.ts'
import type { Asked, AskedFlag } from '../../../engine/journal/events.ts'
import { choose, type Known, type Sought } from '../../../engine/runs/choose.ts'
import { differences } from '../../../engine/runs/made-of.ts'
import type { State } from '../../../engine/runs/state.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { askedBy } from './stories.ts'

interface Made extends Partial<Omit<Asked, 'marks'>> {
  readonly marks?: Partial<Asked['marks']>
  readonly check?: boolean
  /** Of a version that did not write it down. */
  readonly old?: true
}
const marks = askedBy().marks
const known = (run: string, state: State, { marks: own, check = false, old, ...more }: Made = {}): Known => ({
  state,
  story: {
    ...{ run, playbook: 'upgrade', check, started: '', last: '', plays: [], ending: 'whole' },
    ...(old ? {} : { asked: askedBy({ flags: [], ...more, marks: { ...marks, ...own } }) }),
  },
})
const only = (flag: string, value: string): Made => ({ flags: [{ flag, value }] })

/** The newest first. Gives the chain of runs, or what is refused. */
const table: readonly (readonly [
  what: string,
  runs: readonly Known[],
  more: Partial<Sought>,
  expected: string | RegExp,
])[] = [
  [
    'the newest that was broken off',
    [known('3', 'broken off'), known('2', 'failed'), known('1', 'ended well')],
    {},
    '3',
  ],
  ['one that failed, one that was interrupted', [known('2', 'interrupted'), known('1', 'failed')], {}, '2'],
  ['one where a host was unreachable', [known('1', 'unreachable')], {}, '1'],
  [
    'a chain',
    [known('3', 'failed', { resumes: '2' }), known('2', 'broken off', { resumes: '1' }), known('1', 'failed')],
    {},
    '3 2 1',
  ],
  [
    'a chain in a circle',
    [known('2', 'failed', { resumes: '1' }), known('1', 'failed', { resumes: '2' }), known('0', 'failed')],
    { named: '2' },
    /run 1 has gone on with run 2/,
  ],
  ['a chain whose beginning is pruned', [known('3', 'failed', { resumes: '2' })], {}, '3'],
  [
    'a newer one in check mode does not count',
    [known('2', 'failed', { check: true }), known('1', 'broken off')],
    {},
    '1',
  ],
  [
    'a newer one of another playbook does not count',
    [known('2', 'ended well', { marks: { file: 'other' } }), known('1', 'failed')],
    {},
    '1',
  ],
  ['none', [], {}, /no run of this playbook is known/],
  [
    'all ended well',
    [known('2', 'ended well'), known('1', 'ended well')],
    {},
    /newest run of this playbook, 2, ended well/,
  ],
  [
    'one that was gone on with and ended well',
    [known('2', 'ended well', { resumes: '1' }), known('1', 'broken off')],
    {},
    /2, ended well/,
  ],
  [
    'one that was taken back',
    [known('3', 'ended well', { takesBack: '2' }), known('2', 'failed'), known('1', 'ended well')],
    {},
    /the newest run of this playbook, 2, was taken back/,
  ],
  [
    'one that was taken back on some hosts, or in check mode, or half-way',
    [
      known('5', 'broken off', { takesBack: '2' }),
      known('4', 'ended well', { takesBack: '2', check: true }),
      known('3', 'ended well', { takesBack: '2', ...only('--limit', 'a') }),
      known('2', 'failed'),
    ],
    {},
    '2',
  ],
  [
    'one that takes another back',
    [known('2', 'broken off', { takesBack: '1' }), known('1', 'ended well')],
    { named: '2' },
    /run 2 took back run 1\n?.*rota rollback 1/s,
  ],
  [
    'a whole run has done it since',
    [known('2', 'ended well'), known('1', 'broken off')],
    {},
    /all of run 1 was done since by run 2/,
  ],
  [
    'the same part has been done since',
    [known('2', 'ended well', only('--limit', 'a')), known('1', 'failed', only('--limit', 'a'))],
    {},
    /all of run 1 was done since/,
  ],
  [
    'a whole run has done since what was a part',
    [known('2', 'ended well'), known('1', 'failed', only('--limit', 'a'))],
    {},
    /all of run 1 was done since/,
  ],
  ['a whole run of another machine may have', [known('2', 'elsewhere'), known('1', 'failed')], {}, '1'],
  [
    'another part has been done since',
    [known('2', 'ended well', only('--limit', 'a')), known('1', 'broken off')],
    {},
    '1',
  ],
  [
    'other tags have been done since',
    [known('2', 'ended well', only('--tags', 'a')), known('1', 'failed', only('--tags', 'b'))],
    {},
    '1',
  ],
  [
    'done with another inventory since',
    [known('2', 'ended well', { marks: { inventory: 'lab' } }), known('1', 'failed')],
    {},
    '1',
  ],
  [
    'two inventories',
    [known('2', 'failed', { marks: { inventory: 'lab' } }), known('1', 'failed')],
    {},
    /broken off with 2 inventories/,
  ],
  [
    'two inventories, and one is said',
    [known('2', 'failed', { marks: { inventory: 'lab' } }), known('1', 'failed')],
    { marks },
    '1',
  ],
  [
    'two inventories, of which one was done since',
    [
      known('3', 'ended well', { marks: { inventory: 'lab' } }),
      known('2', 'failed', { marks: { inventory: 'lab' } }),
      known('1', 'failed'),
    ],
    {},
    '1',
  ],
  [
    'an inventory that no run had',
    [known('1', 'failed')],
    { marks: { ...marks, inventory: 'lab' } },
    /no run of this playbook with this inventory/,
  ],
  ['one goes on', [known('2', 'goes on'), known('1', 'broken off')], {}, /run 2 of this playbook goes on/],
  ['one of another machine', [known('1', 'elsewhere')], {}, /was started on here, and whether it goes on there/],
  ['one of another machine, by its name', [known('1', 'elsewhere')], { named: '1' }, '1'],
  ['by its name, though all was done since', [known('2', 'ended well'), known('1', 'broken off')], { named: '1' }, '1'],
  ['by a name that is none', [known('1', 'failed')], { named: '9' }, /there is no journal of a run 9/],
  ['by name, in check mode', [known('1', 'failed', { check: true })], { named: '1' }, /was in check mode/],
  [
    'by name, of another playbook',
    [known('1', 'failed', { marks: { file: 'x' } })],
    { named: '1' },
    /is one of another playbook/,
  ],
  [
    'by name, of an older version',
    [known('1', 'failed', { old: true })],
    { named: '1' },
    /does not say how it was started/,
  ],
  ['of an older version', [known('1', 'failed', { old: true })], {}, /no run of this playbook is known/],
  ['by name, ended well', [known('1', 'ended well')], { named: '1' }, /run 1 ended well/],
  ['by name, goes on', [known('1', 'goes on')], { named: '1' }, /run 1 goes on/],
  [
    'by name, gone on with just now',
    [known('2', 'goes on', { resumes: '1' }), known('1', 'failed')],
    { named: '1' },
    /run 2 goes on with run 1 already/,
  ],
  [
    'by name, gone on with and broken off',
    [known('2', 'failed', { resumes: '1' }), known('1', 'failed')],
    { named: '1' },
    /go on with that one: --resume 2|run 2 has gone on with run 1/,
  ],
  [
    'by name, with another inventory',
    [known('1', 'failed')],
    { named: '1', marks: { ...marks, inventory: 'lab' } },
    /run 1 had another inventory, hosts.ini/,
  ],
  ['from another folder', [known('1', 'failed', { marks: { cwd: 'elsewhere' } })], {}, /run 1 was started in \/infra/],
]
const refusal = (work: () => unknown): string => {
  try {
    work()
    return ''
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    const { problems } = error.reason
    for (const { hint } of problems.slice(0, 1)) assert.ok(hint, 'what to do is said')
    return problems.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n')
  }
}
for (const [what, runs, more, expected] of table)
  test(`which run: ${what}`, () => {
    const { inventory: _, ...any } = marks
    const sought: Sought = { marks: any, ...more }
    if (typeof expected === 'string')
      assert.is(
        choose(runs, sought)
          .map(({ run }) => run)
          .join(' '),
        expected,
      )
    else
      assert.match(
        refusal(() => choose(runs, sought)),
        expected,
      )
  })

const stored: readonly AskedFlag[] = [
  { flag: '--inventory', value: 'hosts.ini' },
  { flag: '--extra-vars', value: '@vars.json' },
  { flag: '--extra-vars', secret: ['password'] },
  { flag: '--extra-vars', value: 'a=1' },
  { flag: '--ask-become-pass' },
  { flag: '--become' },
]
const words = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map(word => {
      const [flag = '', ...value] = word.split(':')
      return { flag, ...(value.length > 0 ? { value: value.join(':') } : {}) }
    })
const password = '--extra-vars:password=x'
const flags: readonly (readonly [what: string, given: string, expected: string | RegExp])[] = [
  [
    'what is secret is put in its place',
    password,
    `--inventory:hosts.ini --extra-vars:@vars.json ${password} --extra-vars:a=1 --ask-become-pass --become`,
  ],
  [
    'a password file takes the place of a question',
    `${password} --become-password-file:f`,
    `--inventory:hosts.ini --extra-vars:@vars.json ${password} --extra-vars:a=1 --become --become-password-file:f`,
  ],
  [
    'what is of the moment is added',
    `${password} --verbose --forks:1 --check`,
    `--inventory:hosts.ini --extra-vars:@vars.json ${password} --extra-vars:a=1 --ask-become-pass --become --verbose --forks:1 --check`,
  ],
  [
    'the same again is nothing new',
    `${password} --become --extra-vars:a=1`,
    `--inventory:hosts.ini --extra-vars:@vars.json ${password} --extra-vars:a=1 --ask-become-pass --become`,
  ],
  [
    'the same inventory by another name',
    `${password} --inventory:./hosts.ini`,
    `--extra-vars:@vars.json ${password} --extra-vars:a=1 --ask-become-pass --become --inventory:./hosts.ini`,
  ],
  ['without the secret', '', /was started with the extra variable password, whose value is a secret/],
  [
    'with another value',
    `${password} --extra-vars:a=2`,
    /-e a: run 1 was started with --extra-vars a=1, and goes on as it was started/,
  ],
  [
    'with one more variable beside the secret',
    '--extra-vars:{"password":"x","b":"y"}',
    /-e b: run 1 was started without it/,
  ],
  ['with another limit', `${password} --limit:a`, /--limit a: run 1 was started without it/],
  ['all that is wrong at once', '--limit:a --tags:b', /--limit a[\s\S]*--tags b[\s\S]*password/],
]
const anew: Anew = {
  made: 'run 1 was started',
  free: [...ofTheMoment, '--check', '--diff', '--forks'],
  together: [ofTheWindow],
  otherwise: 'goes on as it was started',
  hint: 'leave it out',
}
for (const [what, given, expected] of flags)
  test(`which flags: ${what}`, () => {
    if (typeof expected === 'string') assert.equal(merged(stored, words(given), anew), words(expected))
    else
      assert.match(
        refusal(() => merged(stored, words(given), anew)),
        expected,
      )
  })

const ofOneNight = words('--limit:a --until:2026-12-01T04:30 --window-only')
for (const [what, given, expected] of [
  ['the window of the run is kept', '', '--limit:a --until:2026-12-01T04:30 --window-only'],
  ['another night has its own', '--until:05:00', '--limit:a --until:05:00'],
  ['all of it', '--until:05:00 --window-only', '--limit:a --until:05:00 --window-only'],
] as const)
  test(`which flags: ${what}`, () => assert.equal(merged(ofOneNight, words(given), anew), words(expected)))

const redactor = newRedactor()
redactor.add(['s3cret-of-a-vault', 'abc'])
for (const [given, expected] of [
  ['--limit:master-1', { flag: '--limit', value: 'master-1' }],
  ['--become', { flag: '--become' }],
  ['--extra-vars:@secrets.yml', { flag: '--extra-vars', value: '@secrets.yml' }],
  ['--extra-vars:kube_version=1.33.4', { flag: '--extra-vars', value: 'kube_version=1.33.4' }],
  ['--extra-vars:plain=s3cret-of-a-vault', { flag: '--extra-vars', secret: ['plain'] }],
  ['--extra-vars:{"deep":{"in":["abc"]},"b":1}', { flag: '--extra-vars', secret: ['deep', 'b'] }],
  ['--extra-vars:db_password=never-read', { flag: '--extra-vars', secret: ['db_password'] }],
  ['--extra-vars:ansible_become_pass=never-read', { flag: '--extra-vars', secret: ['ansible_become_pass'] }],
  ['--extra-vars:kubeadm_certificate_key=never-read', { flag: '--extra-vars', secret: ['kubeadm_certificate_key'] }],
  ['--user:s3cret-of-a-vault', { flag: '--user', secret: ['--user'] }],
] as const)
  test(`what the journal has of ${given}`, () => {
    const playbook = { name: 'p', file: 'p.mjs', plays: [] }
    assert.equal(askedOf(playbook, [...words(given), { flag: '--verbose' }], [], [], redactor).flags, [expected])
  })

test('what is another since', () => {
  const before = {
    version: '1',
    inventory: [
      { path: 'a', digest: '1' },
      { path: 'b', digest: '1' },
    ],
    code: [],
  }
  assert.equal(differences(before, before), [])
  const now = {
    version: '2',
    inventory: [
      { path: 'a', digest: '2' },
      { path: 'c', digest: '1' },
    ],
    code: [],
  }
  assert.equal(differences(before, now), [
    'Rota itself: 1 then, 2 now',
    'a has changed',
    'c was not read then',
    'b is not read any more',
  ])
})

test.run()
