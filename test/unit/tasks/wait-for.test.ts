import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { waitFor } from '../../../engine/tasks/index.ts'
import { seenSecrets } from '../../../engine/tasks/secret.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { apply, pass, sandbox } from './converge.ts'
import { planWith, problemsOf } from './plan.ts'

// A server in a thread of its own: what is tested blocks this one. Its port opens a second after it was asked for.
const dir = mkdtempSync('/tmp/rota-wait-')
const worker = new Worker(
  `const { parentPort } = require('node:worker_threads')
let server
parentPort.on('message', ({ port, after }) => {
  server?.close()
  server = require('node:http').createServer((q, s) => { s.statusCode = q.url === '/none' ? 404 : 200; s.end('ready') })
  setTimeout(() => server.listen(port, '127.0.0.1', () => parentPort.postMessage(server.address().port)), after)
})`,
  { eval: true },
)
const open = (port: number, after: number): Promise<number> => {
  worker.postMessage({ port, after })
  return new Promise(resolve => worker.once('message', resolve))
}
test.after(async () => {
  rmSync(dir, { recursive: true, force: true })
  await worker.terminate()
})

const port = await open(0, 0)
for (const shell of shells.slice(0, 3)) {
  test(`${nameOf(shell)}: a port that opens late`, async () => {
    const opening = open(port, 700)
    const begin = Date.now()
    const { changes, failed } = pass(shell, [waitFor({ port, interval: 0.2, timeout: 9 })], sandbox())
    await opening
    assert.is(failed, undefined)
    assert.match(changes[0]?.summary ?? 'not yet', 'not yet')
    assert.is(changes[0]?.effect, 'wait')
    assert.ok(Date.now() - begin < 5000)
  })

  test(`${nameOf(shell)}: what holds already is not waited for`, () => {
    const url = `http://127.0.0.1:${port}/`
    assert.equal(
      pass(shell, [waitFor({ http: { url, contains: 'ready' } }), waitFor({ port: 1, gone: true })], sandbox()).changes,
      [],
    )
  })

  test(`${nameOf(shell)}: too late says what was seen`, () => {
    const run = (args: Parameters<typeof waitFor>[0]) =>
      pass(shell, [waitFor({ timeout: 0, ...args })], sandbox()).failed?.output ?? ''
    assert.match(run({ port: 1 }), /not within 0 s: port 1 on 127.0.0.1 is not there\nlast seen: closed .*refused/)
    assert.match(run({ http: { url: `http://127.0.0.1:${port}/`, status: [204] } }), /last seen: HTTP\/1.1 200 OK/)
    // A date, a length: an answer has more numbers than its status.
    assert.match(
      run({ http: { url: `http://127.0.0.1:${port}/none` } }),
      /last seen: HTTP\/1.1 404 [\s\S]*Date: .* 20\d\d /,
    )
    assert.match(run({ check: { run: 'echo not ready; exit 1' } }), 'last seen: not ready')
    assert.match(run({ socket: join(dir, 'none') }), 'last seen: absent')
    assert.match(run({ port, gone: true }), 'is still there')
  })

  test(`${nameOf(shell)}: looked at again after changes`, () => {
    for (const args of [
      { port },
      { http: { url: `http://127.0.0.1:${port}/`, status: 200 } },
      { check: { run: 'true' } },
    ] as const) {
      const task = waitFor({ ...args, timeout: 2 })
      const fact = { type: 'http' in args ? 'answered' : 'open', expected: true, exitCode: 0 }
      const change = planWith(task, () => fact, { changed: true })
      assert.is(change?.summary, 'checked again after the changes')
      if (change) assert.equal(apply(shell, change.apply, sandbox()), { exitCode: 0, output: '' })
    }
  })
}

test('arguments', () => {
  assert.is(problemsOf(waitFor({ port: 70000, timeout: -1 })).length, 2)
  assert.is(problemsOf(waitFor({ http: { url: 'ftp://x' } })).length, 1)
  assert.is(problemsOf(waitFor({ socket: 'x' })).length, 1)
})

test('a token may be in the headers that are asked with, and not in the URL', () => {
  const seen = (http: Parameters<typeof waitFor>[0] & object) => {
    const task = waitFor(http)
    return seenSecrets(task.args as object, task.kind.unseen ?? [], text => text.includes('geheim')).length
  }
  assert.is(seen({ http: { url: 'https://a/', headers: { Authorization: 'Bearer geheim' } } }), 0)
  assert.is(seen({ http: { url: 'https://a/geheim' } }), 1)
})

test.run()
