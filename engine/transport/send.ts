import type { Writable } from 'node:stream'
import { messageOf } from '../failure/index.ts'
import type { Program } from '../program/index.ts'
import { blobSize, type LocalFile } from '../shell/index.ts'
import { shareFile } from './shared-file.ts'

/**
 * Writes a program and its content: what is in memory in one piece, so that ssh need not wake for each, files a piece
 * at a time as the other side takes them. Gives the bytes written.
 */
export async function sendProgram(stdin: Writable, { text, blobs }: Program): Promise<number> {
  if (text.includes('\0')) throw new Error("a NUL byte can't be sent to a shell")
  const head = Buffer.from(`${Buffer.byteLength(text)}\n${text}.\n`)
  let sent = head.byteLength
  stdin.cork()
  stdin.write(head)
  for (const item of blobs) {
    const { content } = item
    // Exactly the size that was announced, then a line: `.`, or what is wrong with it.
    let problem: string | undefined
    if (content instanceof Uint8Array) stdin.write(content)
    else {
      stdin.uncork()
      problem = await sendFile(stdin, content)
      stdin.cork()
    }
    const line = Buffer.from(`${problem?.replaceAll('\n', ' ') ?? '.'}\n`)
    stdin.write(line)
    sent += blobSize(item) + line.byteLength
  }
  stdin.uncork()
  return sent
}

/**
 * A file that is shorter than announced, or can't be read, is filled up with zeros: the other side counts. Nothing is
 * read for one that has gone.
 */
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
    problem = `${path} can't be read: ${messageOf(error)}`
  } finally {
    await file.release()
  }
  const zeros = Buffer.alloc(Math.min(65_536, size - sent))
  for (; sent < size && !stdin.destroyed; sent += zeros.byteLength)
    await write(stdin, zeros.subarray(0, Math.min(zeros.byteLength, size - sent)))
  return problem
}

/**
 * Waits until the pipe has taken it: only then its memory may serve for another. A pipe that is closed ends the wait:
 * the exit tells why.
 */
const write = (stdin: Writable, chunk: Uint8Array): Promise<void> =>
  new Promise(resolve => {
    stdin.write(chunk, () => resolve())
  })
