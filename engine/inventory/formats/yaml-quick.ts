import type { Entry, MapNode, Node, ScalarNode } from '../../python/index.ts'
import { LazyMap } from '../vars/lazy-map.ts'
import { resolvePlain } from './yaml-scalar.ts'

/**
 * Reads the YAML that inventories are mostly made of: block mappings and lists of one-line values, comments. Anything
 * else, and everything doubtful (double keys, tags, anchors, flow collections, text over several lines, errors), gives
 * undefined, and the yaml package reads the file instead.
 *
 * What it earns (`npx zx scripts/bench.mjs yaml`, 20 variables a host): the package takes 12 to 22 times the CPU, 0.25
 * s instead of 0.01 s for 100 hosts, 1.8 s instead of 0.1 s for 3,000. For 10,000 hosts it alone would be more than all
 * else that planning them costs.
 */
export function readYamlQuickly(text: string): Node | undefined {
  const begin = text.startsWith('---\n') ? { index: 4, line: 2 } : { index: 0, line: 1 }
  const cursor: Cursor = { text, ...begin }
  if (nextIndent(cursor) !== 0) return undefined
  const node = readBlock(cursor, 0)
  return node !== undefined && cursor.index >= text.length ? node : undefined
}

/** At the begin of a line. */
interface Cursor {
  readonly text: string
  index: number
  line: number
}

// What YAML forbids or takes for a line break: in no pattern but for `\n`, so that the text needs no other look at it.
const control = String.raw`\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff`
// A plain value does not begin with an indicator, and holds no `: ` and no ` #`, which would mean something.
const word = String.raw`[^\s${control}:#]*`
const plain = String.raw`(?:[^\s${control},[\]{}#&*!|>'"%@${'`'}:?-]|[:?-](?=[^\s,[\]{}]))${word}(?:(?::(?=\S)|(?<=\S)#| +(?=[^\s#]))${word})*`
const key = String.raw`(?:[A-Za-z0-9_][\w./-]*|"[^"\\${control}]+"|'[^'${control}]+')`
const value = String.raw`(?:${plain}|"[^"\\${control}]*"|'[^'${control}]*'|\[\]|\{\})`
const comment = `#[^${control}]*`
const rest = String.raw`(?: +${comment}| *)(?:\n|$)`
const pair = new RegExp(`(${key}):(?: +(${value}))?${rest}`, 'y')
const item = new RegExp(`-( +)(${value})${rest}`, 'y')
const blank = new RegExp(`(?: *(?:${comment})?\\n)*(?: *(?:${comment})?$)?`, 'y')

/** The indent of the next line that says something, after skipping those that don't; undefined at the end. */
function nextIndent(cursor: Cursor): number | undefined {
  const { text } = cursor
  blank.lastIndex = cursor.index
  blank.test(text)
  for (let at = cursor.index; at < blank.lastIndex; at += 1) if (text.charCodeAt(at) === newline) cursor.line += 1
  cursor.index = blank.lastIndex
  if (cursor.index >= text.length) return undefined
  let end = cursor.index
  while (text.charCodeAt(end) === space) end += 1
  return end - cursor.index
}

const newline = 10
const space = 32

/** Deeper than anybody writes. A pattern for each depth is made, and one of ten thousand blanks ends the process. */
const deepestIndent = 200

function readBlock(cursor: Cursor, indent: number): Node | undefined {
  if (indent > deepestIndent) return undefined
  if (cursor.text.charAt(cursor.index + indent) === '-') return readList(cursor, indent)
  return readLeaf(cursor, indent) ?? readMap(cursor, indent)
}

function readList(cursor: Cursor, indent: number): Node | undefined {
  const items: Node[] = []
  const { line } = cursor
  while (nextIndent(cursor) === indent && cursor.text.charAt(cursor.index + indent) === '-') {
    item.lastIndex = cursor.index + indent
    const match = item.exec(cursor.text)
    if (match?.[1] === undefined || match[2] === undefined) return undefined
    items.push(scalar(match[2], cursor.line, indent + 2 + match[1].length))
    cursor.index = item.lastIndex
    cursor.line += 1
  }
  return { kind: 'list', items, line, column: indent + 1 }
}

function readMap(cursor: Cursor, indent: number): Node | undefined {
  const entries: Entry[] = []
  const seen = new Set<Text['value']>()
  const { line } = cursor
  for (let found = nextIndent(cursor); found !== undefined && found >= indent; found = nextIndent(cursor)) {
    if (found > indent) return undefined
    pair.lastIndex = cursor.index + indent
    const match = pair.exec(cursor.text)
    if (match?.[1] === undefined) return undefined
    const here = cursor.line
    const name = readText(match[1])
    if (seen.has(name.value)) return undefined
    seen.add(name.value)
    cursor.index = pair.lastIndex
    cursor.line += 1
    const node =
      match[2] === undefined ? readValue(cursor, indent, here) : scalar(match[2], here, columnOf(match, indent))
    if (node === undefined) return undefined
    entries.push(entry(name, here, indent + 1, node))
  }
  return { kind: 'map', entries, line, column: indent + 1 }
}

function columnOf(match: RegExpExecArray, indent: number): number {
  const name = match[1] ?? ''
  return indent + 1 + match[0].indexOf(match[2] ?? '', name.length + 1)
}

