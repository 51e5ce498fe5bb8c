import { createServer } from 'node:net'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import type { FactRequest } from '../../../engine/facts/fact.ts'
import { unreachable } from '../../../engine/failure/index.ts'
import { type BatchGate, batchGate, batchGates, gate, holds, type Verdict, window } from '../../../engine/index.ts'
import { inMemory } from '../in-memory.ts'
import { type Authority, authority, type Routes, serve } from '../web/server.ts'

const quick = { timeout: 0.05, interval: 0.01 }

/** A gate that notes the batches after which it was asked. */
function noting(verdict: (asked: readonly string[]) => Verdict = () => holds) {
  const asked: string[] = []
  const noted = batchGate({
    ...quick,
    name: 'the shop',
    expected: 'it sells',
    origin: { file: 'play.mjs', line: 3, column: 5 },
    look: async ({ hosts }) => {
      asked.push(hosts.map(({ name }) => name).join(','))
      return verdict(asked)
    },
  })
  return { gate: noted, asked }
}

const closed: Verdict = { ok: false, expected: 'it sells', saw: 'a closed door' }

test('a gate is asked before the first change and after each batch', async () => {
  const { gate, asked } = noting()
  const { exitCode, changed } = await inMemory({ serial: 1, afterBatch: [gate] })
  equal([exitCode, changed, asked], [0, ['a', 'b', 'c'], ['a', 'a', 'b', 'c']])
})

test('in a window it is asked after each host, and nobody is changed before it has held once', async () => {
  const { gate, asked } = noting()
  const one = await inMemory({ serial: window(1), afterBatch: [gate] })
  equal([one.exitCode, one.changed, asked], [0, ['a', 'b', 'c'], ['a', 'a', 'b', 'c']])
  const all = noting(() => closed)
  const none = await inMemory({ serial: window(3), afterBatch: [all.gate] })
  equal([none.changed, none.outcomes], [[], ['a skipped', 'b skipped', 'c skipped']])
  ok(all.asked.every(hosts => hosts === 'a'))
  match(none.stopped, /^masters: before a: gate "the shop"/)
})

test('in a window, a host keeps its place until it holds: where it does not, nobody starts in its stead', async () => {
  const { gate } = noting(asked => (asked.length > 1 ? closed : holds))
  const { changed, outcomes, stopped, events } = await inMemory({ serial: window(1), afterBatch: [gate] })
  equal([changed, outcomes], [['a'], ['a changed', 'b skipped', 'c skipped']])
  match(stopped, /^masters: after a: gate "the shop"/)
  equal(
    events.flatMap(event => (event.kind === 'hostStarted' ? [event.host] : [])),
    ['a'],
  )
  const told = events.flatMap(event => (event.kind === 'gate' && event.from ? [`${event.host} ${event.status}`] : []))
  equal([...new Set(told)], ['a holds', 'a waiting', 'a failed'])
  const checked = await inMemory({ serial: window(1), afterBatch: [gate] }, { check: true })
  const notes = checked.events.flatMap(event => (event.kind === 'note' ? [event.text] : []))
  equal(notes, ['masters: after each host a run waits for the shop'])
})

test('one that does not hold stops the run there, and says what, where, and whose it is', async () => {
  const { gate } = noting(asked => (asked.length > 1 ? closed : holds))
  const { exitCode, changed, outcomes, stopped, events } = await inMemory({ serial: 1, afterBatch: [gate] })
  equal([exitCode, changed, outcomes], [2, ['a'], ['a changed', 'b skipped', 'c skipped']])
  equal(
    stopped,
    'masters: after batch 1 of 3: gate "the shop" (play.mjs:3:5): expected it sells, saw a closed door (after 0.05 s)',
  )
  const told = events.flatMap(event => (event.kind === 'gate' ? [event] : []))
  equal([...new Set(told.map(({ status }) => status))], ['holds', 'waiting', 'failed'])
  ok(told.every(({ host, from }) => host === undefined && from === 'play.mjs:3:5'))
})

test('where it does not hold before the first change nothing is changed', async () => {
  const { gate, asked } = noting(() => closed)
  const { exitCode, changed, outcomes, stopped } = await inMemory({ serial: 1, afterBatch: [gate] })
  equal([exitCode, changed, outcomes], [2, [], ['a skipped', 'b skipped', 'c skipped']])
  match(stopped, /^masters: before batch 1 of 3: gate "the shop"/)
  ok(asked.every(hosts => hosts === 'a'))
})

