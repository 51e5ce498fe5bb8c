/**
 * Shell text that is safe to send: every value interpolated into the `sh` template is quoted, shell text made by `sh`
 * itself is nested as it is, and file content travels beside the text as blobs, never in it.
 */
export interface Shell {
  readonly text: string
  /** Content the text refers to, in the order of their first use in the text. */
  readonly blobs: readonly Blob[]
}

/**
 * Content sent with a program. The runtime has it in a file (mode 0600) before the text that refers to it runs, and the
 * text sees the path of that file, quoted. The text may rename the file away; what is left is removed.
 */
export interface Blob {
  readonly kind: 'blob'
  readonly content: Uint8Array | LocalFile
  /**
   * Absolute path on the target in whose directory the blob's file is made, so that a rename onto it is atomic. Nobody
   * but root and this user may have a say there: see `exposed` of a path's fact.
   */
  readonly near?: string
}

/** A file of the control machine, streamed and never held in memory whole. */
export interface LocalFile {
  readonly path: string
  /** Bytes. */
  readonly size: number
}

export type ShellValue = string | number | Shell | Blob | readonly (string | number)[]

const safe = /^[A-Za-z0-9_/:=.,@%+-]+$/

/** Quotes one value for a POSIX shell. NUL can't be part of a shell word: it throws. */
export function quote(value: string | number): string {
  const text = String(value)
  if (safe.test(text)) return text
  if (text.includes('\0')) throw new Error(`a NUL byte can't be sent to a shell: ${JSON.stringify(text)}`)
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Template tag: ``sh`chmod ${mode} ${path}` ``. A list becomes separate words. */
export function sh(strings: TemplateStringsArray, ...values: readonly ShellValue[]): Shell {
  const blobs: Blob[] = []
  let text = strings[0] ?? ''
  values.forEach((value, index) => {
    text += render(value, blobs) + (strings[index + 1] ?? '')
  })
  return { text, blobs }
}

/** Shell text as it stands: for constants of ours and for what the user wrote as shell, never for a value. */
export const raw = (text: string): Shell => ({ text, blobs: [] })

/** Joins pieces, a line each. */
export function lines(pieces: readonly Shell[]): Shell {
  return sh`${joined(pieces)}`
}

/** Content that travels beside the shell text, not in it: binary, of any size. */
export const blob = (content: Uint8Array | LocalFile | string, near?: string): Blob => ({
  kind: 'blob',
  content: typeof content === 'string' ? Buffer.from(content) : content,
  ...(near === undefined ? {} : { near }),
})

export const blobSize = (item: Blob): number =>
  item.content instanceof Uint8Array ? item.content.byteLength : item.content.size

// Inside the text a blob is written as a mark that holds its number; nesting shifts the numbers.
const mark = (index: number): string => `\u0001${index}\u0001`
// biome-ignore lint/suspicious/noControlCharactersInRegex: no shell text of ours holds the character of the mark
const marks = /\u0001(\d+)\u0001/g

function render(value: ShellValue, blobs: Blob[]): string {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = quote(value)
    if (text.includes('\u0001'))
      throw new Error(`a control character U+0001 can't be sent to a shell: ${JSON.stringify(value)}`)
    return text
  }
  if (isList(value)) return value.map(quote).join(' ')
  if ('kind' in value) return mark(blobs.push(value) - 1)
  const offset = blobs.length
  blobs.push(...value.blobs)
  return offset === 0 ? value.text : value.text.replace(marks, (_, index: string) => mark(Number(index) + offset))
}

const isList = (value: ShellValue): value is readonly (string | number)[] => Array.isArray(value)

function joined(pieces: readonly Shell[]): Shell {
  const blobs: Blob[] = []
  return { text: pieces.map(piece => render(piece, blobs)).join('\n'), blobs }
}

/** The text with each blob's mark replaced by what `name` gives for it (already quoted). */
export const withBlobs = (shell: Shell, name: (index: number) => string): string =>
  shell.text.replace(marks, (_, index: string) => name(Number(index)))
