import { execFileSync } from 'node:child_process'
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
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { download, fetch, unarchive } from '../../../engine/tasks/index.ts'
import { sha256 } from '../../../engine/tasks/local.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { apply, converge, pass, probe, sandbox } from './converge.ts'
import { problemsOf } from './plan.ts'

const content = Buffer.from([1, 0, 255, 10])
const worker = new Worker(
  `const { parentPort } = require('node:worker_threads')
const server = require('node:http').createServer((q, s) => { s.statusCode = q.url === '/file' ? 200 : 404; s.end(Buffer.from([1, 0, 255, 10])) })
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
  if (change) await change.received?.(apply(['sh'], change.apply, dir).output)
  assert.equal(readFileSync(join(dir, 'copies/host/a')), content)
  assert.is(statSync(join(dir, 'copies/host/a')).mode & 0o777, 0o600)
  assert.is(look(), undefined)
  assert.is(readFileSync(join(dir, 'victim'), 'utf8'), 'kept')
  assert.equal(readdirSync(join(dir, 'copies/host')).sort(), ['a', 'a.rota-new'])
})

test('arguments', () => {
  assert.is(problemsOf(download({ url: 'x', path: 'y', sha256: 'z' })).length, 3)
  assert.is(problemsOf(unarchive({ source: '/none', destination: 'x' })).length, 2)
})

test.run()
