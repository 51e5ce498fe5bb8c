import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { longestHeader, mostNoise } from '../../../engine/program/limits.ts'
import type { Frame, FrameReader } from '../../../engine/program/protocol.ts'
import { frameReader } from '../../../engine/program/protocol.ts'
import { cpuTime } from '../../cpu-time.ts'

/** A reader that keeps what it takes. */
function reading(longest = 1_000_000): FrameReader & { readonly frames: readonly Frame[] } {
  const frames: Frame[] = []
  return { frames, ...frameReader('abc', { longest: () => longest, take: frame => frames.push(frame) }) }
}

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
        const reader = reading()
        for (const chunk of cut(stream, sizes)) reader.push(chunk)
        const { frames } = reader
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
  const reader = reading()
  reader.push(Buffer.from('Welcome!\nfact 1 0 2 \nok\nrota:other:\n'))
  assert.equal(reader.frames, [])
  assert.match(reader.noise(), /Welcome!/)
})

test('long noise is cut, its end stays', () => {
  const reader = reading()
  for (let i = 0; i < 100; i++) reader.push(Buffer.from(`${'x'.repeat(800)}\n`))
  reader.push(Buffer.from('the end'))
  assert.ok(reader.noise().length < 20_000)
  assert.match(reader.noise(), /the end$/)
})

test('of a long line of noise only its length is told', () => {
  const reader = reading()
  reader.push(Buffer.from(`${'x'.repeat(2000)}\nthe end`))
  assert.is(reader.noise(), '[a line of 2000 characters]\nthe end')
})

test('what is no frame is an error that shows it', () => {
  const reader = reading()
  assert.throws(
    () => reader.push(Buffer.from('\nrota:abc:\nsh: out of memory\n')),
    /this is no frame: "sh: out of memory"/,
  )
  const other = reading()
  assert.throws(() => other.push(Buffer.from('\nrota:abc:\nfact 1 0 2 \nabc\n')), /is not 2 bytes long/)
})

test('a length is not believed: a payload that is longer than it may be is refused by its header, before any of it has come', () => {
  assert.throws(
    () => reading(10).push(Buffer.from('\nrota:abc:\nfact 1 0 11 \n')),
    /the frame "fact" has 11 bytes, it may have 10/,
  )
  assert.throws(
    () => reading().push(Buffer.from('\nrota:abc:\nfact 1 0 99999999999999999999 \n')),
    /it may have 1000000/,
  )
})

test('each frame is judged after the one before it has been taken', () => {
  const said: string[] = []
  const { push } = frameReader('abc', {
    longest: ({ event }) => {
      said.push(`judged ${event}`)
      return 10
    },
    take: ({ event }) => said.push(`took ${event}`),
  })
  push(Buffer.from('\nrota:abc:\na 1 0 1 \nx\nb 1 0 0 \n\nc 1 0 5 \n'))
  assert.equal(said, ['judged a', 'took a', 'judged b', 'took b', 'judged c'])
})

test('a header that does not end is no frame, in one piece or in many', () => {
  const whole = reading()
  whole.push(Buffer.from('\nrota:abc:\n'))
  assert.throws(() => whole.push(Buffer.alloc(longestHeader + 1, 'a')), /this is no frame: "a{200}…"/)
  const pieces = reading()
  pieces.push(Buffer.from('\nrota:abc:\n'))
  for (let count = 0; count < longestHeader; count += 1) pieces.push(Buffer.from('a'))
  assert.throws(() => pieces.push(Buffer.from('a')), /this is no frame/)
})

test('noise does not go on for ever', () => {
  const reader = reading()
  assert.throws(() => {
    for (let heard = 0; heard <= mostNoise; heard += 65536) reader.push(Buffer.alloc(65536, 'x'))
  }, /it printed more than 1048576 bytes before it said hello/)
})

test('a payload that comes byte by byte is copied as often as one that comes whole, near enough', () => {
  const length = 1_000_000
  const reader = reading()
  reader.push(Buffer.from(`\nrota:abc:\nfact 1 0 ${length} \n`))
  const started = cpuTime()
  for (let count = 0; count < length; count += 1) reader.push(Buffer.from('x'))
  reader.push(Buffer.from('\n'))
  assert.is(reader.frames[0]?.payload.toString(), 'x'.repeat(length))
  assert.ok(cpuTime() - started < 20_000)
})

test.run()
