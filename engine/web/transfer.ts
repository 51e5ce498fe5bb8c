import { open } from 'node:fs/promises'
import type { Dispatcher } from 'undici'
import { failure, messageOf } from '../failure/index.ts'
import type { Partial } from './partial.ts'
import { type Answer, type Asked, type Asking, discard, isMiss, type Miss, missOf, request } from './request.ts'

export interface Transfer extends Asking {
  /** Bytes that are there, and how many there are in all, where the server says so. */
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined
}

/**
 * One attempt to get what a part lacks of the whole. A server that does not go on where the part ends gives all of it
 * again. Undefined: it has come to an end, be it the right one or not. Throws where this machine can't write it.
 */
export async function transfer(
  agent: Dispatcher,
  url: string,
  part: Partial,
  options: Transfer,
): Promise<Miss | undefined> {
  const { signal, onlyHttps, onProgress } = options
  const have = part.size()
  const asked: Asked = {
    method: 'GET',
    signal,
    ...(onlyHttps && { onlyHttps }),
    ...(options.patience && { patience: options.patience }),
    ...(have > 0 && { headers: { range: `bytes=${have}-` } }),
  }
  const answer = await request(agent, url, asked, [416])
  if (isMiss(answer)) return answer
  if (answer.status === 416 || (answer.status === 206 && startOf(answer) !== have)) {
    // What is here is not the beginning of what is there.
    discard(answer.body)
    part.drop()
    return { why: 'the server can not go on where it was left', again: true }
  }
  const from = answer.status === 206 ? have : 0
  const length = Number(answer.headers['content-length'])
  const total = Number.isInteger(length) ? from + length : undefined
  const file = await here(() => open(part.path, from === 0 ? 'w' : 'a', 0o644), part.path)
  let done = from
  onProgress?.(done, total)
  try {
    for await (const chunk of received(answer, url, signal)) {
      if ('why' in chunk) return chunk
      await here(() => file.appendFile(chunk), part.path)
      done += chunk.byteLength
      onProgress?.(done, total)
    }
    await here(() => file.sync(), part.path)
    return undefined
  } finally {
    await file.close()
  }
}

/** The chunks of a body, and why there are no more if it broke off. */
async function* received(
  { body }: Answer,
  url: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array | Miss> {
  try {
    for await (const chunk of body) yield chunk
  } catch (error) {
    signal?.throwIfAborted()
    yield missOf(url, error)
  }
}

/** What this machine can't do is no fault of the server's: another try would not help. */
async function here<T>(work: () => Promise<T>, path: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const full = /^(ENOSPC|EDQUOT|EFBIG)$/.test((error as NodeJS.ErrnoException).code ?? '')
    throw failure(`${path} can't be written: ${full ? 'there is no room left' : messageOf(error)}`, {
      hint: full ? 'make room there: what has come so far is kept' : 'say where with another folder',
    })
  }
}

const startOf = ({ headers }: Answer): number =>
  Number(/^bytes (\d+)-/.exec(String(headers['content-range'] ?? ''))?.[1] ?? Number.NaN)
