import { exactInteger } from './python.ts'

export interface PythonString {
  readonly value: string
  readonly bytes: boolean
  readonly next: number
}

const opening = /([uU]|[bB]?[rR]?|[rR][bB])("""|'''|"|')/y

/** A Python string or bytes literal at `start`; undefined when there is none that Python would take. */
export function readPythonString(text: string, start: number): PythonString | undefined {
  opening.lastIndex = start
  const open = opening.exec(text)
  if (open?.[2] === undefined) return undefined
  const prefix = (open[1] ?? '').toLowerCase()
  const quote = open[2]
  const bytes = prefix.includes('b')
  let value = ''
  let index = start + open[0].length
  while (index < text.length) {
    if (text.startsWith(quote, index)) return { value, bytes, next: index + quote.length }
    const char = text.charAt(index)
    if (char === '\n' && quote.length === 1) return undefined
    if (char !== '\\') {
      if (bytes && char > '\x7f') return undefined
      value += char
      index += 1
    } else if (prefix.includes('r')) {
      value += text.slice(index, index + 2)
      index += 2
    } else {
      const escaped = readEscape(text, index, bytes)
      if (escaped === undefined) return undefined
      value += escaped.value
      index = escaped.next
    }
  }
  return undefined
}

const simple: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** An unknown escape keeps its backslash. `\N{name}` needs Unicode's name table: such text stays as written. */
function readEscape(text: string, index: number, bytes: boolean): { value: string; next: number } | undefined {
  const char = text.charAt(index + 1)
  const known = simple[char]
  if (known !== undefined) return { value: known, next: index + 2 }
  const rest = text.slice(index + 1, index + 10)
  const octal = /^[0-7]{1,3}/.exec(rest)?.[0]
  if (octal !== undefined)
    return { value: String.fromCodePoint(Number.parseInt(octal, 8)), next: index + 1 + octal.length }
  const digits = { x: 2, u: 4, U: 8 }[char] ?? 0
  if (digits === 0 || (bytes && char !== 'x')) {
    return char === 'N' && !bytes ? undefined : { value: `\\${char}`, next: index + 2 }
  }
  const hex = rest.slice(1, 1 + digits)
  const code = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : 0x110000
  return code > 0x10ffff ? undefined : { value: String.fromCodePoint(code), next: index + 2 + digits }
}

export interface PythonNumber {
  readonly type: 'int' | 'float'
  readonly value: number | bigint
  readonly next: number
}

const digits = '[0-9](?:_?[0-9])*'
const float = new RegExp(
  `([+-][ \\t]*)?((?:${digits})?\\.${digits}|${digits}\\.)(?:[eE][+-]?${digits})?(?![\\w.])`,
  'y',
)
const exponent = new RegExp(`([+-][ \\t]*)?(${digits})[eE][+-]?${digits}(?![\\w.])`, 'y')
const integer =
  /([+-][ \t]*)?(0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?[0-9])*)(?![\w.])/y

/** `+1`, `-0x1f`, `1_000`, `1.`, `.5e3`; undefined for what Python refuses, such as `0644`. Imaginary numbers too. */
export function readPythonNumber(text: string, start: number): PythonNumber | undefined {
  for (const pattern of [float, exponent]) {
    pattern.lastIndex = start
    const match = pattern.exec(text)
    if (match !== null) {
      return { type: 'float', value: Number(match[0].replace(/[_ \t]/g, '')), next: start + match[0].length }
    }
  }
  integer.lastIndex = start
  const match = integer.exec(text)
  if (match?.[2] === undefined) return undefined
  // Python 3.11 refuses to read more than 4300 decimal digits.
  if (match[2].length > 4300) return undefined
  const value = exactInteger(match[2].replaceAll('_', ''), match[1]?.startsWith('-') === true)
  return { type: 'int', value, next: start + match[0].length }
}
