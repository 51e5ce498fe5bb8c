import { execFileSync } from 'node:child_process'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { http } from '../../../engine/tasks/index.ts'
import { seenSecrets } from '../../../engine/tasks/secret.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { authority } from '../web/server.ts'
import { converge, pass, type ShellWords, sandbox } from './converge.ts'
import { planText, planWith, problemsOf } from './plan.ts'

// A store of texts: what is put is there, with the headers that it came with. Each request looks whether a secret is in
// any argument list of the machine. `/late` has its second answer only, `/echo` tells what was asked.
const store = `const { parentPort, workerData: { key, cert } } = require('node:worker_threads')
const fs = require('node:fs')
const texts = new Map(), asked = new Map()
const leaks = () => fs.readdirSync('/proc').filter(name => /^\\d+$/.test(name)).some(pid => {
  try { return fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes('geheim') } catch { return false }
})
const answer = (request, response) => {
  const chunks = []
  request.on('data', chunk => chunks.push(chunk)).on('end', () => {
    const { method, url, headers } = request
    const body = Buffer.concat(chunks).toString('base64')
    const times = (asked.get(url) ?? 0) + 1
    asked.set(url, times)
    if (leaks()) return response.writeHead(500).end('a secret is in an argument list')
    if (url.endsWith('/late') && times < 2) return response.writeHead(503, { 'x-secret': 'hidden' }).end('not yet')
    if (url.endsWith('/echo')) return response.end(JSON.stringify({ method, headers, body }))
    if (method === 'PUT') texts.set(url, body)
    if (method === 'GET' && !texts.has(url)) return response.writeHead(404).end('none')
    response.writeHead(method === 'PUT' ? 201 : 200).end(texts.get(url) ?? '')
  })
}
const servers = [require('node:http').createServer(answer), require('node:https').createServer({ key, cert }, answer)]
for (const each of servers) each.listen(0, '127.0.0.1', () => {
  if (servers.every(({ listening }) => listening)) parentPort.postMessage(servers.map(({ address }, index) => servers[index].address().port))
})`
const trusted = authority()
const server = new Worker(store, { eval: true, workerData: { key: String(trusted.key), cert: String(trusted.cert) } })
const [plainPort, tlsPort] = await new Promise<readonly number[]>(resolve => server.once('message', resolve))
test.after(async () => {
  trusted.remove()
  await server.terminate()
})
let places = 0
const place = () => {
  places += 1
  return `http://127.0.0.1:${plainPort}/${places}`
}

const url = 'http://a:1/x'
const answers = (status: number, expected: boolean) => ({ type: 'answered', status, body: '', expected })
for (const [name, args, fact, text, effect] of [
  ['a GET changes nothing', { url }, undefined, 'called every time', 'wait'],
  ['a POST counts each time', { url, method: 'POST' }, undefined, 'called every time', 'action'],
  [
    'unless it says that it changes nothing',
    { url, method: 'POST', changed: false },
    undefined,
    'called every time',
    'wait',
  ],
  ['unless it is so already', { url, method: 'PUT', unless: { url } }, answers(200, true), 'nothing', undefined],
  [
    'unless: it is not so',
    { url, method: 'PUT', unless: { url } },
    answers(404, false),
    `${url} answers 404`,
    'change',
  ],
  [
    'unless: nobody answers',
    { url, method: 'PUT', unless: { url } },
    { type: 'failed', reason: 'refused' },
    `${url}: refused`,
    'change',
  ],
] as const)
  test(`plan: ${name}`, () => {
    const change = planWith(http(args), () => fact)
    assert.equal([planText(change), change?.effect], [text, effect])
  })

test('arguments', () => {
  const count = (args: object) => problemsOf(http({ url, ...args })).length
  assert.is(count({ method: 'POST', body: [], headers: { 'X-A': 'é' }, retries: 3, delay: 0.5 }), 0)
  for (const args of [
    { url: 'ftp://a/' },
    { url: 'http://ann:pass@a/' },
    { headers: { 'a b': 'x' } },
    { headers: { a: 'x\r\nHost: b' } },
    { headers: { Host: 'b' } },
    { body: 'x' },
    { method: 'HEAD', contains: 'x' },
    { retries: -1 },
    { delay: -1 },
    { unless: { url: 'x' } },
  ])
    assert.is(count(args), 1, JSON.stringify(args))
})

test('a secret may be in what is not seen, and nowhere else', () => {
  const seen = (args: Parameters<typeof http>[0]) => {
    const task = http(args)
    return seenSecrets(task.args as object, task.kind.unseen ?? [], text => text.includes('geheim')).length
  }
  const hidden = { headers: { a: 'geheim' }, password: 'geheim', contains: 'geheim' }
  assert.is(seen({ url, method: 'POST', ...hidden, body: { a: 'geheim' }, unless: { url, ...hidden } }), 0)
  assert.is(seen({ url: `${url}?token=geheim` }), 1)
})

