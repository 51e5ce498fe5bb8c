import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import type { ParsedNode } from 'yaml'
import type { Origin, Problem } from '../../failure/index.ts'
import type { Entry, ListNode, MapNode, Node, ScalarNode } from '../../python/index.ts'
import { readYamlQuickly } from './yaml-quick.ts'
import { asBool, asFloat, asInt, resolvePlain } from './yaml-scalar.ts'

export interface YamlReading {
  /** Undefined for an empty document and when there are problems. */
  readonly node?: Node
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

/**
 * Reads YAML as PyYAML does under Ansible. The yaml package only parses (its "failsafe" schema leaves every scalar as
 * text); what the scalars, `<<`, tags and double keys mean is decided here.
 */
export function readYaml(text: string, file: string): YamlReading {
  const quick = readYamlQuickly(text)
  return quick === undefined ? readYamlFully(text, file) : { node: quick, problems: [], warnings: [] }
}

/** The yaml package is loaded when the quick reader gives up: many inventories never need it. */
const require = createRequire(import.meta.url)

/** Every YAML there is, slowly. */
export function readYamlFully(text: string, file: string): YamlReading {
  const yaml: typeof Yaml = require('yaml')
  const lines = new yaml.LineCounter()
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const tokens = readTokens(text, yaml, lines)
  if ('tooDeepAt' in tokens)
    return { problems: [{ message: tooDeep, origin: { file, ...place(tokens.tooDeepAt) } }], warnings: [] }
  const composer = new yaml.Composer({
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const [document, second] = composer.compose(tokens, true, text.length)
  if (document === undefined) return { problems: [], warnings: [] }
  const problems: Problem[] = document.errors.map(error => ({
    message: `not valid YAML: ${firstLine(error.message)}`,
    origin: { file, ...place(error.pos[0]) },
  }))
  if (second !== undefined) {
    const origin = { file, ...place(second.range[0]) }
    problems.push({ message: 'not valid YAML: Source contains multiple documents', origin })
  }
  if (problems.length > 0 || document.contents === null) return { problems, warnings: [] }
  const state = { anchors: new Map(), sizes: new Map(), problems, warnings: [], aliased: 0 }
  const context: Context = { yaml, text, file, place, ...state }
  const node = convert(document.contents, context)
  return problems.length > 0 ? { problems, warnings: [] } : { node, problems, warnings: context.warnings }
}

/**
 * The yaml package finds the tokens without recursion, and then recurses. A full stack is no error that could be
 * caught: where V8 compiles a regular expression then, the process ends. So what is too deep is not gone into.
 */
function readTokens(
  text: string,
  yaml: typeof Yaml,
  lines: Yaml.LineCounter,
): readonly Yaml.CST.Token[] | { readonly tooDeepAt: number } {
  const parser = new yaml.Parser(lines.addNewLine)
  const tokens: Yaml.CST.Token[] = []
  lines.addNewLine(0)
  for (const lexeme of new yaml.Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > deepest) return { tooDeepAt: parser.offset }
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

/** Deeper than any inventory, and not too deep for whoever walks through it. */
const deepest = 300
const tooDeep = 'not valid YAML here: it is nested too deeply'
/** Values that a file may come to once its aliases are written out; a long text counts as several. */
const mostValues = 1_000_000

interface Place {
  readonly line: number
  readonly column: number
}

interface Context {
  readonly yaml: typeof Yaml
  readonly text: string
  readonly file: string
  readonly place: (offset: number) => Place
  readonly anchors: Map<string, Node>
  readonly problems: Problem[]
  readonly warnings: string[]
  /** How many values a part holds. */
  readonly sizes: Map<Node, number>
  /** How many values aliases have brought so far. */
  aliased: number
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/:$/, '') ?? message
}

function convert(source: ParsedNode | null, context: Context): Node {
  const at = context.place(source?.range?.[0] ?? 0)
  const fail = (message: string): Node => {
    context.problems.push({ message, origin: { file: context.file, ...at } })
    return { kind: 'scalar', type: 'null', value: null, ...at }
  }
  if (source === null) return { kind: 'scalar', type: 'null', value: null, ...at }
  if (context.yaml.isAlias(source)) {
    const node = context.anchors.get(source.source)
    if (node === undefined) return fail(`alias *${source.source} has no anchor before it`)
    context.aliased += sizeOf(node, context.sizes)
    // Small in the file, endless to whoever reads it: one is enough to say so.
    if (context.aliased <= mostValues) return node
    if (context.problems.at(-1)?.message === tooMany) return node
    return fail(tooMany)
  }
  const node = convertNode(source, at, context)
  if (typeof node === 'string') return fail(node)
  if (source.anchor !== undefined) {
    // YAML allows it, PyYAML does not: whoever reads the file with Ansible gets this error.
    if (context.anchors.has(source.anchor)) return fail(`anchor &${source.anchor} is there twice`)
    context.anchors.set(source.anchor, node)
  }
  return node
}

const tooMany = `aliases make more than ${mostValues} values of it`

/** How many values it holds; what several places share is counted at each of them. */
function sizeOf(node: Node, sizes: Map<Node, number>): number {
  if (node.kind === 'scalar') return 1 + Math.trunc(String(node.value).length / 64)
  const known = sizes.get(node)
  if (known !== undefined) return known
  const parts = node.kind === 'list' ? node.items : node.entries.map(entry => entry.node)
  const size = parts.reduce((sum, part) => sum + sizeOf(part, sizes), 1)
  sizes.set(node, size)
  return size
}

/** The node, or what is wrong with it. */
function convertNode(source: ParsedNode, at: Place, context: Context): Node | string {
  const tag = source.tag?.replace('tag:yaml.org,2002:', '!!')
  if (context.yaml.isMap(source)) {
    if (tag !== undefined && tag !== '!!map') return `tag ${tag} is not supported on a mapping`
    return convertMap(source.items, at, context)
  }
  if (context.yaml.isSeq(source)) {
    if (tag !== undefined && tag !== '!!seq') return `tag ${tag} is not supported on a list`
    const items: ListNode['items'] = source.items.map(item => convert(item as ParsedNode | null, context))
    return { kind: 'list', items, ...at }
  }
  if (!context.yaml.isScalar(source)) return 'not something that YAML knows'
  const scalar = readScalar(blockText(source, context), source.type === 'PLAIN', tag)
  return typeof scalar === 'string' ? scalar : { kind: 'scalar', ...scalar, ...at }
}

/** Where a file ends without a line break, so does a block that ends with it (PyYAML; the yaml package adds one). */
function blockText(source: Extract<ParsedNode, { value: unknown }>, { text }: Context): string {
  const value = String(source.value ?? '')
  const isBlock = source.type === 'BLOCK_LITERAL' || source.type === 'BLOCK_FOLDED'
  const isLast = isBlock && !text.endsWith('\n') && (source.range?.[1] ?? 0) >= text.length
  return isLast && value.endsWith('\n') ? value.slice(0, -1) : value
}

type Read = Pick<ScalarNode, 'type' | 'value'> | string

function readScalar(text: string, isPlain: boolean, tag: string | undefined): Read {
  const wrong = `'${text}' does not fit its tag ${tag}`
  switch (tag) {
    case undefined:
      return isPlain ? resolvePlain(text) : { type: 'str', value: text }
    case '!':
    case '!!str':
      return { type: 'str', value: text }
    case '!vault':
    case '!vault-encrypted':
      return { type: 'vault', value: text }
    case '!unsafe':
      return { type: 'unsafe', value: text }
    case '!!int':
      return asInt(text) ?? wrong
    case '!!float':
      return (
        asFloat(text) ??
        (/^[-+]?[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?$/i.test(text) ? { type: 'float', value: Number(text) } : wrong)
      )
    case '!!bool':
      return asBool(text) ?? wrong
    case '!!null':
      return { type: 'null', value: null }
    default:
      return `tag ${tag} is not supported`
  }
}

interface Pair {
  readonly key: unknown
  readonly value: unknown
}

/** Merged (`<<`) entries come first, so that own ones override them; of a list of mappings the first wins. */
function convertMap(pairs: readonly Pair[], at: Place, context: Context): MapNode {
  const merged: Entry[] = []
  const own: Entry[] = []
  const seen = new Set<string>()
  for (const pair of pairs) {
    const key = convert(pair.key as ParsedNode | null, context)
    const isMerge =
      context.yaml.isScalar(pair.key) &&
      pair.key.type === 'PLAIN' &&
      pair.key.value === '<<' &&
      pair.key.tag === undefined
    const node = convert(pair.value as ParsedNode | null, context)
    const origin: Origin = { file: context.file, line: key.line, column: key.column }
    if (key.kind !== 'scalar') {
      context.problems.push({ message: "a mapping's key must be a plain value", origin })
    } else if (isMerge) {
      const sources = node.kind === 'list' ? node.items : [node]
      for (const source of sources.toReversed()) {
        if (source.kind === 'map') merged.push(...source.entries)
        else context.problems.push({ message: '<< needs a mapping or a list of mappings', origin })
      }
    } else {
      const name = `${key.type} ${key.value}`
      if (seen.has(name)) {
        const { line, column } = origin
        context.warnings.push(
          `${context.file}:${line}:${column}: key '${key.value}' is there twice; the last one counts`,
        )
      }
      seen.add(name)
      own.push({
        key,
        node: isEmptyValue(node, pair, context) ? { ...node, line: key.line, column: key.column } : node,
      })
    }
  }
  return { kind: 'map', entries: lastOfEach([...merged, ...own], merged.length > 0 || seen.size < own.length), ...at }
}

/** `key:` with nothing after it has no place of its own. */
function isEmptyValue(node: Node, pair: Pair, context: Context): node is ScalarNode {
  const { value } = pair
  return (
    node.kind === 'scalar' &&
    (value === null || (context.yaml.isScalar(value) && value.type === 'PLAIN' && value.value === ''))
  )
}

/** As a Python dict: a double key keeps its first place and its last value. */
function lastOfEach(entries: readonly Entry[], mayRepeat: boolean): readonly Entry[] {
  if (!mayRepeat) return entries
  const byKey = new Map<string, Entry>()
  for (const entry of entries) byKey.set(`${entry.key.type} ${entry.key.value}`, entry)
  return [...byKey.values()]
}