/** What follows `key:`: a deeper block, a list at the same depth, or nothing. */
function readValue(cursor: Cursor, indent: number, line: number): Node | undefined {
  const deeper = nextIndent(cursor)
  if (deeper !== undefined && deeper > indent) return readBlock(cursor, deeper)
  if (deeper === indent && /^- /.test(cursor.text.slice(cursor.index + indent, cursor.index + indent + 2))) {
    return readList(cursor, indent)
  }
  return { kind: 'scalar', type: 'null', value: null, line, column: indent + 1 }
}

/**
 * A mapping of nothing but `key: value` lines, which is what one host's variables are. It is checked at once but taken
 * apart only when somebody reads it.
 */
function readLeaf(cursor: Cursor, indent: number): MapNode | undefined {
  const { text, index, line } = cursor
  const block = readUsual(text, index, indent) ?? readAny(text, index, indent)
  if (block === undefined) return undefined
  const next = { text, index: block.end, line: line + block.keys.length }
  if ((nextIndent(next) ?? -1) >= indent) return undefined
  Object.assign(cursor, next)
  return new LazyMap(line, indent + 1, () => readEntries(text, index, block.keys, indent, line))
}

/** The keys as they are written, no two the same, and where the block ends. */
interface Block {
  readonly keys: readonly string[]
  readonly end: number
}

/** The keys of blocks that were read before, how many had them, and what matches another one of many. */
interface Shape {
  readonly keys: readonly string[]
  readonly indent: number
  count: number
  pattern?: RegExp
}

/** Those of the newest blocks, newest first: hosts most often have the same variables. Only speed depends on them. */
const shapes: Shape[] = []
const mostShapes = 8

function useNext(shape: Shape): void {
  if (shapes[0] === shape) return
  const known = shapes.indexOf(shape)
  shapes.splice(known < 0 ? mostShapes - 1 : known, 1)
  shapes.unshift(shape)
}

/** Another block of the same keys in the same order: none has to be looked for, and none can be there twice. */
function readUsual(text: string, start: number, indent: number): Block | undefined {
  for (const shape of shapes) {
    if (shape.indent !== indent || shape.pattern === undefined) continue
    const end = endOf(shape.pattern, text, start)
    if (end === undefined) continue
    useNext(shape)
    return { keys: shape.keys, end }
  }
  return undefined
}

const leaves = new Map<number, RegExp>()

function readAny(text: string, start: number, indent: number): Block | undefined {
  const pattern = leaves.get(indent) ?? new RegExp(`(?:${' '.repeat(indent)}${key}: +${value} *(?:\\n|$))+`, 'y')
  leaves.set(indent, pattern)
  const end = endOf(pattern, text, start)
  if (end === undefined) return undefined
  const written = rawKeys(text.slice(start, end), indent)
  const shape = shapes.find(known => hasKeys(known, written, indent)) ?? newShape(written, indent)
  if (shape === undefined) return undefined
  useNext(shape)
  shape.count += 1
  if (shape.count === often && written.join('').length <= longestPattern) shape.pattern = patternOf(shape)
  return { keys: shape.keys, end }
}

/** A pattern takes as long to compile as it saves in several hundred blocks. */
const often = 200
/** Characters of all keys together: a much longer pattern can't be compiled. */
const longestPattern = 10_000

function hasKeys({ keys, indent }: Shape, written: readonly string[], wanted: number): boolean {
  return indent === wanted && keys.length === written.length && keys.every((key, at) => key === written[at])
}

/** Undefined when a key is there twice. `yes` and `true` are one, `1` and `"1"` are two. */
function newShape(keys: readonly string[], indent: number): Shape | undefined {
  return new Set(keys.map(key => readText(key).value)).size < keys.length ? undefined : { keys, indent, count: 0 }
}

function patternOf({ keys, indent }: Shape): RegExp {
  const line = (key: string) => `${' '.repeat(indent)}${key.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}: +${value} *\\n`
  return new RegExp(keys.map(line).join(''), 'y')
}

function endOf(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function rawKeys(block: string, indent: number): readonly string[] {
  const keys: string[] = []
  for (let start = 0; start < block.length; ) {
    const quote = block.charAt(start + indent)
    const from = quote === '"' || quote === "'" ? block.indexOf(quote, start + indent + 1) : start
    keys.push(block.slice(start + indent, block.indexOf(':', from)))
    const end = block.indexOf('\n', start)
    start = end < 0 ? block.length : end + 1
  }
  return keys
}

function readEntries(
  text: string,
  begin: number,
  keys: readonly string[],
  indent: number,
  line: number,
): readonly Entry[] {
  let start = begin
  return keys.map((key, index) => {
    const here = line + index
    let from = start + indent + key.length + 1
    while (text.charCodeAt(from) === space) from += 1
    const end = text.indexOf('\n', from)
    const node = scalar(text.slice(from, end < 0 ? text.length : end).trimEnd(), here, from - start + 1)
    start = end + 1
    return entry(readText(key), here, indent + 1, node)
  })
}

type Text = Pick<ScalarNode, 'type' | 'value'>

function readText(raw: string): Text {
  const first = raw.charAt(0)
  return first === '"' || first === "'" ? { type: 'str', value: raw.slice(1, -1) } : resolvePlain(raw)
}

function entry({ type, value }: Text, line: number, column: number, node: Node): Entry {
  return { key: { kind: 'scalar', type, value, line, column }, node }
}

function scalar(raw: string, line: number, column: number): Node {
  if (raw === '[]') return { kind: 'list', items: [], line, column }
  if (raw === '{}') return { kind: 'map', entries: [], line, column }
  const { type, value } = readText(raw)
  return { kind: 'scalar', type, value, line, column }
}