test('before the first change it is asked on the hosts that were done before, too: a run may have stopped there', async () => {
  const isDoneBefore = (host: string, { kind }: FactRequest) => (kind.name === 'isDone' && host !== 'c') || undefined
  for (const serial of [1, window(1)]) {
    const { gate, asked } = noting()
    const { changed } = await inMemory({ serial, afterBatch: [gate] }, { answer: isDoneBefore })
    equal([changed, asked], [['c'], ['a,b,c', 'c']])
  }
  const lost = noting()
  const probe = (host: string) => {
    if (host === 'b') throw unreachable('b', 'lost', 'gone')
  }
  await inMemory({ serial: 2, maxFailPercentage: 60, afterBatch: [lost.gate] }, { answer: isDoneBefore, probe })
  equal(lost.asked, ['a', 'a,c', 'c'])
  // Gates of one of these hosts are asked as well.
  const { gate: ofA, asked } = noting()
  await inMemory(
    { serial: 1, afterBatch: [batchGates({ of: ({ host }) => (host.name === 'a' ? [ofA] : []) })] },
    { answer: isDoneBefore },
  )
  equal(asked, ['a,b,c'])
})

test('what is brought back is no permission for the others: it is asked before they are changed', async () => {
  const { gate, asked } = noting()
  const pending = (host: string, { kind }: FactRequest) =>
    kind.name === 'pending' && host === 'a' ? ['around the node is drained'] : undefined
  await inMemory({ serial: 1, afterBatch: [gate] }, { answer: pending })
  equal(asked, ['a', 'a,b', 'b', 'c'])
})

test('a run that changes nothing asks nothing', async () => {
  const { gate, asked } = noting(() => closed)
  const { exitCode, outcomes } = await inMemory(
    { serial: 1, afterBatch: [gate] },
    { answer: (_, { kind }) => kind.name === 'isDone' || undefined },
  )
  equal([exitCode, outcomes, asked], [0, ['a ok', 'b ok', 'c ok'], []])
})

test('what an earlier run has left half-way is brought back without asking; then it is asked', async () => {
  const { gate, asked } = noting(() => closed)
  const { changed, stopped } = await inMemory(
    { serial: 1, afterBatch: [gate] },
    { answer: (_, { kind }) => (kind.name === 'pending' ? ['around the node is drained'] : undefined) },
  )
  equal(changed, ['a'])
  ok(asked.length > 0)
  match(stopped, /after batch 1 of 3/)
})

test('check mode asks nothing, and says once what a run would wait for', async () => {
  const { gate, asked } = noting(() => closed)
  const { exitCode, events } = await inMemory({ serial: 1, afterBatch: [gate] }, { check: true })
  equal([exitCode, asked], [0, []])
  const notes = events.flatMap(event => (event.kind === 'note' ? [event.text] : []))
  equal(notes, ['masters: after each batch a run waits for the shop'])
})

test('all gates are asked, and all that do not hold are said', async () => {
  const [one, two] = [noting(() => closed).gate, { ...noting(() => closed).gate, name: 'the till' }]
  const { stopped } = await inMemory({ afterBatch: [one, noting().gate, two] })
  match(stopped, /gate "the shop".*; gate "the till"/)
})

test('gates that differ from host to host: those of the hosts of a batch, each once', async () => {
  const asked: string[] = []
  const of = (name: string): BatchGate =>
    batchGate({
      name,
      expected: name,
      origin: { file: 'i', line: 1, column: 1 },
      look: async () => {
        asked.push(name)
        return holds
      },
    })
  const gates = batchGates({ of: ({ host }) => (host.name === 'b' ? [of('all'), of('b')] : [of('all')]) })
  await inMemory({ serial: 2, afterBatch: [gates] })
  equal(asked, ['all', 'b', 'all', 'b', 'all'])
})

test('a fault in its code is no permission to go on', async () => {
  const slip = batchGate({
    ...quick,
    name: 'slip',
    expected: 'all is well',
    look: async () => {
      throw new TypeError('a slip')
    },
  })
  const { changed, stopped } = await inMemory({ afterBatch: [slip] })
  equal(changed, [])
  match(
    stopped,
    /gate "slip" \(.*batch-gates\.test\.ts:\d+:\d+\): expected all is well, saw its own code failed: a slip/,
  )
})

