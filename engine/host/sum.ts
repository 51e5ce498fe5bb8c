import { createHash, type Hash, type Hmac } from 'node:crypto'
import type { Shell } from '../shell/index.ts'
import { localSum } from '../tasks/index.ts'
import type { Would } from './would.ts'

/** A checksum, in hexadecimal, of what is told of a change and of all that is sent for it; by `hash`, which is new. */
export function sumOfWould({ summary, handler, diff, sends }: Would, hash: Hash | Hmac): string {
  hash.update(JSON.stringify([summary, handler, diff]))
  for (const { text, blobs } of sends) {
    hash.update(JSON.stringify([text, blobs.length]))
    for (const { content, near } of blobs) hash.update(JSON.stringify([near, sumOf(content)]))
  }
  return hash.digest('hex')
}

const sumOf = (content: Shell['blobs'][number]['content']): string =>
  content instanceof Uint8Array ? createHash('sha256').update(content).digest('hex') : localSum(content.path)
