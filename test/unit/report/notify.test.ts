import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { shown } from '../../../engine/journal/index.ts'
import { type Message, messages } from '../../../engine/report/message.ts'
import { notifier } from '../../../engine/report/notify.ts'
import { started, total } from '../../sample-journal.ts'
import { authority, type Routes, type Server, serve } from '../web/server.ts'

const batch = (number: number, hosts: readonly string[], of = 2): RunEvent => ({
  kind: 'batchStarted',
  play: 'masters',
  number,
  of,
  hosts,
})
const finished = (host: string, outcome: 'changed' | 'failed' | 'skipped' = 'changed'): RunEvent => ({
  kind: 'hostFinished',
  host,
  play: 'masters',
  outcome,
  changes: 1,
})
const end = (exitCode = 0): RunEvent => ({
  kind: 'runFinished',
  run: 'r',
  hosts: [total('a', 'changed'), total('b', exitCode === 0 ? 'changed' : 'failed')],
  seconds: 61.4,
  exitCode,
})
const told = (events: readonly RunEvent[]): readonly Message[] => {
  const message = messages(() => new Date(0))
  return events.flatMap(event => message(shown(event)) ?? [])
}

const cases: readonly (readonly [what: string, events: readonly RunEvent[], texts: readonly string[]])[] = [
  [
    'a run from its beginning to its end',
    [started('r'), batch(1, ['a']), finished('a'), batch(2, ['b']), finished('b'), end()],
    [
      'upgrade: started by me on control: masters, a few at a time (3 hosts), every node (6 hosts)',
      'upgrade: masters: batch 1 of 2 is done: 1 changed',
      'upgrade: masters: batch 2 of 2 is done: 1 changed',
      'upgrade: ended well after 61 s: 2 changed',
    ],
  ],
  [
    'a batch is done when the last of its hosts is',
    [batch(1, ['a', 'b', 'c']), finished('c'), finished('a'), finished('x'), finished('b', 'failed')],
    [': masters: batch 1 of 2 is done: 2 changed, 1 failed (b)'],
  ],
  ['of a play without batches no batch is told', [finished('a'), finished('b')], []],
  [
    'one that is stopped, and how it ended',
    [started('r', { check: true }), { kind: 'stopped', reason: 'a gate does not hold' }, end(2)],
    [
      'upgrade (check mode): started by me on control: masters, a few at a time (3 hosts), every node (6 hosts)',
      'upgrade (check mode): stopped: a gate does not hold',
      'upgrade (check mode): ended with exit code 2 after 61 s: 1 changed, 1 failed (b)',
    ],
  ],
  [
    'what a host says calls nobody in Slack, and turns nothing',
    [{ kind: 'stopped', reason: '<!channel> & <https://evil|click> \u202e' }],
    [': stopped: &lt;!channel&gt; &amp; &lt;https://evil|click&gt; \\u202e'],
  ],
]
for (const [what, events, texts] of cases)
  test(`a webhook is told: ${what}`, () =>
    assert.equal(
      told(events).map(({ text }) => text),
      texts,
    ))

test('what is told has fields for programs', () => {
  const [first, second, third] = told([
    started('r'),
    batch(1, ['a', 'b']),
    finished('a'),
    finished('b', 'failed'),
    end(2),
  ])
  assert.is(first?.event, 'started')
  assert.is(first?.user, 'me')
  const { text: _, ...done } = second ?? { text: '' }
  assert.equal(done, {
    event: 'batchDone',
    run: 'r',
    playbook: 'upgrade',
    check: false,
    user: 'me',
    machine: 'control',
    at: '1970-01-01T00:00:00.000Z',
    play: 'masters',
    batch: { number: 1, of: 2 },
    outcomes: { changed: 1, failed: 1 },
    failed: ['b'],
  })
  assert.is(third?.exitCode, 2)
  assert.is(third?.seconds, 61.4)
})

test('of a thousand hosts that failed fifty are named', () => {
  const hosts = Array.from({ length: 1000 }, (_, index) => total(`h${index}`, 'failed'))
  const [message] = told([{ kind: 'runFinished', run: 'r', hosts, seconds: 1, exitCode: 2 }])
  assert.is(message?.failed?.length, 50)
  assert.is(message?.outcomes?.failed, 1000)
  assert.ok((message?.text.length ?? 0) < 200)
})

const tls = authority()
process.env.NODE_EXTRA_CA_CERTS = tls.ca
test.after(() => tls.remove())

const token = 'T0000-B0000-secret-token-of-a-hook'
const got: { readonly message: Message; readonly headers: IncomingMessage['headers'] }[] = []
const take = (request: IncomingMessage, then: () => void): void => {
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    got.push({ message: JSON.parse(Buffer.concat(chunks).toString()), headers: request.headers })
    then()
  })
}
const held: ServerResponse[] = []
let wasLedAway = 0
const routes: Routes = {
  [`/${token}`]: (request, response) => take(request, () => response.end('ok')),
  '/500': (request, response) => take(request, () => response.writeHead(500).end(`no ${token}`)),
  '/hangs': (_, response) => void held.push(response),
  '/cuts': request => void request.socket.destroy(),
  '/leads': (_, response) => response.writeHead(307, { location: '/away' }).end(),
  '/away': (_, response) => {
    wasLedAway += 1
    response.end()
  },
  '/endless': (_, response) => {
    response.writeHead(200)
    const more = setInterval(() => response.write('x'.repeat(1000)), 1)
    response.on('close', () => clearInterval(more))
  },
}
let server: Server
test.before(async () => {
  server = await serve(routes, tls)
})
test.after(() => {
  for (const response of held) response.destroy()
  server.close()
})
test.before.each(() => void got.splice(0))

