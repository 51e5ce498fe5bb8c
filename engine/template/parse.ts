import type { Ast } from './ast.ts'
import { parseJinja } from './jinja-parser.ts'

export class TemplateSyntaxError extends Error {}

// A memory of a pure function: a group's variable is the same text for thousands of hosts.
const trees = new Map<string, Ast>()

/** Jinja text as a syntax tree. */
export function parseTemplate(text: string): Ast {
  const known = trees.get(text)
  if (known) return known
  const tree = parse(text)
  trees.set(text, tree)
  return tree
}

function parse(text: string): Ast {
  try {
    return parseJinja(prepare(text))
  } catch (error) {
    if (error instanceof TemplateSyntaxError) throw error
    throw new TemplateSyntaxError(messageOf(error))
  }
}

function messageOf(error: unknown): string {
  // The parser looks at the token after the last one.
  if (error instanceof TypeError) return 'unexpected end of the template'
  if (error instanceof RangeError) return 'it is nested too deeply'
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}

/** Python's own parser takes no more either. */
const mostBrackets = 100

/**
 * Makes nunjucks read as Jinja does: an unknown escape in a string keeps its backslash (`'\d'`), the `}}` of nested
 * mappings does not end the expression, and a line feed behind a comment goes. Looks at each character once, whatever
 * stands there.
 */
function prepare(text: string): string {
  const pieces: string[] = []
  let from = 0
  for (let open = text.indexOf('{'); open >= 0; open = text.indexOf('{', from)) {
    const kind = text.slice(open, open + 2)
    const code =
      kind === '{{' || kind === '{%'
        ? (rawBlock(text, open) ?? readCode(text, open, kind))
        : kind === '{#'
          ? readComment(text, open)
          : undefined
    const end = code?.end ?? open + 1
    pieces.push(text.slice(from, open), code?.text ?? text.slice(open, end))
    from = end
  }
  return pieces.join('') + text.slice(from)
}

function endOf(text: string, close: string, from: number): number {
  const found = text.indexOf(close, from)
  return found < 0 ? text.length : found + close.length
}

interface Code {
  readonly text: string
  readonly end: number
}

/** A line feed behind it is trimmed, as behind a block: it stays a line for what is told of places. */
function readComment(text: string, open: number): Code {
  const end = endOf(text, '#}', open + 2)
  const trimmed = text.endsWith('#}', end) && !/[+-]/.test(text.charAt(end - 3)) && text.charAt(end) === '\n'
  return trimmed ? { text: `${text.slice(open, end - 2)}\n#}`, end: end + 1 } : { text: text.slice(open, end), end }
}

const raw = /\{%-?\s*raw\s*-?%\}/y
const endRaw = /\{%-?\s*endraw\s*-?%\}/g

/** It stays as it is; one that nothing ends goes to the end. */
function rawBlock(text: string, open: number): Code | undefined {
  raw.lastIndex = open
  if (!raw.test(text)) return undefined
  endRaw.lastIndex = raw.lastIndex
  const end = endRaw.test(text) ? endRaw.lastIndex : text.length
  return { text: text.slice(open, end), end }
}

/** From `{{` or `{%` to what closes it. Brackets are set apart, so that only the last two are the end. */
function readCode(text: string, open: number, kind: '{{' | '{%'): Code {
  const close = kind === '{{' ? '}}' : '%}'
  const pieces: string[] = [kind]
  let from = open + 2
  let braces = 0
  let brackets = 0
  for (let index = from; index < text.length; index += 1) {
    const char = text.charAt(index)
    if (char === "'" || char === '"') {
      const end = endOfString(text, index)
      if (end < 0) break
      pieces.push(text.slice(from, index), text.slice(index, end).replace(/\\([^\\'"nrt])|\\./g, keepBackslash))
      from = end
      index = end - 1
    } else if (braces === 0 && text.startsWith(close, index)) {
      return { text: pieces.join('') + text.slice(from, index + 2), end: index + 2 }
    } else if ('([{'.includes(char)) {
      brackets += 1
      if (char === '{') braces += 1
      if (brackets > mostBrackets) throw new TemplateSyntaxError('it is nested too deeply')
    } else if (')]}'.includes(char)) {
      brackets -= 1
      if (char !== '}') continue
      braces = Math.max(0, braces - 1)
      pieces.push(text.slice(from, index), '} ')
      from = index + 1
    }
  }
  return { text: pieces.join('') + text.slice(from), end: text.length }
}

const keepBackslash = (sequence: string, unknown?: string): string =>
  unknown === undefined ? sequence : `\\\\${unknown}`

/** After the closing quote; -1 without one. */
function endOfString(text: string, open: number): number {
  const quote = text.charAt(open)
  for (let index = open + 1; index < text.length; index += 1) {
    const char = text.charAt(index)
    if (char === '\\') index += 1
    else if (char === quote) return index + 1
  }
  return -1
}