/** With these programs alone. */
function withOnly(shell: ShellWords, programs: readonly string[]): ShellWords {
  const dir = sandbox()
  for (const name of programs)
    symlinkSync(execFileSync('sh', ['-c', 'command -v "$0"', name]).toString().trim(), join(dir, name))
  return ['env', `PATH=${dir}`, ...shell]
}
const small = ['dash', 'bash', 'cat', 'head', 'tr', 'sed', 'sleep', 'timeout', 'base64', 'rm', 'date', 'id', 'stat']
const hosts: readonly (readonly [string, ShellWords])[] = [
  ...shells.filter(shell => nameOf(shell) !== 'busybox alone').map(shell => [nameOf(shell), shell] as const),
  ['no curl', withOnly(['dash'], [...small, 'openssl'])],
]

for (const [name, shell] of hosts) {
  test(`${name}: what is sent comes as it was given, and no secret is in an argument list`, () => {
    const dir = sandbox()
    const bytes = Uint8Array.from([0, 255, 10, 13, 10, 39, 64])
    for (const [base, more] of [
      [place(), {}],
      [`https://127.0.0.1:${tlsPort}/${places}`, { ca: trusted.ca }],
    ] as const) {
      const asked = (args: object) => {
        const said =
          pass(shell, [http({ url: `${base}/echo`, ...more, contains: 'never', ...args })], dir).failed?.output ?? ''
        assert.match(said, 'has not answered 200–299 with the text that is wanted:\nHTTP/1')
        return JSON.parse(said.slice(said.indexOf('{'))) as {
          method: string
          body: string
          headers: Record<string, string>
        }
      }
      const post = asked({
        method: 'POST',
        body: bytes,
        headers: { 'X-Key': 'geheim "\\ \'$x', 'X-None': '' },
        user: 'ann',
        password: 'geheim',
      })
      assert.equal([post.method, Buffer.from(post.body, 'base64')], ['POST', Buffer.from(bytes)])
      assert.is(post.headers['x-key'], 'geheim "\\ \'$x')
      assert.is(post.headers['x-none'], '')
      assert.is(post.headers.authorization, `Basic ${Buffer.from('ann:geheim').toString('base64')}`)
      assert.is(post.headers['content-type'], 'application/octet-stream')
      const put = asked({ method: 'PUT', body: { a: ['ü'] } })
      assert.equal(
        [put.headers['content-type'], Buffer.from(put.body, 'base64').toString()],
        ['application/json', '{"a":["ü"]}'],
      )
      const typed = asked({ method: 'PATCH', body: 'a=1', headers: { 'content-type': 'x/y' } })
      assert.equal([typed.method, typed.headers['content-type']], ['PATCH', 'x/y'])
      assert.equal([asked({ method: 'POST' }).headers['content-length'], asked({}).body], ['0', ''])
    }
  })

  test(`${name}: what somebody has set for his own curl is not obeyed`, () => {
    const dir = sandbox()
    writeFileSync(join(dir, '.curlrc'), 'header = "X-Own: 1"\n')
    for (const more of [{}, { headers: { 'X-Key': 'a' } }]) {
      const task = http({ url: `${place()}/echo`, contains: 'x-own', ...more })
      assert.match(pass(['env', `HOME=${dir}`, ...shell], [task], dir).failed?.output ?? '', 'has not answered')
    }
  })

  test(`${name}: called once, and proven; not when it is so already`, () => {
    const dir = sandbox()
    const base = place()
    const task = http({ url: `${base}/text`, method: 'PUT', body: 'x', status: 201, unless: { url: `${base}/text` } })
    assert.is(converge(shell, [task], dir).changes[0]?.summary, `${base}/text answers 404`)
    assert.is(converge(shell, [task], dir).changes.length, 0)
    const wrong = http({ url: `${base}/text`, method: 'PUT', body: 'x', status: [200, 204] })
    assert.match(pass(shell, [wrong], dir).failed?.output ?? '', 'has not answered 200 or 204:')
    // A playbook that nobody has checked the types of: no pattern, and no shell.
    for (const status of ['2*', `2*) touch ${dir}/done ;; x`] as unknown as readonly number[])
      assert.match(pass(shell, [http({ url: `${base}/text`, status })], dir).failed?.output ?? '', 'has not answered')
    assert.not.ok(existsSync(join(dir, 'done')))
    assert.is(pass(shell, [http({ url: `${base}/text`, method: 'HEAD' })], dir).failed, undefined)
  })

  test(`${name}: called again until it answers as it has to, and no more often than it may`, () => {
    const dir = sandbox()
    const base = place()
    const once = pass(shell, [http({ url: `${base}/late`, method: 'DELETE' })], dir).failed?.output ?? ''
    assert.match(once, 'HTTP/1.1 503 Service Unavailable\nnot yet')
    assert.not.match(once, 'hidden')
    const late = (retries: number) => http({ url: `${place()}/late`, method: 'DELETE', retries, delay: 0.05 })
    assert.is(pass(shell, [late(1)], dir).failed, undefined)
    assert.is.not(pass(shell, [late(0)], dir).failed, undefined)
  })
}

test('busybox alone: a GET by wget, and nothing else', () => {
  const shell = shells.find(each => nameOf(each) === 'busybox alone') ?? ['sh']
  const dir = sandbox()
  const url = `${place()}/echo`
  assert.is(pass(shell, [http({ url })], dir).failed, undefined)
  assert.match(
    pass(shell, [http({ url, method: 'POST' })], dir).failed?.output ?? '',
    'none of curl or bash is installed',
  )
})

test.run()
