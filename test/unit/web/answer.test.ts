import { createServer, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openWeb } from '../../../engine/web/index.ts'

// A proxy that takes the connection and says nothing: undici heeds no signal as long as it waits for it.
const sockets = new Set<Socket>()
const proxy = createServer(socket => {
  sockets.add(socket.on('error', () => {}))
})
await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
const address = proxy.address()
process.env.https_proxy = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
test.after(() => {
  for (const socket of sockets) socket.destroy()
  proxy.close()
})

test('a proxy that says nothing is waited for no longer than the limit', async () => {
  const web = await openWeb()
  assert.equal(await web.answer('https://192.0.2.1/x', { timeout: 1 }), {
    why: 'https://192.0.2.1/x: no whole answer within 1 s',
    again: true,
  })
  await web.close()
})

test('nor is it after the run was interrupted', async () => {
  const web = await openWeb()
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('interrupted')), 200)
  const told = await web
    .answer('https://192.0.2.1/x', { timeout: 3600, signal: stop.signal })
    .then(String, (error: Error) => error.message)
  assert.is(told, 'interrupted')
  await web.close()
})

test.run()
