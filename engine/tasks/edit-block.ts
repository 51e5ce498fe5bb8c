import { limitedSteps, regexp } from '../regexp/index.ts'

export interface BlockPlace {
  /** Put the block after the last line that matches, or at the end (`EOF`, the default) where none does. */
  readonly insertAfter?: string
  /** Put the block before the last line that matches, or at the beginning (`BOF`). */
  readonly insertBefore?: string
}

export interface BlockEdit extends BlockPlace {
  readonly begin: string
  readonly end: string
  /** Empty: the block is removed. */
  readonly block: string
}

/** The new text, or why the old one is left alone. */
export type Edited = { readonly text: string } | { readonly problem: string }

/**
 * Text with the block between its marker lines, as Ansible's `blockinfile` does it: the last pair of markers counts; a
 * block that is there is replaced where it stands. Where Ansible would do harm, this says what is wrong: one marker
 * without the other (it adds a second block), markers in the wrong order (it deletes what is between). Markers are
 * found in a file of CRLF lines and in a last line without an end, too (it adds a second block there).
 */
export function editBlock(original: string, { begin, end, block, insertAfter, insertBefore }: BlockEdit): Edited {
  const lines = splitLines(original)
  const bare = lines.map(line => line.replace(/[\r\n]+$/, ''))
  const from = bare.lastIndexOf(begin)
  const to = bare.lastIndexOf(end)
  if (from < 0 !== to < 0) {
    const [there, missing, line] = from < 0 ? [end, begin, to] : [begin, end, from]
    return {
      problem: `line ${line + 1} is the marker "${there}", but there is no line "${missing}": add it or remove the other`,
    }
  }
  if (to < from)
    return {
      problem: `the marker "${end}" (line ${to + 1}) comes before "${begin}" (line ${from + 1}): put them in order`,
    }
  const blockLines = block === '' ? [] : [`${begin}\n`, ended(block), `${end}\n`]
  if (from >= 0) return { text: join(lines.slice(0, from), blockLines, lines.slice(to + 1)) }
  const at = place(original, lines, bare, { insertAfter, insertBefore })
  return { text: join(lines.slice(0, at), blockLines, lines.slice(at)) }
}

function join(before: readonly string[], block: readonly string[], after: readonly string[]): string {
  // The line before gets an end, with a block (else they would run together) and without, as Ansible does.
  const head = before.join('')
  return (head === '' ? '' : ended(head)) + block.join('') + after.join('')
}

function place(
  original: string,
  lines: readonly string[],
  bare: readonly string[],
  { insertAfter, insertBefore }: { readonly [K in keyof BlockPlace]: string | undefined },
): number {
  const pattern = insertAfter ?? insertBefore
  if (pattern === undefined || (insertAfter !== undefined && pattern === 'EOF')) return lines.length
  if (insertAfter === undefined && pattern === 'BOF') return 0
  const expression = regexp(pattern)
  // One limit for the whole file, which its host has written.
  const steps = limitedSteps()
  if (expression.isMultiline) {
    const match = expression.search(original, steps)
    if (!match) return lines.length
    const upTo = insertAfter === undefined ? match.start : match.end
    return original.slice(0, upTo).split('\n').length - 1 + (insertAfter === undefined ? 0 : 1)
  }
  const found = bare.findLastIndex(line => expression.search(line, steps))
  return found < 0 ? lines.length : insertAfter === undefined ? found : found + 1
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)
/** Lines with their ends, at LF, CRLF and CR, as Python's `bytes.splitlines`. */
const splitLines = (text: string): readonly string[] => text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? []