const whole = [started('r'), batch(1, ['a']), finished('a'), end()]
/** What did not arrive. */
async function notify(
  urls: readonly string[],
  events: readonly RunEvent[] = whole,
  patience = { message: 60, end: 60 },
) {
  const hooks = notifier(urls, patience)
  for (const event of events) hooks.event(event)
  return hooks.end()
}
const at = (path: string) => `${server.base}/${path}?key=${token}`
const host = () => new URL(server.base).host

test('all messages arrive, in their order, as JSON, from who the URL says', async () => {
  const url = server.base.replace('https://', 'https://me:pass%20word@')
  const host = { kind: 'stopped', reason: 'turned \u202e' } as const
  assert.equal(await notify([`${url}/${token}`], [...whole, host]), [])
  assert.equal(
    got.map(({ message }) => message.event),
    ['started', 'batchDone', 'finished', 'stopped'],
  )
  assert.is(got[3]?.message.reason, 'turned \\u202e')
  assert.is(got[0]?.headers['content-type'], 'application/json')
  assert.is(got[0]?.headers.authorization, `Basic ${Buffer.from('me:pass word').toString('base64')}`)
})

test('several webhooks are told the same, and one that fails takes nothing from the others', async () => {
  const lost = await notify([at('500'), at(token)])
  assert.is(got.filter(({ message }) => message.event === 'finished').length, 2)
  assert.equal(lost, [`the webhook at ${host()} did not get 3 of 3 messages: it answered 500`])
})

for (const [what, path, why] of [
  ['cuts the connection', 'cuts', /did not get 3 of 3 messages: the connection was cut$/],
  ['leads elsewhere', 'leads', /did not get 3 of 3 messages: it answered 307$/],
  ['knows no such hook', 'none', /did not get 3 of 3 messages: it answered 404$/],
] as const)
  test(`a webhook that ${what} is told of once, without its path`, async () => {
    const [line = '', ...more] = await notify([at(path)])
    assert.match(line, why)
    assert.equal(more, [])
    assert.not.match(line, new RegExp(`${path}|key|secret`))
    assert.is(wasLedAway, 0)
  })

test('a webhook whose answer has no end has got its message', async () => {
  assert.equal(await notify([at('endless')]), [])
})

test('a webhook that never answers holds nobody: the run goes on, and its end is waited for so long and no longer', async () => {
  const [line = ''] = await notify([at('hangs')], whole, { message: 60, end: 0.5 })
  assert.match(line, /did not get 3 of 3 messages: it is slow; it had not taken it 0\.5 s after the run$/)
  const [each = ''] = await notify([at('hangs')], [started('r'), end()], { message: 0.2, end: 60 })
  assert.match(each, /did not get 2 of 2 messages: no whole answer within 0\.2 s$/)
})

test('a webhook that is slow is told how the run ended, and of its batches the last', async () => {
  let go = () => {}
  const gate = new Promise<void>(resolve => {
    go = resolve
  })
  const slow = await serve(
    { '/': (request, response) => take(request, () => void gate.then(() => response.end())) },
    tls,
  )
  try {
    const many = Array.from({ length: 50 }, (_, index) => [batch(index + 1, ['a'], 50), finished('a')]).flat()
    const hooks = notifier([slow.base], { message: 60, end: 60 })
    for (const event of [started('r'), ...many, { kind: 'stopped', reason: 'x' } as const, end(2)]) hooks.event(event)
    const ended = hooks.end()
    go()
    const [line = ''] = await ended
    assert.equal(
      got.map(({ message }) => message.event),
      ['started', ...Array.from({ length: 18 }, () => 'batchDone'), 'stopped', 'finished'],
    )
    assert.equal(got[1]?.message.batch, { number: 33, of: 50 })
    assert.match(line, /did not get 32 of 53 messages: it is slow$/)
  } finally {
    slow.close()
  }
})

test('nobody there, and one whose certificate nobody vouches for', async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => probe.once('listening', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise(resolve => probe.close(resolve))
  const [line = ''] = await notify([`http://127.0.0.1:${port}/${token}`])
  assert.match(line, /did not get 3 of 3 messages: nobody listens there$/)
  assert.not.match(line, token)
  const other = authority()
  const stranger = await serve(routes, other)
  try {
    const [untrusted = ''] = await notify([`${stranger.base}/${token}`])
    assert.match(untrusted, /3 of 3 messages: its certificate is not believed/)
    assert.not.match(untrusted, token)
    assert.is(got.length, 0)
  } finally {
    stranger.close()
    other.remove()
  }
})

test.run()
