import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Frame } from '../../../engine/program/protocol.ts'
import { frameReader } from '../../../engine/program/protocol.ts'

const frame = (event: string, payload: Uint8Array, extra = ''): Buffer =>
  Buffer.concat([Buffer.from(`${event} 3 7 ${payload.length} ${extra}\n`), payload, Buffer.from('\n')])

const cut = (stream: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = []
  let at = 0
  for (const size of sizes) {
    chunks.push(stream.subarray(at, at + size))
    at += size
  }
  return [...chunks, stream.subarray(at)]
}

test('frames come out whole, whatever the pieces they arrive in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }),
      fc.string(),
      (payloads, sizes, banner) => {
        const stream = Buffer.concat([
          Buffer.from(`${banner}\nrota:abc:\n`),
          ...payloads.map(payload => frame('fact', payload, '0 1.5')),
        ])
        const reader = frameReader('abc')
        const frames: Frame[] = cut(stream, sizes).flatMap(chunk => reader.push(chunk))
        assert.equal(
          frames.map(({ payload }) => payload.toString('hex')),
          payloads.map(payload => Buffer.from(payload).toString('hex')),
        )
        for (const { event, request, name, extra } of frames)
          assert.equal({ event, request, name, extra }, { event: 'fact', request: 3, name: '7', extra: ['0', '1.5'] })
        assert.is(reader.noise(), Buffer.from(banner).toString())
      },
    ),
  )
})

test('before the mark nothing is a frame, and it is kept for the message', () => {
  const reader = frameReader('abc')
  assert.equal(reader.push(Buffer.from('Welcome!\nfact 1 0 2 \nok\nrota:other:\n')), [])
  assert.match(reader.noise(), /Welcome!/)
})

test('long noise is cut, its end stays', () => {
  const reader = frameReader('abc')
  for (let i = 0; i < 100; i++) reader.push(Buffer.alloc(1000, 'x'))
  reader.push(Buffer.from('the end'))
  assert.ok(reader.noise().length < 20_000)
  assert.match(reader.noise(), /the end$/)
})

test('what is no frame is an error that shows it', () => {
  const reader = frameReader('abc')
  assert.throws(
    () => reader.push(Buffer.from('\nrota:abc:\nsh: out of memory\n')),
    /this is no frame: "sh: out of memory"/,
  )
  const other = frameReader('abc')
  assert.throws(() => other.push(Buffer.from('\nrota:abc:\nfact 1 0 2 \nabc\n')), /is not 2 bytes long/)
})

test.run()
