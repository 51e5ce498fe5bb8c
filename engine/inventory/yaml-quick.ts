import { LazyMap } from './lazy-map.ts'
import type { Entry, MapNode, Node, ScalarNode } from './types.ts'
import { resolvePlain } from './yaml-scalar.ts'

/**
 * Reads the YAML that inventories are mostly made of: block mappings and lists of one-line values, comments. Anything else, and
 * everything doubtful (double keys, tags, anchors, flow collections, text over several lines, errors), gives undefined, and the
 * yaml package reads the file instead. It is there because that package needs 6 s for 10,000 hosts of 50 variables, this 0.2 s.
 */
export function readYamlQuickly(text: string): Node | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what YAML forbids or takes for a line break
  if (/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/.test(text)) return undefined
  const begin = text.startsWith('---\n') ? { index: 4, line: 2 } : { index: 0, line: 1 }
  const cursor: Cursor = { text, ...begin, keys: [], same: undefined }
  const indent = nextIndent(cursor)
  if (indent !== 0) return undefined
  const node = readBlock(cursor, 0)
  return node !== undefined && cursor.index >= text.length ? node : undefined
}

/** At the begin of a line. */
interface Cursor {
  readonly text: string
  index: number
  line: number
  /** Those of the last block of variables: the next host most often has the same. */
  keys: readonly string[]
  same: SameKeys | undefined
}

