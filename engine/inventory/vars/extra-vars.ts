import { type Problem, refused } from '../../failure/index.ts'
import { type Files, filesOf, start } from '../../files/index.ts'
import { type Node, toValue } from '../../python/index.ts'
import { createVault, isVaulted, type Vault } from '../../vault/index.ts'
import { readData, readVariables } from '../formats/data-read.ts'
import type { Setting } from '../types.ts'

export interface ExtraVars {
  readonly settings: readonly Setting[]
  readonly problems: readonly Problem[]
}

/** How an `-e` argument is named in origins. */
const place = '--extra-vars'

/**
 * The arguments of `-e`: `k=v k2="v 2"` (values stay text, as in Ansible), YAML or JSON in braces, `@file`. What
 * Ansible would quietly ignore, a word without `=`, is an error: a malformed one has wiped a cluster (kubespray#4685).
 */
export function readExtraVars(args: readonly string[], files: Files, vault: Vault): ExtraVars {
  const read = args.filter(arg => arg !== '').map(arg => readArgument(arg, files, vault))
  return { settings: read.flatMap(one => one.settings), problems: read.flatMap(one => one.problems) }
}

/** What one argument of `-e` sets; a value that is vaulted stays so. Throws what is wrong with it. */
export function extraVarsIn(arg: string): readonly { readonly name: string; readonly value: unknown }[] {
  const { settings, problems } = readExtraVars([arg], filesOf(process.cwd()), createVault([]))
  if (problems.length > 0) throw refused(problems)
  return settings.map(({ name, node, file }) => ({ name, value: toValue(node, file, vaulted => vaulted) }))
}

function readArgument(arg: string, files: Files, vault: Vault): ExtraVars {
  if (arg.startsWith('@')) return readFile(arg.slice(1), files, vault)
  if (/^[/.]/.test(arg)) return failed(`to read variables from '${arg}', write @${arg}`)
  if (/^[[{]/.test(arg)) return fromNode(readData(arg, place), place)
  return readPairs(arg)
}

function failed(message: string, hint?: string): ExtraVars {
  return { settings: [], problems: [{ message, origin: start(place), ...(hint !== undefined && { hint }) }] }
}

function readFile(file: string, files: Files, vault: Vault): ExtraVars {
  const read = files.read(file)
  if ('problem' in read) return { settings: [], problems: [read.problem] }
  if (!isVaulted(read.text)) return fromNode(readVariables(read.text, file), file)
  return fromNode(readVariables(vault.decrypt(read.text, start(file)), file), file, true)
}

function fromNode(
  { node, problems }: { node?: Node; problems: readonly Problem[] },
  file: string,
  secret = false,
): ExtraVars {
  if (node === undefined) return { settings: [], problems }
  if (node.kind !== 'map') return failed('extra variables must be a mapping: -e \'{"name": "value"}\'')
  const settings = node.entries.map(entry => {
    return { name: String(entry.key.value), node: entry.node, file, source: 'extra vars', ...(secret && { secret }) }
  })
  return { settings, problems }
}

function readPairs(arg: string): ExtraVars {
  const words = splitArguments(arg)
  if (words === undefined) return failed(`unbalanced quotes or braces in '${arg}'`)
  const settings: Setting[] = []
  for (const { text, start: column } of words) {
    const equals = text.search(/(?<=[^\\])=/)
    if (equals < 1) return failed(`'${text}' is not name=value`, 'quote a value with spaces: -e \'name="a b"\'')
    const value = unquote(decodeEscapes(text.slice(equals + 1)).trim())
    const node = { kind: 'scalar', type: 'str', value, line: 1, column: column + equals + 2 } as const
    settings.push({ name: text.slice(0, equals).trim(), node, file: place, source: 'extra vars' })
  }
  return { settings, problems: [] }
}

/** ansible/parsing/splitter.py: spaces split, but not inside quotes or `{{ }}`, `{% %}`, `{# #}`. */
function splitArguments(text: string): { text: string; start: number }[] | undefined {
  const words: { text: string; start: number }[] = []
  let quote = ''
  let depth = 0
  let begin = -1
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index)
    const pair = text.slice(index, index + 2)
    if (quote === '' && depth === 0 && (char === ' ' || char === '\n')) {
      if (begin >= 0) words.push({ text: text.slice(begin, index), start: begin })
      begin = -1
      continue
    }
    if (begin < 0) begin = index
    if ((char === '"' || char === "'") && text.charAt(index - 1) !== '\\') {
      if (quote === '') quote = char
      else if (quote === char) quote = ''
    }
    if (['{{', '{%', '{#'].includes(pair)) depth += 1
    if (['}}', '%}', '#}'].includes(pair)) depth = Math.max(0, depth - 1)
  }
  if (quote !== '' || depth > 0) return undefined
  if (begin >= 0) words.push({ text: text.slice(begin), start: begin })
  return words
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function decodeEscapes(text: string): string {
  return text.replace(
    /\\U([0-9a-fA-F]{8})|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\([\\'"abfnrtv])/g,
    (sequence, long?: string, short?: string, byte?: string, single?: string) => {
      if (single !== undefined) return escapes[single] ?? single
      const code = Number.parseInt(long ?? short ?? byte ?? '', 16)
      return code > 0x10ffff ? sequence : String.fromCodePoint(code)
    },
  )
}

function unquote(text: string): string {
  const first = text.charAt(0)
  const isQuoted = text.length > 1 && (first === '"' || first === "'") && text.endsWith(first) && text.at(-2) !== '\\'
  return isQuoted ? text.slice(1, -1) : text
}
