import { isPrintable } from './analyze.ts'

/** Lines longer than this are folded, where they have a space. */
const bestWidth = 80

/** Text that is being written, with the column that the next character comes to. */
export class Writer {
  private text = ''
  private column = 0

  write(part: string): void {
    this.text += part
    const last = Math.max(part.lastIndexOf('\n'), part.lastIndexOf('\u2028'), part.lastIndexOf('\u2029'))
    this.column = last < 0 ? this.column + [...part].length : [...part.slice(last + 1)].length
  }

  newLine(indent: number): void {
    this.write(`\n${' '.repeat(indent)}`)
  }

  /** Words with a fold at the first space behind the width. `indent` is that of the lines that follow. */
  plain(text: string, indent: number, mayFold: boolean): void {
    for (const part of text.split(/( +)/)) {
      if (part === ' ' && this.column > bestWidth && mayFold) this.newLine(indent)
      else this.write(part)
    }
  }

  single(text: string, indent: number, mayFold: boolean): void {
    this.write("'")
    const parts = text.replaceAll("'", "''").split(/( +|[\n\x85\u2028\u2029]+)/)
    for (const [index, part] of parts.entries()) {
      const isInside = index > 0 && index < parts.length - 1 && (index > 1 || parts[0] !== '')
      const isLast = index === parts.length - 2 && parts.at(-1) === ''
      if (part === ' ' && this.column > bestWidth && mayFold && isInside && !isLast) this.newLine(indent)
      else if (/^[\n\x85\u2028\u2029]/.test(part)) {
        // A single line break would be read back as a space.
        this.write(part.startsWith('\n') ? `\n${part}` : part)
        this.write(' '.repeat(indent))
      } else this.write(part)
    }
    this.write("'")
  }

  double(text: string, indent: number, mayFold: boolean): void {
    this.write('"')
    const chars = [...text]
    let wasSpace = false
    for (const [index, char] of chars.entries()) {
      const isInside = index > 0 && index < chars.length - 1
      if (char === ' ' && mayFold && !wasSpace && this.column > bestWidth && isInside) {
        // The line break is the space; another one behind it would be taken for the indent.
        this.newLine(indent)
        if (chars[index + 1] === ' ') this.write('\\')
        wasSpace = true
        continue
      }
      this.write(escaped(char))
      wasSpace = char === ' '
    }
    this.write('"')
  }

  /** The text of a literal block; it ends with a line break. */
  literal(text: string, indent: number): void {
    const lines = text.replace(/\n$/, '').split('\n')
    this.write(text.endsWith('\n') ? '|' : '|-')
    for (const line of lines) {
      if (line === '') this.write('\n')
      else {
        this.newLine(indent)
        this.write(line)
      }
    }
  }

  toString(): string {
    return this.text
  }
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

function escaped(char: string): string {
  const known = escapes[char]
  if (known !== undefined) return known
  if (isPrintable(char)) return char
  const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase()
  if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
