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

/** The SHA-256 of a file of the control machine, worked out once for each version of it. */
export const localSum = (path: string): string => localSource(path).sha256

export const localProblems = (name: string, path: string): readonly string[] => {
  const quoted = JSON.stringify(path)
  try {
    return statSync(path).isFile() ? [] : [`${name}: ${quoted} is not a regular file`]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // Below a plain file there is none either.
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? [`${name}: there is no file ${quoted} on the control machine`]
      : [`${name}: ${quoted} on the control machine can't be looked at: ${code || String(error)}`]
  }
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
