import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { download, fetch, unarchive } from '../../../engine/tasks/index.ts'
import { sha256 } from '../../../engine/tasks/local.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { type Authority, authority } from '../web/server.ts'
import { apply, converge, pass, probe, sandbox } from './converge.ts'
import { problemsOf } from './plan.ts'

const content = Buffer.from([1, 0, 255, 10])
const worker = new Worker(
  `const { parentPort } = require('node:worker_threads')
const server = require('node:http').createServer((q, s) => { s.statusCode = q.url.replace('http://nowhere.example', '') === '/file' ? 200 : 404; s.end(Buffer.from([1, 0, 255, 10])) })
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
  { eval: true },
)
const port = await new Promise<number>(resolve => worker.once('message', resolve))
const base = `http://127.0.0.1:${port}`
const archives = mkdtempSync('/tmp/rota-archives-')
test.after(async () => {
  rmSync(archives, { recursive: true, force: true })
  await worker.terminate()
})

/** A server of its own thread, as the one above: hosts are run while this one waits. */
async function served({ key, cert }: Authority) {
  const pages = {
    ...Object.fromEntries(
      ['lying', 'silent', 'page', 'right', 'leading'].map(name => [`/${name}`, content.toString('latin1')]),
    ),
    '/lying.sha256': 'a'.repeat(64),
    '/page.sha256': '<html>Sign in</html>',
    '/right.sha256': `${sha256(content)}\n`,
  }
  const thread = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
const { pages, key, cert, plain } = workerData
const server = require('node:https').createServer({ key: Buffer.from(key), cert: Buffer.from(cert) }, (q, s) => {
  if (q.url === '/leading.sha256') return s.writeHead(302, { location: plain }).end()
  s.statusCode = q.url in pages ? 200 : 404
  s.end(Buffer.from(pages[q.url] ?? '', 'latin1'))
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true, workerData: { pages, key, cert, plain: `${base}/file` } },
  )
  const at = await new Promise<number>(resolve => thread.once('message', resolve))
  return { base: `https://127.0.0.1:${at}`, end: () => thread.terminate() }
}

for (const shell of shells) {
  test(`${nameOf(shell)}: download`, () => {
    const dir = sandbox()
    const path = join(dir, "it's")
    converge(
      shell,
      [download({ url: [`${base}/none`, `${base}/file`], path, sha256: sha256(content), mode: '0755' })],
      dir,
    )
    assert.equal(readFileSync(path), content)
    assert.is(statSync(path).mode & 0o777, 0o755)
    const wrong = pass(shell, [download({ url: `${base}/file`, path, sha256: 'a'.repeat(64) })], dir)
    assert.match(wrong.failed?.output ?? '', `has the checksum ${sha256(content)}, not aaa`)
    assert.equal(readFileSync(path), content)
    assert.is(pass(shell, [download({ url: `${base}/none`, path, sha256: 'unchecked' })], dir).changes.length, 0)
    const elsewhere = download({
      url: 'http://nowhere.example/file',
      path: join(dir, 'by proxy'),
      sha256: sha256(content),
      environment: { http_proxy: base },
    })
    converge(shell, [elsewhere], dir)
    assert.equal(readFileSync(join(dir, 'by proxy')), content)
  })

  test(`${nameOf(shell)}: unarchive`, () => {
    const dir = sandbox()
    const destination = join(dir, 'out put')
    for (const version of ['1', '2']) {
      mkdirSync(join(archives, 'top'), { recursive: true })
      writeFileSync(join(archives, 'top/file'), version)
      execFileSync('tar', ['-czf', join(archives, `a-${version}.tar.gz`), '-C', archives, 'top'])
    }
    const task = (version: string) =>
      unarchive({ source: join(archives, `a-${version}.tar.gz`), destination, strip: 1 })
    assert.is(converge(shell, [task('1')], dir).changes[0]?.summary, 'not unpacked')
    assert.is(converge(shell, [task('2')], dir).changes[0]?.summary, 'another version is unpacked')
    assert.is(readFileSync(join(destination, 'file'), 'utf8'), '2')
    const there = unarchive({
      path: join(archives, 'a-1.tar.gz'),
      destination: join(dir, 'x'),
      creates: join(dir, 'x/top/*'),
    })
    assert.is(converge(shell, [there], dir).changes.length, 1)
    const missing = unarchive({ path: join(archives, 'none.tar'), destination })
    assert.match(pass(shell, [missing], dir).failed?.output ?? '', 'does not exist')
  })
}

test('fetch', async () => {
  const dir = sandbox()
  writeFileSync(join(dir, 'a'), content)
  const task = fetch({ path: join(dir, 'a'), to: join(dir, 'copies/host/a'), secret: true })
  const look = () =>
    task.kind.plan(task.args, probe(['sh'], task.kind.facts(task.args, { diff: false })), {
      changed: false,
      diff: false,
    })
  const change = look()
  assert.is(change?.effect, 'wait')
  // Whoever may write there can't have made the file that it is written to first.
  mkdirSync(join(dir, 'copies/host'), { recursive: true })
  writeFileSync(join(dir, 'victim'), 'kept')
  symlinkSync(join(dir, 'victim'), join(dir, 'copies/host/a.rota-new'))
  // What a killed run has left goes; that of one which goes on, and of another machine, stays.
  const gone = spawnSync('true').pid
  writeFileSync(join(dir, `copies/host/a.rota-${hostname()}-${gone}-0123abcd`), 'half')
  const others = [`a.rota-${hostname()}-${process.ppid}-0123abcd`, `a.rota-elsewhere-${gone}-0123abcd`]
  for (const name of others) writeFileSync(join(dir, 'copies/host', name), 'half')
  if (change) await change.received?.(apply(['sh'], change.apply, dir).output)
  assert.equal(readFileSync(join(dir, 'copies/host/a')), content)
  assert.is(statSync(join(dir, 'copies/host/a')).mode & 0o777, 0o600)
  assert.is(look(), undefined)
  assert.is(readFileSync(join(dir, 'victim'), 'utf8'), 'kept')
  assert.equal(readdirSync(join(dir, 'copies/host')).sort(), ['a', 'a.rota-new', ...others].sort())
})

test('download with the checksum that is published: it is what https says, and nothing else is', async () => {
  const trusted = authority()
  const server = await served(trusted)
  const url = (name: string) => `${server.base}/${name}`
  const dir = sandbox()
  const path = join(dir, 'program')
  const put = (name: string) => {
    const task = download({ url: url(name), path, sha256: 'published', environment: { CURL_CA_BUNDLE: trusted.ca } })
    return pass(['sh'], [task], dir)
  }
  for (const [name, said] of [
    ['lying', /has the checksum [0-9a-f]{64}, not aaa/],
    ['silent', /404/],
    ['page', /page\.sha256 holds no checksum/],
    ['leading', /program|[Pp]rotocol/],
  ] as const) {
    assert.match(put(name).failed?.output ?? '', said, name)
    assert.equal(readdirSync(dir).includes('program'), false, name)
  }
  assert.is(put('right').changes.length, 1)
  assert.equal(readFileSync(path), content)
  // Fetched once: what is there is right.
  assert.is(put('lying').changes.length, 0)
  await server.end()
  trusted.remove()
})

test('arguments', () => {
  assert.is(problemsOf(download({ url: 'x', path: 'y', sha256: 'z' })).length, 3)
  const url = 'http://x/file'
  assert.match(
    problemsOf(download({ url, path: '/y', sha256: 'published' })).join(),
    'proves nothing where it comes by http',
  )
  assert.match(
    problemsOf(download({ url, path: '/y', sha256: 'unchecked', environment: { 'a b': '' } })).join(),
    'is no name of a variable',
  )
  assert.is(problemsOf(unarchive({ source: '/none', destination: 'x' })).length, 2)
})

test.run()