test('it must hold for as long as is said after a batch, and for one look before the first', async () => {
  const { gate, asked } = noting(asked => (asked.length === 3 ? closed : holds))
  const held = { ...gate, timeout: 20, interval: 0.02, holdFor: 0.03 }
  const { exitCode, events } = await inMemory({ afterBatch: [held] })
  equal(exitCode, 0)
  const before = events.slice(
    0,
    events.findIndex(({ kind }) => kind === 'task'),
  )
  equal(
    before.flatMap(event => (event.kind === 'gate' ? [event.status] : [])),
    ['holds'],
  )
  // Before; it holds, breaks, and holds for two intervals.
  ok(asked.length >= 5, `${asked.length} looks`)
})

test('an operator who ends the run while a gate is waited for is not told that the gate has failed', async () => {
  const abort = new AbortController()
  const { gate } = noting(asked => {
    if (asked.length === 1) return holds
    abort.abort()
    return closed
  })
  const long = { ...gate, timeout: 300, interval: 60 }
  const { changed, stopped, events } = await inMemory({ serial: 1, afterBatch: [long] }, { signal: abort.signal })
  equal([changed, stopped], [['a'], 'interrupted'])
  const told = events.flatMap(event => (event.kind === 'gate' ? [event] : []))
  equal(
    told.map(({ status }) => status),
    ['holds', 'interrupted'],
  )
})

// gate.command

const said = (exitCode: number, stderr = '', stdout = '') => ({ exitCode, stdout, stderr })
const asksFor = ({ kind }: FactRequest) => kind.name === 'check'

test('a command is asked on each host of the batch, and says which of them is not well', async () => {
  const well = gate.command({ ...quick, run: ['systemctl', 'is-active', 'shop'] })
  const asked: string[] = []
  const { exitCode, stopped } = await inMemory(
    { serial: 2, afterBatch: [well] },
    {
      answer: (host, request) => {
        if (!asksFor(request)) return undefined
        asked.push(host)
        return said(host === 'b' && asked.length > 2 ? 3 : 0, 'noise\ninactive\n')
      },
    },
  )
  equal(exitCode, 2)
  equal([...new Set(asked)], ['a', 'b'])
  match(
    stopped,
    /gate "systemctl is-active shop" \(.*\): expected `systemctl is-active shop` ends with 0 on each host, saw on b it ended with 3: inactive \(/,
  )
})

test('a host that is lost is not asked', async () => {
  const asked = new Set<string>()
  const { exitCode, stopped } = await inMemory(
    { afterBatch: [gate.command({ ...quick, run: 'true' })] },
    {
      probe: host => {
        if (host === 'b') throw unreachable('b', 'lost', 'gone')
      },
      answer: (host, request) => {
        if (!asksFor(request)) return undefined
        asked.add(host)
        return said(0)
      },
    },
  )
  equal([exitCode, stopped, [...asked]], [4, '', ['a', 'c']])
})

test('of a long command the beginning is told', () => {
  const { name, expected, seen } = gate.command({ run: `#!/bin/sh\n${'x'.repeat(9999)}` })
  equal([name, expected], ['#!/bin/sh…', '`#!/bin/sh…` ends with 0 on each host'])
  ok(seen.join().length > 9999)
})

test('a command of one host is asked there alone', async () => {
  const asked: string[] = []
  const { exitCode } = await inMemory(
    { serial: 1, afterBatch: [gate.command({ ...quick, run: 'true', host: 'c' })] },
    {
      answer: (host, request) => {
        if (!asksFor(request)) return undefined
        asked.push(host)
        return said(0)
      },
    },
  )
  equal([exitCode, [...new Set(asked)]], [0, ['c']])
})

test('a command that takes too long, and a host that is lost meanwhile, do not hold', async () => {
  const late = gate.command({ ...quick, run: 'sleep 60', limit: 2, name: 'late' })
  const { stopped } = await inMemory(
    { afterBatch: [late] },
    { answer: (_, request) => (asksFor(request) ? said(124) : undefined) },
  )
  match(stopped, /saw on a it did not end within 2 s; on b/)
  const lost = await inMemory(
    { afterBatch: [gate.command({ ...quick, run: 'true', host: 'c', name: 'there' })] },
    {
      answer: (host, request) => {
        if (asksFor(request)) throw unreachable(host, 'lost', 'gone')
      },
    },
  )
  equal(lost.changed, [])
  match(lost.stopped, /gate "there" .* on c, saw c unreachable: gone \(/)
})

// gate.http, against a server that misbehaves

let tls: Authority
test.before(() => {
  tls = authority()
  process.env.NODE_EXTRA_CA_CERTS = tls.ca
})
test.after(() => {
  delete process.env.NODE_EXTRA_CA_CERTS
  tls.remove()
})

const token = 'vaulted-token-4711'
const routes: Routes = {
  '/well': (_, response) => response.end('ok: all is well'),
  '/who': ({ headers }, response) => response.end(String(headers.authorization)),
  '/500': (_, response) => response.writeHead(500).end('database is down\nmore'),
  '/escapes': (_, response) => response.writeHead(503).end('\x1b[2J\x1b]0;owned\x07'),
  '/login': (_, response) => response.writeHead(302, { location: '/well' }).end(),
  '/slow': () => {},
  '/drips': (_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
  },
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    setTimeout(() => response.destroy(), 10)
  },
  '/endless': (_, response) => {
    const chunk = 'x'.repeat(65536)
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    }
    response.writeHead(200)
    response.on('drain', more)
    more()
  },
}

