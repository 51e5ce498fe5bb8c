import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import type { LocalFile } from '../shell/index.ts'

/** A file of the control machine and its checksum. */
export interface LocalSource extends LocalFile {
  readonly sha256: string
}

export const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex')

/** Reads a file's checksum, once for each version of it: a hundred hosts ask for the same one. */
export function localSource(path: string): LocalSource {
  const { size, mtimeMs } = statSync(path)
  const key = JSON.stringify([path, size, mtimeMs])
  const known = sums.get(key) ?? hashFile(path)
  sums.set(key, known)
  return { path, size, sha256: known }
}

export const localProblems = (name: string, path: string): readonly string[] => {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return [`${name}: there is no file ${JSON.stringify(path)} on the control machine`]
  return stat.isFile() ? [] : [`${name}: ${JSON.stringify(path)} is not a regular file`]
}

export const localBytes = (source: LocalFile): Uint8Array => readFileSync(source.path)

// A memory of a pure function of a file's version: it can't become wrong, only useless.
const sums = new Map<string, string>()

function hashFile(path: string): string {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(1024 * 1024)
  const file = openSync(path, 'r')
  try {
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
      hash.update(buffer.subarray(0, count))
  } finally {
    closeSync(file)
  }
  return hash.digest('hex')
}
