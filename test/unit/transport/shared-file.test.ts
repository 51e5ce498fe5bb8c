import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { blob } from '../../../engine/shell/shell.ts'
import { sendProgram } from '../../../engine/transport/send.ts'
import { shareFile } from '../../../engine/transport/shared-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-shared-'))
test.after(() => rmSync(dir, { recursive: true }))

/** A file whose every MiB is told from the others. */
function made(name: string, size: number): { readonly path: string; readonly content: Buffer } {
  const path = join(dir, name)
  const content = Buffer.alloc(size, 'x')
  for (let at = 0; at < size; at += 1024 * 1024) content.writeUInt8((at / 1024 / 1024) % 256, at)
  writeFileSync(path, content)
  return { path, content }
}

test('who reads at the same time gets the very same bytes, read once', async () => {
  const { path, content } = made('same', 700_000)
  const [one, other] = [shareFile(path), shareFile(path)]
  const first = await one.block(0)
  is(await other.block(0), first)
  const parts = [first, await one.block(1), await one.block(2), await one.block(3)]
  equal(Buffer.concat(parts), content)
  is(parts[3]?.byteLength, 0, 'past the end')
  await one.release()
  is(await other.block(0), first, 'the other goes on')
  await other.release()
  writeFileSync(path, 'new')
  const later = shareFile(path)
  equal(Buffer.from(await later.block(0)).toString(), 'new', 'nothing is kept after the last')
  await later.release()
})

test('one that lags far behind reads again, and memory does not grow with the file', async () => {
  const { path, content } = made('long', 40 * 1024 * 1024)
  const [fast, slow] = [shareFile(path), shareFile(path)]
  const first = await fast.block(0)
  const memory = new Set([first.buffer])
  for (let number = 1; number < 160; number += 1) memory.add((await fast.block(number)).buffer)
  is(memory.size, 128)
  const again = await slow.block(0)
  equal(Buffer.from(again), content.subarray(0, again.byteLength))
  is(again === first, false)
  for (let number = 0; number < 160; number += 1) memory.add((await fast.block(number)).buffer)
  equal(Buffer.from(again), content.subarray(0, again.byteLength), 'stays while it is used')
  is(memory.size, 128)
  await Promise.all([fast.release(), slow.release()])
})

for (const which of ['first', 'last'] as const)
  test(`a host that is slow to take the ${which} block gets it as it was, though another is sent all meanwhile`, async () => {
    const { path, content } = made(which, 40 * 1024 * 1024 + 6)
    const receive = async (beforeTaking: (chunk: Buffer) => unknown) => {
      const sum = createHash('sha256')
      const sink = new Writable({
        write: (chunk, _, done) => {
          void Promise.resolve(beforeTaking(chunk)).then(() => done(void sum.update(chunk)))
        },
      })
      await sendProgram(sink, { text: 'x', blobs: [blob({ path, size: content.byteLength })] })
      await new Promise<void>(resolve => sink.end(resolve))
      return sum.digest('hex')
    }
    const slow = which === 'first' ? 256 * 1024 : 6
    let other: Promise<string> | undefined
    const one = await receive(({ byteLength }) => {
      if (byteLength === slow) other ??= receive(() => {})
      return byteLength === slow ? other : undefined
    })
    const expected = createHash('sha256').update('1\nx.\n').update(content).update('.\n').digest('hex')
    equal([one, await other], [expected, expected])
  })

test('a program is followed by exactly the bytes that were announced, whatever became of the file', async () => {
  const { path, content } = made('sent', 600_000)
  const send = async (size: number, file = path) => {
    const pieces: Buffer[] = []
    const sink = new Writable({ write: (chunk, _, done) => done(void pieces.push(Buffer.from(chunk))) })
    await sendProgram(sink, { text: 'x', blobs: [blob({ path: file, size })] })
    const all = Buffer.concat(pieces)
    return { bytes: all.subarray(5, 5 + size), end: all.subarray(5 + size).toString() }
  }
  const whole = await send(600_000)
  is(whole.bytes.equals(content), true)
  is(whole.end, '.\n')
  is((await send(300_000)).bytes.equals(content.subarray(0, 300_000)), true)
  const short = await send(700_000)
  is(short.bytes.byteLength, 700_000)
  match(short.end, /has become shorter while it was sent\n$/)
  match((await send(10, join(dir, 'missing'))).end, /missing can't be read: ENOENT/)
})

test.run()
