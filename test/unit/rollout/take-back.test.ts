import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../engine/facts/index.ts'
import { type KeptPath, kept, type Standing } from '../../../engine/facts/kept.ts'
import { planBack } from '../../../engine/rollout/take-back.ts'
import { takeBack } from '../../../engine/tasks/index.ts'

/** `a` is a file that holds `a`; with a mode, `a 0600`; `→a` a link; `/` a directory, `/ 0700`; `-` nothing. */
function at(text: string): Standing {
  const [what = '', mode] = text.split(' ')
  const owned = { uid: 0, gid: 0 }
  if (what === '-') return { type: 'absent' }
  if (what === '?') return { type: 'other' }
  if (what === '/') return { type: 'directory', mode: mode ?? '0755', ...owned }
  if (what.startsWith('→')) return { type: 'link', sha256: what }
  return { type: 'file', sha256: what, mode: mode ?? '0644', ...owned }
}

const file = (path: string, before: string, left: string, now: string): KeptPath => ({
  path,
  owes: [],
  secret: false,
  before: before === '' ? undefined : at(before),
  left: left === '' ? undefined : at(left),
  now: at(now),
})

type Row = readonly [play: number, path: string, before: string, left: string, now: string]
const orders: readonly (readonly [
  what: string,
  rows: readonly Row[],
  taken: string,
  left?: string,
  forced?: string,
])[] = [
  ['nothing was replaced', [], ''],
  [
    'the last change first',
    [
      [1, '/a', 'x', 'y', 'y'],
      [1, '/b', 'x', 'y', 'y'],
      [2, '/c', '-', 'y', 'y'],
    ],
    '2/c 1/b 1/a',
  ],
  [
    'it is as it was',
    [
      [1, '/a', 'x', 'y', 'x'],
      [1, '/b', '-', 'y', '-'],
    ],
    '',
  ],
  ['only a mode', [[1, '/a', 'x 0644', 'x 0600', 'x 0600']], '1/a'],
  ['a mode was changed since', [[1, '/a', 'x', 'y', 'y 0600']], '', '/a has been changed since', '1/a'],
  ['content was changed since', [[1, '/a', 'x', 'y', 'z']], '', '/a has been changed since', '1/a'],
  ['it is gone since', [[1, '/a', 'x', 'y', '-']], '', '/a has been changed since: it is gone', '1/a'],
  ['what was left is not known', [[1, '/a', 'x', '', 'y']], '', '/a was being changed when', '1/a'],
  ['and it was not changed yet', [[1, '/a', 'x', '', 'x']], ''],
  [
    'what was kept is gone',
    [[1, '/a', '', 'y', 'y']],
    '',
    '/a was replaced, and what was there before is not kept',
    '',
  ],
  ['a directory is there now', [[1, '/a', 'x', 'y', '/']], '', '/a is a directory now', ''],
  ['a link in the place of a file', [[1, '/a', 'x', '→y', '→y']], '1/a'],
  ['something else was there', [[1, '/a', '?', 'y', 'y']], '', '/a was neither a file', ''],
  [
    'two plays, one after the other',
    [
      [1, '/a', 'x', 'y', 'z'],
      [2, '/a', 'y', 'z', 'z'],
    ],
    '2/a 1/a*',
  ],
  [
    'two plays, the second is taken back',
    [
      [1, '/a', 'x', 'y', 'y'],
      [2, '/a', 'y', 'z', 'y'],
    ],
    '1/a*',
  ],
  [
    'two plays, both are',
    [
      [1, '/a', 'x', 'y', 'x'],
      [2, '/a', 'y', 'z', 'x'],
    ],
    '',
  ],
  [
    'two plays, there and back again',
    [
      [1, '/a', 'x', 'y', 'x'],
      [2, '/a', 'y', 'x', 'x'],
    ],
    '',
  ],
  [
    'somebody between two plays',
    [
      [1, '/a', 'x', 'y', 'z'],
      [2, '/a', 'w', 'z', 'z'],
    ],
    '2/a',
    '/a has been changed since',
    '2/a 1/a*',
  ],
  [
    'somebody after two plays',
    [
      [1, '/a', 'x', 'y', 'w'],
      [2, '/a', 'y', 'z', 'w'],
    ],
    '',
    '/a has been changed since',
    '2/a 1/a*',
  ],
]
for (const [what, rows, taken, left, forced] of orders)
  test(`what is taken back: ${what}`, () => {
    const replaced = rows.map(([play, ...one]) => ({ play, file: file(...one) }))
    const shown = (force: boolean) =>
      planBack(replaced, force)
        .items.map(({ play, file: { path }, isChained }) => `${play}${path}${isChained ? '*' : ''}`)
        .join(' ')
    assert.is(shown(false), taken)
    const said = planBack(replaced, false).left.map(({ path, why }) => `${path} ${why}`)
    assert.is(said.length, left === undefined ? 0 : 1, said.join())
    assert.ok(
      said.every(text => text.startsWith(left ?? '')),
      said.join(),
    )
    assert.is(shown(true), forced ?? taken)
  })

