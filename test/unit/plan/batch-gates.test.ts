import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { formatProblem } from '../../../engine/failure/index.ts'
import { batchGates, gate, type PlayOptions, play } from '../../../engine/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { redacted } from '../../../engine/journal/index.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { readyPlays } from '../../ready-plays.ts'

/** What is wrong with the gates of a play of three hosts. */
async function problemsOf(afterBatch: PlayOptions['afterBatch'] = [], redactor = newRedactor()) {
  const inventory = await loadInventory({ sources: ['master-1,master-2,node-1,'] })
  const made = play('masters', { hosts: 'all', serial: 1, tasks: [], afterBatch })
  const { problems } = await readyPlays([made], inventory, { tags: { only: [], skip: [] }, redactor })
  return problems.map(formatProblem)
}

const url = 'https://shop.example.org/healthz'
const at = { origin: { file: 'all.yml', line: 3, column: 5 } }

const refused: readonly (readonly [string, ReturnType<typeof gate.http>, RegExp])[] = [
  [
    'no URL',
    gate.http({ ...at, url: 'shop.example.org' }),
    /^all\.yml:3:5: gate "shop\.example\.org": .* is no http\(s\) URL$/,
  ],
  ['a URL of files', gate.http({ ...at, url: 'file:///etc/passwd' }), /is no http\(s\) URL/],
  ['a header that begins another', gate.http({ ...at, url, token: 'a\r\nHost: b' }), /"authorization" holds a control/],
  [
    'a token that all can read',
    gate.http({ ...at, url: 'http://shop.example.org/', token: 'tok-4711-0815-42' }),
    /its token would be sent by plain http/,
  ],
  [
    'a password that all can read',
    gate.http({ ...at, url: 'http://u:s3cret-4711@shop.example.org/' }),
    /^all\.yml:3:5: gate "http:\/\/shop\.example\.org\/": its password would be sent by plain http$/,
  ],
  [
    'a password in what is no URL, which is not shown',
    gate.http({ ...at, url: 'htps://u:s3cret-4711@shop' }),
    /^all\.yml:3:5: gate "htps:\/\/…@shop": "htps:\/\/…@shop" is no http\(s\) URL$/,
  ],
  ['no time at all', gate.http({ ...at, url, timeout: 0 }), /its times must be seconds/],
  ['no interval', gate.http({ ...at, url, interval: 0 }), /its times must be seconds/],
  ['no number', gate.http({ ...at, url, timeout: Number.NaN }), /its times must be seconds/],
  ['too long a time', gate.http({ ...at, url, timeout: 86401 }), /its times must be 24 h at most/],
  ['too long an interval', gate.http({ ...at, url, interval: 86401 }), /its times must be 24 h at most/],
  ['a time without end', gate.http({ ...at, url, timeout: Infinity }), /its times must be 24 h at most/],
  [
    'it could never hold',
    gate.http({ ...at, url, timeout: 60, holdFor: 60 }),
    /could never hold for 60 s, for it is waited for 60 s/,
  ],
  [
    'a misspelt host',
    gate.command({ ...at, run: 'true', host: 'mastre-1' }),
    /no host "mastre-1" \(did you mean master-1/,
  ],
]
for (const [what, asked, expected] of refused)
  test(`refused before any host is touched: ${what}`, async () => {
    const problems = await problemsOf([asked])
    equal(problems.length, 1)
    match(problems[0] ?? '', expected)
  })

test('all problems of all gates are told at once, each once for all hosts', async () => {
  const gates = batchGates({
    of: () => refused.map(([, asked], line) => ({ ...asked, origin: { ...asked.origin, line } })),
  })
  equal((await problemsOf([gates])).length, refused.length)
})

test('a gate may be waited for as long as a day', async () => {
  equal(await problemsOf([gate.http({ ...at, url, timeout: 86400, interval: 86400 })]), [])
})

test('where a gate of a playbook is said', async () => {
  const [problem = ''] = await problemsOf([gate.http({ url: 'nowhere' })])
  match(problem, /^test\/unit\/plan\/batch-gates\.test\.ts:\d+:\d+: /)
})

test('a secret does not stand in a command; a token is one, and is told to who hides them', async () => {
  const redactor = newRedactor()
  const token = 'tok-4711-0815-42'
  equal(await problemsOf([gate.http({ url, token })], redactor), [])
  equal(redactor.isIn(token), true)
  const password = 's3cret%2D4711%2D0815'
  equal(await problemsOf([gate.http({ url: `https://u:${password}@shop.example.org` })], redactor), [])
  equal([password, decodeURIComponent(password)].map(redactor.isIn), [true, true])
  equal(await problemsOf([gate.http({ url: `http://u:${password}@127.0.0.1` })]), [])
  const seen = {
    kind: 'gate',
    status: 'failed',
    gate: token,
    from: token,
    expected: `a ${token}`,
    saw: `Bearer ${token}`,
  } as const
  equal(JSON.stringify(redacted(seen, redactor)).includes(token), false)
  const [problem = ''] = await problemsOf([gate.command({ ...at, name: 'leak', run: ['curl', '-H', token] })], redactor)
  match(problem, /^all\.yml:3:5: gate "leak": a secret stands in its command/)
})

test.run()
