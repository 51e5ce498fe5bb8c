import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { failure } from '../failure/index.ts'
import { shownUrl } from './address.ts'
import { claimPartial, type Partial } from './partial.ts'
import { isMiss, type Miss, tries } from './request.ts'
import { type Sum, sumsOf } from './sum.ts'
import { publishedSum } from './text.ts'
import { type Transfer, transfer } from './transfer.ts'

/** A file of the web, its place here, and what it must come to. */
export interface WantedFile extends Transfer {
  /** Mirrors of one file, tried in order. */
  readonly urls: readonly string[]
  /** Absolute. Its folder is made. */
  readonly path: string
  /** Without it the one that is published beside the file (`URL.sha256`, `URL.sha512`), by https alone. */
  readonly sum?: Sum | undefined
}

/** What has come. */
export interface FetchedFile {
  /** Which of the URLs gave it. */
  readonly url: string
  readonly size: number
  readonly sha256: string
}

/**
 * A file is at its place, whole and with the right checksum, or what was there is as it was. What has come of it before
 * is gone on with. Its checksum (SHA-256) is left beside it, as `sha256sum -c` reads it. Throws a failure where none of
 * the URLs gives it, with what each had to say.
 */
export async function fetchFile(agent: Dispatcher, wanted: WantedFile): Promise<FetchedFile> {
  const { path, urls } = wanted
  mkdirSync(dirname(path), { recursive: true })
  const part = claimPartial(path)
  try {
    const misses: string[] = []
    for (const url of urls) {
      const got = await fromOne(agent, url, part, wanted)
      if (isMiss(got)) {
        misses.push(got.why)
        continue
      }
      const size = part.size()
      putInPlace(part, path, got.sha256)
      return { url: shownUrl(url), size, sha256: got.sha256 }
    }
    throw failure(misses.join('; '))
  } finally {
    part.release()
  }
}

/** How often it is asked in all, whatever comes of it: each time a little may come, and be lost again. */
const limit = 200

type Sums = Awaited<ReturnType<typeof sumsOf>>

async function fromOne(agent: Dispatcher, url: string, part: Partial, wanted: WantedFile): Promise<Sums | Miss> {
  const sum = wanted.sum ?? (await publishedSum(agent, url, wanted))
  if (isMiss(sum)) return sum
  // A run that was killed right before the end has left all of it.
  if (part.size() > 0) {
    const sums = await sumsOf(part.path)
    if (sums[sum.algorithm] === sum.hex) return sums
  }
  let vain = 0
  for (let asked = 1; ; asked++) {
    const before = part.size()
    const miss = await transfer(agent, url, part, wanted)
    if (miss === undefined) {
      const sums = await sumsOf(part.path)
      if (sums[sum.algorithm] === sum.hex) return sums
      part.drop()
      // It may be the part from before that is wrong: then all of it is right.
      if (before > 0) continue
      const why = `${shownUrl(url)} has the checksum ${sums[sum.algorithm]}, not ${sum.hex}`
      return { why, again: false }
    }
    vain = part.size() > before ? 1 : vain + 1
    if (!miss.again || vain >= tries || asked >= limit)
      return { why: vain > 1 ? `${miss.why} (${vain} times)` : miss.why, again: false }
    await wait((wanted.pause ?? 1) * 1000 * 2 ** (vain - 1), undefined, { signal: wanted.signal })
  }
}

/** The checksum first: without its file it is of no use, and does no harm. */
function putInPlace(part: Partial, path: string, sha256: string): void {
  const sums = `${part.path}.sha256`
  writeFileSync(sums, `${sha256}  ${basename(path)}\n`)
  renameSync(sums, `${path}.sha256`)
  chmodSync(part.path, 0o644)
  renameSync(part.path, path)
}
