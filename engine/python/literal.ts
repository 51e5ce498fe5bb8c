import { readPythonNumber, readPythonString } from './literal-token.ts'
import type { Entry, Node, ScalarNode } from './node.ts'

/**
 * Python's `ast.literal_eval` as Ansible's INI reader uses it: a literal becomes its value, anything else stays text.
 * So `True` is a boolean and `true` text, `1.30` is 1.3, `0644` text (not Python's syntax), `1,2` a list, `8080 # web`
 * 8080. Sets and tuples become lists; JSON has nothing else.
 */
export function literalEval(text: string, line: number, column: number): Node {
  const at = { line, column }
  if (!/^[ \t]*[\d"'([{+\-.TFNbBrRuU]/.test(text)) return asText(text, at)
  const cursor: Cursor = { text, index: 0, at, depth: 0 }
  const node = readTuple(cursor, '')
  skipSpace(cursor)
  const rest = cursor.text.slice(cursor.index)
  return node !== undefined && (rest === '' || rest.startsWith('#')) ? node : asText(text, at)
}

interface Place {
  readonly line: number
  readonly column: number
}

/** Local to one call of literalEval. */
interface Cursor {
  readonly text: string
  readonly at: Place
  index: number
  depth: number
}

/** Python refuses deeper nesting of brackets than this ("too many nested parentheses"). */
const deepest = 200

function asText(value: string, { line, column }: Place): ScalarNode {
  return { kind: 'scalar', type: 'str', value, line, column }
}

/** `a`, or `a, b` and `a,`, which are tuples, up to the closing bracket or the end. */
function readTuple(cursor: Cursor, close: string): Node | undefined {
  const first = readValue(cursor)
  if (first === undefined || !take(cursor, ',')) return first
  const items = [first]
  while (!atEnd(cursor, close)) {
    const item = readValue(cursor)
    if (item === undefined) return undefined
    items.push(item)
    if (!take(cursor, ',')) break
  }
  return { kind: 'list', items, ...cursor.at }
}

function readValue(cursor: Cursor): Node | undefined {
  skipSpace(cursor)
  const char = cursor.text.charAt(cursor.index)
  if (char === '[') return nested(cursor, () => readItems(cursor, ']'))
  if (char === '(') return nested(cursor, () => readParenthesis(cursor))
  if (char === '{') return nested(cursor, () => readBraces(cursor))
  return readWord(cursor) ?? readString(cursor) ?? readNumber(cursor)
}

function nested(cursor: Cursor, read: () => Node | undefined): Node | undefined {
  if (cursor.depth >= deepest) return undefined
  cursor.index += 1
  cursor.depth += 1
  const node = read()
  cursor.depth -= 1
  return node
}

function readItems(cursor: Cursor, close: string): Node | undefined {
  const items: Node[] = []
  while (!take(cursor, close)) {
    const item = readValue(cursor)
    if (item === undefined) return undefined
    items.push(item)
    if (!take(cursor, ',')) {
      if (!take(cursor, close)) return undefined
      break
    }
  }
  return { kind: 'list', items, ...cursor.at }
}

function readParenthesis(cursor: Cursor): Node | undefined {
  if (take(cursor, ')')) return { kind: 'list', items: [], ...cursor.at }
  const inner = readTuple(cursor, ')')
  return inner !== undefined && take(cursor, ')') ? inner : undefined
}

/** A dict or a set. `{{ x }}` is a set of a set, which Python cannot build either: it stays text, a template. */
function readBraces(cursor: Cursor): Node | undefined {
  if (take(cursor, '}')) return { kind: 'map', entries: [], ...cursor.at }
  const entries: Entry[] = []
  const items: Node[] = []
  for (;;) {
    const key = readValue(cursor)
    if (key?.kind !== 'scalar') return undefined
    if (take(cursor, ':')) {
      const node = readValue(cursor)
      if (node === undefined) return undefined
      entries.push({ key, node })
    } else {
      items.push(key)
    }
    const more = take(cursor, ',')
    if (take(cursor, '}')) break
    if (!more) return undefined
  }
  if (entries.length > 0 && items.length > 0) return undefined
  return items.length > 0 ? { kind: 'list', items, ...cursor.at } : { kind: 'map', entries, ...cursor.at }
}

const words: ReadonlyMap<string, Pick<ScalarNode, 'type' | 'value'>> = new Map([
  ['True', { type: 'bool', value: true }],
  ['False', { type: 'bool', value: false }],
  ['None', { type: 'null', value: null }],
])

function readWord(cursor: Cursor): Node | undefined {
  const name = /^(?:True|False|None)(?![\w"'])/.exec(cursor.text.slice(cursor.index, cursor.index + 6))?.[0] ?? ''
  const word = words.get(name)
  if (word === undefined) return undefined
  cursor.index += name.length
  return { kind: 'scalar', ...word, ...cursor.at }
}

/** Adjacent strings are one, as in Python. */
function readString(cursor: Cursor): Node | undefined {
  let joined: { value: string; bytes: boolean } | undefined
  for (;;) {
    const piece = readPythonString(cursor.text, cursor.index)
    if (piece === undefined) break
    if (joined !== undefined && joined.bytes !== piece.bytes) return undefined
    joined = { value: (joined?.value ?? '') + piece.value, bytes: piece.bytes }
    cursor.index = piece.next
    skipSpace(cursor)
  }
  return joined === undefined ? undefined : asText(joined.value, cursor.at)
}

function readNumber(cursor: Cursor): Node | undefined {
  const number = readPythonNumber(cursor.text, cursor.index)
  if (number === undefined) return undefined
  cursor.index = number.next
  return { kind: 'scalar', type: number.type, value: number.value, ...cursor.at }
}

const inside = /(?:[ \t\f\r\n]|#[^\n]*)*/y
const outside = /[ \t\f]*/y
const hash = 0x23

/** Within brackets lines may end, and comments stand. No white space comes after `#` in ASCII. */
function skipSpace(cursor: Cursor): void {
  if (cursor.text.charCodeAt(cursor.index) > hash) return
  const space = cursor.depth > 0 ? inside : outside
  space.lastIndex = cursor.index
  cursor.index += space.exec(cursor.text)?.[0].length ?? 0
}

function take(cursor: Cursor, char: string): boolean {
  skipSpace(cursor)
  if (!cursor.text.startsWith(char, cursor.index)) return false
  cursor.index += char.length
  return true
}

function atEnd(cursor: Cursor, close: string): boolean {
  skipSpace(cursor)
  const rest = cursor.text.slice(cursor.index)
  return rest === '' || rest.startsWith('#') || (close !== '' && rest.startsWith(close))
}
