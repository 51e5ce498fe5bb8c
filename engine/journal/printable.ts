declare const isPrintable: unique symbol

/**
 * Text that does nothing to a terminal but print: what would move a cursor, turn the direction of reading or not be
 * seen stands there as an escape. Only this file makes it, so that a report that takes it can't be given anything else.
 */
export type Printable = string & { readonly [isPrintable]: true }

/**
 * Control characters (C0, C1, DEL), what turns the direction of writing, what has no width or does not show, lone
 * surrogates. A variation selector that says how an emoji looks is left.
 */
const unseen = /(?!\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * A program's own colours say nothing to a reader, so they are taken out where output is shown. They would be noise as
 * escapes.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal begin with ESC
const colours = /\x1b\[[\d;:]*m/g

/** Every line as it is, tabs too; all else that is not seen as an escape: `\x1b`, `\u202e`. */
export const printableLines = (text: string): Printable => text.replace(unseen, visible) as Printable

/** The same in one line: a line feed is an escape as well. For names and titles. */
export const printable = (text: string): Printable => printableLines(text).replaceAll('\n', '\\n') as Printable

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (character === '\r') return '\\r'
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
}

/**
 * JSON in which nothing of this stands raw: the same values, for every reader of JSON. Takes what `JSON.stringify` has
 * written.
 */
export const jsonEscaped = (json: string): string =>
  json.replace(unseen, character =>
    [...Array(character.length).keys()]
      .map(index => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  )

/** An event, or what is told of several, as reports take it. */
export type Shown<T> = T extends string
  ? string extends T
    ? Printable
    : T
  : T extends readonly (infer Item)[]
    ? readonly Shown<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Shown<T[Key]> }
      : T

/**
 * What may have several lines; a report marks those that follow the first (`continued`). In all else a line feed is an
 * escape: the number of lines is ours to choose.
 */
const ofSeveralLines: ReadonlySet<string> = new Set([
  'text',
  'summary',
  'output',
  'expected',
  'saw',
  'message',
  'hint',
  'reason',
])

/**
 * What a host, a role or an inventory may have worded, made printable once, before any report sees it. After
 * `redacted`, never before.
 */
export const shown = <T extends object>(event: T): Shown<T> => deep(event, '') as Shown<T>

function deep(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (key === 'before' || key === 'after') return printableLines(value)
    return ofSeveralLines.has(key) ? printableLines(plainOutput(value)) : printable(value)
  }
  if (Array.isArray(value)) return value.map(item => deep(item, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, deep(item, name)]))
}

/** In a file a carriage return is content, and so is ESC; in what a program printed they are manners. */
const plainOutput = (text: string): string => text.replace(colours, '').replaceAll('\r\n', '\n')

/** Stands before every line that is not ours to begin: none of them can be taken for a line of the report. */
export const continuation = '      | '

/** One line of a report and, marked, those that its text goes on with. */
export const continued = (line: string): readonly string[] =>
  line.split('\n').map((part, index) => (index === 0 ? part : `${continuation}${part}`))
