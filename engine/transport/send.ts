import type { Writable } from 'node:stream'
import type { Program } from '../program/program.ts'
import type { Blob, LocalFile } from '../program/shell.ts'
import { shareFile } from './shared-file.ts'

/** Writes a program and its content, a piece at a time as the other side takes it. Gives the bytes written. */
export async function sendProgram(stdin: Writable, { text, blobs }: Program): Promise<number> {
  if (text.includes('\0')) throw new Error("a NUL byte can't be sent to a shell")
  const length = Buffer.byteLength(text)
  const head = `${length}\n${text}.\n`
  await write(stdin, Buffer.from(head))
  let sent = Buffer.byteLength(head)
  for (const item of blobs) sent += await sendBlob(stdin, item)
  return sent
}

/** Exactly the size that was announced, then a line: `.`, or what is wrong with it. */
async function sendBlob(stdin: Writable, { content }: Blob): Promise<number> {
  if (content instanceof Uint8Array) {
    await write(stdin, content)
    await write(stdin, Buffer.from('.\n'))
    return content.byteLength + 2
  }
  const problem = await sendFile(stdin, content)
  const line = `${problem === undefined ? '.' : problem.replaceAll('\n', ' ')}\n`
  await write(stdin, Buffer.from(line))
  return content.size + Buffer.byteLength(line)
}

/** A file that is shorter than announced, or can't be read, is filled up with zeros: the other side counts. Nothing is read for one that has gone. */
async function sendFile(stdin: Writable, { path, size }: LocalFile): Promise<string | undefined> {
  let sent = 0
  let problem: string | undefined
  const file = shareFile(path)
  try {
    for (let number = 0; sent < size && !stdin.destroyed; number += 1) {
      const chunk = (await file.block(number)).subarray(0, size - sent)
      if (chunk.byteLength === 0) break
      await write(stdin, chunk)
      sent += chunk.byteLength
    }
    if (sent < size && !stdin.destroyed) problem = `${path} has become shorter while it was sent`
  } catch (error) {
    problem = `${path} can't be read: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    await file.release()
  }
  const zeros = Buffer.alloc(Math.min(65_536, size - sent))
  for (; sent < size && !stdin.destroyed; sent += zeros.byteLength)
    await write(stdin, zeros.subarray(0, Math.min(zeros.byteLength, size - sent)))
  return problem
}

/** Waits until the pipe has taken it: only then its memory may serve for another. A pipe that is closed ends the wait: the exit tells why. */
const write = (stdin: Writable, chunk: Uint8Array): Promise<void> =>
  new Promise(resolve => {
    stdin.write(chunk, () => resolve())
  })