const planned = (one: KeptPath, args: { readonly force?: boolean; readonly later?: Standing } = {}) => {
  const task = takeBack({ run: 'r', play: 2, path: one.path, force: false, ...args })
  const facts = factTable([kept({ run: 'r', play: 2 }), { type: 'kept', paths: [one] }])
  return task.kind.plan(task.args, facts, { changed: false, diff: true })
}

const changes: readonly (readonly [what: string, one: KeptPath, summary: string | undefined, script: RegExp])[] = [
  [
    'a file',
    file('/a b', 'x 0640', 'y', 'y'),
    'content as before, mode 0644 → 0640',
    /rota_install "\$ROTA_TMP\/back" '\/a b' 0640 0 0/,
  ],
  ['a file that was removed', file('/a', 'x', '-', '-'), 'the run removed it', /rota_install/],
  ['a file that was made', file('/a', '-', 'y', 'y'), 'remove: the run made it', /rota_remove \/a$/],
  ['a file that became a link', file('/a', 'x', '→y', '→y'), 'was a file', /rota_remove \/a\nrota_install/],
  ['a link', file('/a', '→x', '→y', '→y'), 'leads elsewhere', /rota_link "\$\(readlink "\$copy"\)" \/a/],
  ['a directory', file('/a', '/ 0750', '/', '/'), 'mode 0755 → 0750', /rota_directory \/a 0750 0 0/],
  ['nothing', file('/a', 'x', 'y', 'x'), undefined, /^$/],
]
for (const [what, one, summary, script] of changes)
  test(`how it is taken back: ${what}`, () => {
    const change = planned(one)
    assert.is(change?.summary, summary)
    assert.match(change?.apply.text ?? '', script)
    // What is replaced is kept before, as of any other change.
    if (change) assert.match(change.apply.text, /^rota_backup /)
  })

test('what has changed since it was looked at is refused; what a later play has left is not, for that goes back first', () => {
  const one = file('/a', 'x', 'y', 'z')
  assert.match(planned(one)?.refused ?? '', /^\/a has been changed since/)
  assert.is(planned(one, { later: at('z') })?.refused, undefined)
  assert.is(planned(one, { force: true })?.refused, undefined)
})

test('no difference is shown of a secret, nor of what only its owner may read', () => {
  const contents = { before: Buffer.from('old\n'), now: Buffer.from('new\n') }
  const diffOf = (one: KeptPath) => planned({ ...one, contents })?.diff
  assert.equal(diffOf(file('/a', 'x', 'y', 'y')), { path: '/a', before: 'new\n', after: 'old\n' })
  for (const [before, now] of [
    ['x 0600', 'y 0600'],
    ['x 0600', 'y'],
    ['x', 'y 0400'],
  ] as const)
    assert.is(diffOf(file('/a', before, now, now)), undefined)
  assert.is(planned(file('/a', 'x', 'y', 'y'))?.diff, undefined)
})

test.run()
