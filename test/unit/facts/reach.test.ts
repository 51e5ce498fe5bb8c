import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { check, http, listeningPorts, tcp, tlsCertificate, unixSocket } from '../../../engine/facts/index.ts'
import { nameOf, probeWith, shells } from './probe.ts'

// Servers run in a thread of their own: a probe blocks this one.
const dir = mkdtempSync('/tmp/rota-reach-')
const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' })
openssl(
  'req',
  '-x509',
  '-newkey',
  'rsa:2048',
  '-nodes',
  '-keyout',
  'key',
  '-out',
  'crt',
  '-days',
  '2',
  '-subj',
  '/CN=kube-apiserver',
  '-addext',
  'subjectAltName=DNS:api.test,IP:127.0.0.1,IP:fd00::1',
)
writeFileSync(
  `${dir}/server.cjs`,
  `const { parentPort, workerData: dir } = require('node:worker_threads')
const fs = require('node:fs')
const answer = (request, response) => {
  if (request.url === '/hang') return
  const login = Buffer.from('admin:pass "word').toString('base64')
  const denied = request.url === '/private' && request.headers.authorization !== 'Basic ' + login
  response.statusCode = denied ? 401 : request.url === '/bad' ? 503 : 200
  response.end(request.url === '/host' ? 'host ' + request.headers.host : 'ok')
}
const servers = [
  require('node:http').createServer(answer),
  require('node:https').createServer({ key: fs.readFileSync(dir + '/key'), cert: fs.readFileSync(dir + '/crt') }, answer),
]
for (const each of servers) each.listen(0, '127.0.0.1', () => {
  if (servers.every(({ listening }) => listening))
    parentPort.postMessage({ plain: servers[0].address().port, tls: servers[1].address().port })
})
require('node:net').createServer().listen(dir + '/socket')`,
)
const server = new Worker(`${dir}/server.cjs`, { workerData: dir })
const ports = await new Promise<{ plain: number; tls: number }>(resolve => server.once('message', resolve))
writeFileSync(
  `${dir}/stale.cjs`,
  `require('node:net').createServer().listen(${JSON.stringify(`${dir}/stale`)}, () => process.kill(process.pid, 'SIGKILL'))`,
)
try {
  execFileSync(process.execPath, [`${dir}/stale.cjs`])
} catch {}
test.after(async () => {
  rmSync(dir, { recursive: true, force: true })
  await server.terminate()
})

/** A machine that is busy with other tests takes seconds for a handshake: no failure of what is looked at here. */
const patient = { timeout: 20 }

for (const shell of shells) {
  const alone = nameOf(shell) === 'busybox alone'

  test(`${nameOf(shell)}: tcp`, () => {
    const [open, closed] = probeWith(shell, tcp({ port: ports.plain, timeout: 1 }), tcp({ port: 1, timeout: 1 }))
    assert.equal(open, { type: 'open' })
    assert.is(closed?.type, 'closed')
  })

  test(`${nameOf(shell)}: http`, () => {
    const base = `http://127.0.0.1:${ports.plain}`
    const [ok, bad, refused, host, hang] = probeWith(
      shell,
      http({ url: `${base}/` }),
      http({ url: `${base}/bad` }),
      http({ url: 'http://127.0.0.1:1/' }),
      http({ url: `http://name.test:${ports.plain}/host`, address: '127.0.0.1', contains: 'name.test' }),
      http({ url: `${base}/hang`, timeout: 1 }),
    )
    assert.equal(ok, { type: 'answered', status: 200, body: 'ok', expected: true })
    assert.is(bad?.type === 'answered' && bad.status, 503)
    assert.is(bad?.type === 'answered' && bad.expected, false)
    assert.is(refused?.type, 'failed')
    assert.ok(host?.type === 'answered' && host.expected, JSON.stringify(host))
    assert.is(hang?.type, 'failed')
  })

  test(`${nameOf(shell)}: http with a password`, () => {
    const url = `http://127.0.0.1:${ports.plain}/private`
    const [right, wrong, none] = probeWith(
      shell,
      http({ url, user: 'admin', password: 'pass "word' }),
      http({ url, user: 'admin', password: 'guess' }),
      http({ url }),
    )
    if (alone) return assert.is(right?.type, 'unavailable')
    assert.equal(
      [right, wrong, none].map(fact => fact?.type === 'answered' && fact.status),
      [200, 401, 401],
    )
  })

  test(`${nameOf(shell)}: https`, () => {
    const [ok, byName, untrusted, wrongName, insecure] = probeWith(
      shell,
      http({ url: `https://127.0.0.1:${ports.tls}/`, ca: `${dir}/crt`, ...patient }),
      http({ url: `https://api.test:${ports.tls}/host`, address: '127.0.0.1', ca: `${dir}/crt`, ...patient }),
      http({ url: `https://127.0.0.1:${ports.tls}/`, ...patient }),
      http({ url: `https://other.test:${ports.tls}/`, address: '127.0.0.1', ca: `${dir}/crt`, ...patient }),
      http({ url: `https://other.test:${ports.tls}/`, address: '127.0.0.1', insecure: true, ...patient }),
    )
    if (alone) return assert.is(ok?.type, 'unavailable')
    assert.ok(ok?.type === 'answered' && ok.expected, JSON.stringify(ok))
    assert.is(byName?.type === 'answered' && byName.body, `host api.test:${ports.tls}`)
    assert.is(untrusted?.type, 'failed')
    assert.is(wrongName?.type, 'failed')
    assert.is(insecure?.type, 'answered')
  })

  test(`${nameOf(shell)}: the certificate that a server shows`, () => {
    const [shown, none] = probeWith(shell, tlsCertificate({ port: ports.tls }), tlsCertificate({ port: 1 }))
    if (alone) return assert.is(shown?.type, 'unavailable')
    assert.is(shown?.type === 'certificate' && shown.subject, 'CN=kube-apiserver')
    assert.equal(shown?.type === 'certificate' && shown.dnsNames, ['api.test'])
    assert.equal(shown?.type === 'certificate' && shown.addresses, ['127.0.0.1', 'FD00:0:0:0:0:0:0:1'])
    assert.ok(shown?.type === 'certificate' && shown.notAfter > new Date().toISOString())
    assert.is(none?.type, 'failed')
  })

  test(`${nameOf(shell)}: sockets and ports`, () => {
    const facts = probeWith(
      shell,
      unixSocket({ path: `${dir}/socket` }),
      unixSocket({ path: `${dir}/stale` }),
      unixSocket({ path: `${dir}/none` }),
    )
    assert.equal(
      facts.map(fact => fact.type),
      ['listening', 'stale', 'absent'],
    )
    const [listening] = probeWith(shell, listeningPorts({}))
    assert.ok(listening?.some(({ address, port }) => address === '127.0.0.1' && port === ports.plain))
  })

  test(`${nameOf(shell)}: checks run at the same time and keep their order`, () => {
    const begin = Date.now()
    const facts = probeWith(
      shell,
      check({ run: 'sleep 1; echo one; echo two >&2; exit 3' }),
      ...Array.from({ length: 7 }, (_, index) =>
        check({ run: `sleep 1; printf '%s\\n\\n' "$N"`, env: { N: `it's ${index}` } }),
      ),
      check({ run: ['pwd'], cwd: '/usr' }),
      check({ run: 'sleep 9', timeout: 1 }),
      check({ run: ['no-such-program'] }),
      check({ run: 'cat; head -c 200000 /dev/zero | tr "\\0" x' }),
    )
    assert.equal(facts[0], { exitCode: 3, stdout: 'one', stderr: 'two' })
    assert.is(facts[4]?.stdout, "it's 3")
    assert.is(facts[8]?.stdout, '/usr')
    assert.ok([124, 143].includes(facts[9]?.exitCode ?? 0))
    assert.is(facts[10]?.exitCode, 127)
    assert.is(facts[11]?.stdout.length, 65536)
    assert.ok(Date.now() - begin < 4000)
  })
}

