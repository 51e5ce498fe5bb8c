import { isAscii } from 'node:buffer'
import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import type { Problem } from '../failure/index.ts'

/** Files as the user named them, relative to the directory the command was started in. */
export interface Files {
  readonly kindOf: (path: string) => 'file' | 'directory' | undefined
  /** In bytes; undefined for what is no regular file, such as a device or a pipe. */
  readonly sizeOf: (path: string) => number | undefined
  /** One name for each directory, whatever links lead there. */
  readonly realPath: (path: string) => string
  readonly list: (path: string) => readonly string[]
  /** The same, with what each is: one look at the directory instead of one at each file. */
  readonly kinds: (path: string) => ReadonlyMap<string, 'file' | 'directory' | undefined>
  readonly read: (path: string) => { readonly text: string } | { readonly problem: Problem }
  readonly isExecutable: (path: string) => boolean
  /** A program has printed what else would stand in a file. */
  readonly printed: OnRead
  readonly absolute: (path: string) => string
}

/** Told of each file that is read, and of what a program has printed instead. */
export type OnRead = (what: string, printed?: string) => void

export function filesOf(cwd: string, onRead: OnRead = () => {}): Files {
  const absolute = (path: string) => resolve(cwd, path)
  const stat = (path: string) => statSync(absolute(path), { throwIfNoEntry: false })
  const kindOf: Files['kindOf'] = path => {
    const found = quietly(() => stat(path))
    return found === undefined ? undefined : found.isDirectory() ? 'directory' : 'file'
  }
  return {
    absolute,
    kindOf,
    sizeOf: path => {
      const found = quietly(() => stat(path))
      return found?.isFile() ? found.size : undefined
    },
    realPath: path => quietly(() => realpathSync(absolute(path))) ?? absolute(path),
    kinds: path => {
      const entries = quietly(() => readdirSync(absolute(path), { withFileTypes: true })) ?? []
      return new Map(
        entries.map(entry => {
          const kind = entry.isDirectory()
            ? 'directory'
            : entry.isFile()
              ? 'file'
              : kindOf(posix.join(path, entry.name))
          return [entry.name, kind]
        }),
      )
    },
    list: path => (quietly(() => readdirSync(absolute(path))) ?? []).sort(),
    isExecutable: path => ((stat(path)?.mode ?? 0) & 0o111) !== 0,
    printed: onRead,
    read: path => {
      onRead(path)
      try {
        return decode(readBytes(absolute(path)), path)
      } catch (error) {
        return { problem: { message: `can't be read: ${reasonOf(error)}`, origin: start(path) } }
      }
    },
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOENT: 'no such file',
}

function reasonOf(error: unknown): string {
  if (error instanceof TooLarge) return `it is larger than ${mostBytes / 1024 ** 2} MiB`
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (code || String(error))
}

/** No inventory is as large; a device, or a pipe that somebody fills for ever, is. */
const mostBytes = 256 * 1024 ** 2

class TooLarge extends Error {}

function readBytes(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    if (size > mostBytes) throw new TooLarge()
    const bytes = Buffer.allocUnsafe(size)
    const read = size === 0 ? 0 : readSync(file, bytes, 0, size, null)
    return read === size && size > 0 ? bytes : Buffer.concat([bytes.subarray(0, read), ...readOn(file, read)])
  } finally {
    closeSync(file)
  }
}

/** What has no size beforehand comes piece by piece. */
function readOn(file: number, before: number): readonly Buffer[] {
  const pieces: Buffer[] = []
  for (let length = before; length <= mostBytes; ) {
    const piece = Buffer.allocUnsafe(65_536)
    const read = readSync(file, piece, 0, piece.length, null)
    if (read === 0) return pieces
    pieces.push(piece.subarray(0, read))
    length += read
  }
  throw new TooLarge()
}

function quietly<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}

export function start(file: string): { file: string; line: number; column: number } {
  return { file, line: 1, column: 1 }
}

/** UTF-8 only; in comments other bytes are let pass, as Ansible does (ansible#17593). */
function decode(bytes: Buffer, file: string): { text: string } | { problem: Problem } {
  if (isAscii(bytes)) return { text: bytes.toString('latin1') }
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  if (!text.includes('\ufffd') || bytes.includes('\ufffd')) return { text }
  const bad = text.split('\n').findIndex(line => line.includes('\ufffd') && !/^[#;]/.test(line))
  if (bad < 0) return { text }
  return { problem: { message: 'not UTF-8 text', origin: { file, line: bad + 1, column: 1 } } }
}