type Case = readonly [path: string, expected: RegExp, options?: Partial<Parameters<typeof gate.http>[0]>]
const bad: readonly Case[] = [
  ['/500', /answers 200–299, saw 500: database is down \(/],
  ['/nowhere', /saw 404: no such file/],
  ['/escapes', /saw 503: /],
  ['/login', /saw 302, which leads to https:\/\/127\.0\.0\.1:\d+\/well/],
  ['/slow', /saw https:\S+\/slow: no whole answer within 0\.2 s/, { limit: 0.2 }],
  ['/drips', /saw https:\S+\/drips: no whole answer within 0\.2 s/, { limit: 0.2 }],
  ['/cut', /saw https:\S+\/cut: the connection was cut/],
  ['/well', /with "green" in it, saw 200, and not in it/, { contains: 'green' }],
  ['/endless', /saw 200, and not in its first MiB/, { contains: 'y' }],
  ['/well', /answers 401 or 403, saw 200: ok: all is well/, { status: [401, 403] }],
]
for (const [path, expected, options = {}] of bad)
  test(`http: ${path} ${JSON.stringify(options)} does not hold, and it is said why`, async () => {
    const server = await serve(routes, tls)
    try {
      const asked = gate.http({ ...quick, url: `${server.base}${path}`, limit: 60, ...options })
      const { exitCode, changed, stopped } = await inMemory({ afterBatch: [asked] })
      equal([exitCode, changed], [2, []])
      match(stopped, expected)
    } finally {
      server.close()
    }
  })

test('http: what answers as it shall holds', async () => {
  const server = await serve(routes, tls)
  try {
    const gates = [
      gate.http({ url: `${server.base}/well`, contains: 'all is well' }),
      gate.http({ url: `${server.base}/500`, status: 500 }),
      gate.http({ url: `${server.base}/login`, status: 302 }),
      gate.http({ url: `${server.base}/who`, token, contains: 'Bearer vaulted-token-' }),
      gate.http({ url: `${server.base}/who`, headers: { Authorization: 'Basic x' }, contains: 'Basic x' }),
    ]
    equal((await inMemory({ afterBatch: gates })).exitCode, 0)
    equal(
      gates.flatMap(({ secrets }) => secrets),
      [token, 'Basic x'],
    )
    not.match(JSON.stringify(gates.map(({ expected, name }) => [expected, name])), token)
  } finally {
    server.close()
  }
})

test('http: a certificate that nobody vouches for, and a port that is no server', async () => {
  const other = authority()
  const server = await serve(routes, other)
  const rude = createServer(socket => socket.end('SSH-2.0-OpenSSH\r\n'))
  await new Promise<void>(resolve => rude.listen(0, '127.0.0.1', resolve))
  const { port } = rude.address() as { readonly port: number }
  try {
    const seen = async (url: string) =>
      (await inMemory({ afterBatch: [gate.http({ ...quick, url, limit: 60 })] })).stopped
    match(await seen(`${server.base}/well`), /its certificate is not believed/)
    match(await seen(`https://127.0.0.1:${port}/`), /saw https:/)
    match(await seen(`http://127.0.0.1:${port}/`), /saw http:/)
  } finally {
    server.close()
    rude.close()
    other.remove()
  }
})

test.run()