test('a password is in no argument list', () => {
  const bin = mkdtempSync('/tmp/rota-bin-')
  for (const name of ['timeout', 'head', 'base64', 'sh', 'cat'])
    execFileSync('sh', ['-c', `ln -s "$(command -v ${name})" ${bin}/`])
  // What is put before it in a configuration of curl's would be an option of its own.
  const password = 'swordfish\noutput = "planted'
  const asked = http({ url: 'http://127.0.0.1:1/', user: 'admin', password })
  for (const name of ['curl', 'bash']) {
    rmSync(`${bin}/curl`, { force: true })
    writeFileSync(`${bin}/${name}`, `#!/bin/sh\necho "HTTP/1.1 200 OK"; echo; echo "$@"; cat >${dir}/stdin\n`, {
      mode: 0o755,
    })
    const [shown] = probeWith(['env', `PATH=${bin}`, '/bin/dash'], asked)
    assert.ok(shown?.type === 'answered' && shown.body.includes('127.0.0.1'), JSON.stringify(shown))
    assert.not.match(JSON.stringify(shown), 'swordfish')
    const said = readFileSync(`${dir}/stdin`, 'utf8')
    if (name === 'curl') assert.is(said, 'user = "admin:swordfish\\noutput = \\"planted"\n')
    else assert.match(said, btoa(`admin:${password}`))
  }
  rmSync(bin, { recursive: true })
})

test('without curl', () => {
  const bin = mkdtempSync('/tmp/rota-bin-')
  for (const name of ['openssl', 'bash', 'timeout', 'head', 'base64', 'sh', 'cat', 'sed'])
    execFileSync('sh', ['-c', `ln -s "$(command -v ${name})" ${bin}/`])
  const [plain, , secure, untrusted, wrongName] = probeWith(
    ['env', `PATH=${bin}`, '/bin/dash'],
    http({ url: `http://127.0.0.1:${ports.plain}/` }),
    http({ url: `http://127.0.0.1:${ports.plain}/private`, user: 'admin', password: 'pass "word', status: 200 }),
    http({ url: `https://api.test:${ports.tls}/host`, address: '127.0.0.1', ca: `${dir}/crt`, ...patient }),
    http({ url: `https://127.0.0.1:${ports.tls}/`, ...patient }),
    http({ url: `https://other.test:${ports.tls}/`, address: '127.0.0.1', ca: `${dir}/crt`, ...patient }),
  )
  rmSync(bin, { recursive: true })
  assert.ok(plain?.type === 'answered' && plain.body === 'ok', JSON.stringify(plain))
  assert.is(secure?.type === 'answered' && secure.body, `host api.test:${ports.tls}`)
  assert.is(untrusted?.type, 'failed')
  assert.is(wrongName?.type, 'failed')
})

test.run()
