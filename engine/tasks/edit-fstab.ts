import type { Edited } from './edit-block.ts'

/** A line of fstab (`man 5 fstab`). */
export interface FstabEntry {
  readonly src: string
  readonly path: string
  readonly fstype: string
  readonly opts: string
  readonly dump: number
  readonly passno: number
}

/** The entry of a path, if it has just one. */
export const entryOf = (text: string, path: string): FstabEntry | undefined =>
  linesOf(text)
    .map(readEntry)
    .find(entry => entry?.path === path)

/** Text in which the path has this entry, or none; every other line stays as it is. */
export function editFstab(text: string, path: string, entry: FstabEntry | undefined): Edited {
  const lines = linesOf(text)
  const [at, second] = lines.flatMap((line, index) => (readEntry(line)?.path === path ? [index] : []))
  if (at !== undefined && second !== undefined)
    return { problem: `lines ${at + 1} and ${second + 1} are both about ${path}: remove the one that is not meant` }
  if (entry === undefined) return { text: lines.filter((_, index) => index !== at).join('') }
  if (at === undefined) return { text: added(text, entry) }
  const same = writeEntry(entry) === writeEntry(readEntry(lines[at] ?? '') ?? entry)
  return { text: lines.map((line, index) => (index === at && !same ? `${writeEntry(entry)}\n` : line)).join('') }
}

/** Text in which nothing is a swap. */
export const withoutSwap = (text: string): string =>
  linesOf(text)
    .filter(line => !isSwap(readEntry(line)))
    .join('')

/** Text in which the file is a swap; others stay. */
export function withSwap(text: string, src: string): string {
  if (linesOf(text).some(line => isSwap(readEntry(line), src))) return text
  return added(text, { src, path: 'none', fstype: 'swap', opts: 'sw', dump: 0, passno: 0 })
}

const isSwap = (entry: FstabEntry | undefined, src = entry?.src): boolean =>
  entry?.fstype === 'swap' && entry.src === src

const added = (text: string, entry: FstabEntry): string =>
  `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${writeEntry(entry)}\n`

function readEntry(line: string): FstabEntry | undefined {
  const [src = '', path, fstype = '', opts = 'defaults', dump, passno] = line.trim().split(/[ \t]+/)
  if (path === undefined || src.startsWith('#')) return undefined
  return {
    src: plain(src),
    path: path.length > 1 && path.endsWith('/') ? plain(path.slice(0, -1)) : plain(path),
    fstype,
    opts: plain(opts),
    dump: Number(dump ?? 0),
    passno: Number(passno ?? 0),
  }
}

const writeEntry = ({ src, path, fstype, opts, dump, passno }: FstabEntry): string =>
  `${escaped(src)} ${escaped(path)} ${fstype} ${escaped(opts)} ${dump} ${passno}`

// What would end a field, or make a comment of the line, is written in octal.
const escaped = (text: string): string =>
  text.replace(/[\s\\#]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
const plain = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
