import type { Problem } from '../../failure/index.ts'
import type { Entry, Node } from '../../python/index.ts'
import { exactInteger } from '../../python/index.ts'
import { LazyMap } from '../vars/lazy-map.ts'

export type JsonReading = { readonly node: Node } | { readonly problem: Problem }

/**
 * JSON as Python's json module reads it (NaN and Infinity are numbers, the last of double keys wins, 1.0 is a float),
 * with positions. `{"__ansible_vault": "…"}` and `{"__ansible_unsafe": "…"}` are what Ansible writes for those values.
 */
export function readJson(text: string, file: string): JsonReading {
  const cursor: Cursor = { text, index: 0, line: 1, lineStart: 0, depth: 0 }
  const node = readValue(cursor)
  if (node !== undefined) {
    skipSpace(cursor)
    if (cursor.index >= text.length) return { node }
  }
  skipSpace(cursor)
  const found = cursor.index >= text.length ? 'the end of the file' : `'${text.charAt(cursor.index)}'`
  return { problem: { message: `not valid JSON: unexpected ${found}`, origin: { file, ...placeOf(cursor) } } }
}

interface Cursor {
  readonly text: string
  index: number
  line: number
  lineStart: number
  depth: number
}

/** Deeper than any inventory; a stack must not overflow on hostile input. */
const deepest = 500

function placeOf(cursor: Cursor): { line: number; column: number } {
  return { line: cursor.line, column: cursor.index - cursor.lineStart + 1 }
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.index)
    if (code === 10) {
      cursor.line += 1
      cursor.lineStart = cursor.index + 1
    } else if (code !== 32 && code !== 9 && code !== 13) {
      return
    }
    cursor.index += 1
  }
}

function readValue(cursor: Cursor): Node | undefined {
  skipSpace(cursor)
  const char = cursor.text.charAt(cursor.index)
  if (char === '"') return readText(cursor)
  if (char !== '{' && char !== '[') return readWord(cursor)
  const flat = char === '{' ? readFlat(cursor) : undefined
  if (flat !== undefined) return flat
  if (cursor.depth >= deepest) return undefined
  const { line, column } = placeOf(cursor)
  cursor.index += 1
  cursor.depth += 1
  const node = char === '{' ? readObject(cursor, line, column) : readArray(cursor, line, column)
  cursor.depth -= 1
  return node
}

const text = String.raw`"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"`
const number = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'
const space = '[ \\t\\r\\n]*'
const flatPair = `${space}${text}${space}:${space}(?:${text}|true|false|null|${number})${space}`
const flatObject = new RegExp(`\\{${flatPair}(?:,${flatPair})*\\}`, 'y')

/** An object of plain values, which is what a host's variables are: checked at once, taken apart when it is read. */
function readFlat(cursor: Cursor): Node | undefined {
  flatObject.lastIndex = cursor.index
  const object = flatObject.exec(cursor.text)?.[0]
  if (object === undefined || object.length < 200 || object.includes('"__ansible_')) return undefined
  const { line, lineStart, depth } = cursor
  const index = cursor.index + 1
  const column = cursor.index - lineStart + 1
  for (let at = object.indexOf('\n'); at >= 0; at = object.indexOf('\n', at + 1)) {
    cursor.line += 1
    cursor.lineStart = cursor.index + at + 1
  }
  cursor.index += object.length
  return new LazyMap(line, column, () => {
    const node = readObject({ text: cursor.text, index, line, lineStart, depth }, line, column)
    return node?.kind === 'map' ? node.entries : []
  })
}

function take(cursor: Cursor, char: string): boolean {
  skipSpace(cursor)
  if (cursor.text.charAt(cursor.index) !== char) return false
  cursor.index += 1
  return true
}

function readArray(cursor: Cursor, line: number, column: number): Node | undefined {
  const items: Node[] = []
  if (take(cursor, ']')) return { kind: 'list', items, line, column }
  for (;;) {
    const item = readValue(cursor)
    if (item === undefined) return undefined
    items.push(item)
    if (take(cursor, ']')) return { kind: 'list', items, line, column }
    if (!take(cursor, ',')) return undefined
  }
}

function readObject(cursor: Cursor, line: number, column: number): Node | undefined {
  const entries = new Map<string, Entry>()
  if (take(cursor, '}')) return { kind: 'map', entries: [], line, column }
  for (;;) {
    skipSpace(cursor)
    const key = cursor.text.charAt(cursor.index) === '"' ? readText(cursor) : undefined
    if (key?.kind !== 'scalar' || !take(cursor, ':')) return undefined
    const node = readValue(cursor)
    if (node === undefined) return undefined
    entries.set(String(key.value), { key, node })
    if (take(cursor, '}')) return special(entries) ?? { kind: 'map', entries: [...entries.values()], line, column }
    if (!take(cursor, ',')) return undefined
  }
}

function special(entries: ReadonlyMap<string, Entry>): Node | undefined {
  for (const [name, type] of [['__ansible_vault', 'vault'] as const, ['__ansible_unsafe', 'unsafe'] as const]) {
    const node = entries.get(name)?.node
    if (node?.kind === 'scalar' && node.type === 'str') return { ...node, type }
  }
  return undefined
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const string = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y

function readText(cursor: Cursor): Node | undefined {
  string.lastIndex = cursor.index
  const raw = string.exec(cursor.text)?.[0]
  if (raw === undefined) return undefined
  const value = raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1)
  const { line, column } = placeOf(cursor)
  const node = { kind: 'scalar', type: 'str', value, line, column } as const
  cursor.index += raw.length
  return node
}

const word = /true|false|null|NaN|-?Infinity|-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y

function readWord(cursor: Cursor): Node | undefined {
  word.lastIndex = cursor.index
  const match = word.exec(cursor.text)
  if (match === null) return undefined
  const { line, column } = placeOf(cursor)
  const text = match[0]
  cursor.index += text.length
  if (text === 'null') return { kind: 'scalar', type: 'null', value: null, line, column }
  if (text === 'true' || text === 'false') return { kind: 'scalar', type: 'bool', value: text === 'true', line, column }
  const isFloat = match[1] !== undefined || match[2] !== undefined || /[NI]/.test(text)
  if (isFloat) return { kind: 'scalar', type: 'float', value: Number(text), line, column }
  return { kind: 'scalar', type: 'int', value: exactInteger(text.replace('-', ''), text.startsWith('-')), line, column }
}