// A plain value does not begin with an indicator, and holds no `: ` and no ` #`, which would mean something.
const key = String.raw`(?:[A-Za-z0-9_][\w./-]*|"[^"\\\n]+"|'[^'\n]+')`
const plain = String.raw`(?:[^\s,[\]{}#&*!|>'"%@${'`'}:?-]|[:?-](?=[^\s,[\]{}]))(?:[^\s:#]|:(?=\S)|(?<=\S)#| +(?=[^\s#]))*`
const value = String.raw`(?:${plain}|"[^"\\\n]*"|'[^'\n]*'|\[\]|\{\})`
const rest = String.raw`(?: +#[^\n]*| *)(?:\n|$)`
const pair = new RegExp(`(${key}):(?: +(${value}))?${rest}`, 'y')
const item = new RegExp(`-( +)(${value})${rest}`, 'y')
const blank = /(?: *(?:#[^\n]*)?\n)*(?: *(?:#[^\n]*)?$)?/y

/** The indent of the next line that says something, after skipping those that don't; undefined at the end. */
function nextIndent(cursor: Cursor): number | undefined {
  blank.lastIndex = cursor.index
  const skipped = blank.exec(cursor.text)?.[0] ?? ''
  for (let at = skipped.indexOf('\n'); at >= 0; at = skipped.indexOf('\n', at + 1)) cursor.line += 1
  cursor.index += skipped.length
  if (cursor.index >= cursor.text.length) return undefined
  let end = cursor.index
  while (cursor.text.charCodeAt(end) === 32) end += 1
  return end - cursor.index
}

function readBlock(cursor: Cursor, indent: number): Node | undefined {
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
  const seen = new Set<string>()
  const { line } = cursor
  for (let found = nextIndent(cursor); found !== undefined && found >= indent; found = nextIndent(cursor)) {
    if (found > indent) return undefined
    pair.lastIndex = cursor.index + indent
    const match = pair.exec(cursor.text)
    if (match?.[1] === undefined || seen.has(match[1])) return undefined
    seen.add(match[1])
    const here = cursor.line
    const name = scalar(match[1], here, indent + 1)
    if (name.kind !== 'scalar') return undefined
    cursor.index = pair.lastIndex
    cursor.line += 1
    const node =
      match[2] === undefined ? readValue(cursor, indent, here) : scalar(match[2], here, columnOf(match, indent))
    if (node === undefined) return undefined
    entries.push({ key: name, node })
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

const leaves = new Map<number, RegExp>()

/** What matches another block of just these keys in this order: no key has to be looked for, and none can be there twice. */
interface SameKeys {
  readonly indent: number
  readonly keys: readonly string[]
  readonly pattern: RegExp
}

function sameKeys(keys: readonly string[], indent: number): SameKeys | undefined {
  if (keys.length > 500) return undefined
  const line = (name: string) => ` {${indent}}${name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}: +${value} *\n`
  return { indent, keys, pattern: new RegExp(keys.map(line).join(''), 'y') }
}

/** The block's text where it is as the one before, and ends there. */
function readSame({ text, index, same }: Cursor, indent: number): string | undefined {
  if (same?.indent !== indent) return undefined
  same.pattern.lastIndex = index
  return same.pattern.exec(text)?.[0]
}

/**
 * A mapping of nothing but `key: value` lines, which is what one host's variables are. It is checked at once but taken apart
 * only when somebody reads it.
 */
function readLeaf(cursor: Cursor, indent: number): MapNode | undefined {
  const pattern = leaves.get(indent) ?? new RegExp(`(?: {${indent}}${key}: +${value} *(?:\\n|$))+`, 'y')
  leaves.set(indent, pattern)
  const { text, index, line } = cursor
  pattern.lastIndex = index
  const again = readSame(cursor, indent)
  const block = again ?? pattern.exec(text)?.[0]
  if (block === undefined) return undefined
  const keys = again === undefined ? uniqueKeys(block, indent, cursor.keys) : cursor.keys
  if (keys === undefined) return undefined
  // Twice the same: most likely the next ones, too.
  const same = again === undefined && keys === cursor.keys ? sameKeys(keys, indent) : cursor.same
  const next = { text, index: index + block.length, line: line + keys.length, keys, same }
  if ((nextIndent(next) ?? -1) >= indent) return undefined
  Object.assign(cursor, next)
  return new LazyMap(line, indent + 1, () => readEntries(block, indent, line))
}

/** The key of each line as it is written; undefined when two are the same. `before` are some that are known to be unlike each other. */
function uniqueKeys(block: string, indent: number, before: readonly string[]): readonly string[] | undefined {
  let start = 0
  for (const key of before) {
    if (!block.startsWith(key, start + indent) || block.charCodeAt(start + indent + key.length) !== colon) break
    start = block.indexOf('\n', start) + 1
    if (start === 0) start = block.length
    if (key === before.at(-1) && start === block.length) return before
  }
  const keys: string[] = []
  for (start = 0; start < block.length; ) {
    const quote = block.charAt(start + indent)
    const from = quote === '"' || quote === "'" ? block.indexOf(quote, start + indent + 1) : start
    keys.push(block.slice(start + indent, block.indexOf(':', from)))
    const end = block.indexOf('\n', start)
    start = end < 0 ? block.length : end + 1
  }
  return new Set(keys).size === keys.length ? keys : undefined
}

const colon = 58

function readEntries(block: string, indent: number, line: number): readonly Entry[] {
  const entries: Entry[] = []
  pair.lastIndex = indent
  for (let match = pair.exec(block); match !== null; match = pair.exec(block)) {
    const here = line + entries.length
    const name = scalar(match[1] ?? '', here, indent + 1)
    if (name.kind === 'scalar') entries.push({ key: name, node: scalar(match[2] ?? '', here, columnOf(match, indent)) })
    pair.lastIndex += indent
  }
  return entries
}

function scalar(raw: string, line: number, column: number): ScalarNode | Exclude<Node, ScalarNode> {
  if (raw === '[]') return { kind: 'list', items: [], line, column }
  if (raw === '{}') return { kind: 'map', entries: [], line, column }
  const first = raw.charAt(0)
  if (first === '"' || first === "'") return { kind: 'scalar', type: 'str', value: raw.slice(1, -1), line, column }
  return { kind: 'scalar', ...resolvePlain(raw), line, column }
}
