import type { Origin, Problem } from '../../failure/index.ts'
import { literalEval } from '../../python/index.ts'
import { hasControlCharacters } from '../../shell/index.ts'
import type { Setting, Statement } from '../types.ts'
import { expandHostPattern } from './range.ts'
import { shlexSplit, type Token } from './shlex.ts'

/**
 * Lines without quotes, escapes and comments, which are nearly all of a big inventory: one look says that they are
 * well-formed, and their variables are read only when somebody asks.
 */
const simple = /^[^ \t\r\n"'\\#]+(?:[ \t]+[^ \t\r\n"'\\#=]+=[^ \t\r\n"'\\#]*)*$/

/** `name[range][:port] key=value key="value"  # comment`. */
export function readHostLine(
  line: string,
  at: Origin,
  group: string,
): Extract<Statement, { kind: 'hosts' }> | { problems: Problem[] } {
  if (simple.test(line)) {
    const end = line.search(/[ \t]/)
    const head = { text: end < 0 ? line : line.slice(0, end), start: 0 }
    return statement(head, () => splitTokens(line).slice(1), at, group)
  }
  const split = shlexSplit(line)
  if ('error' in split) {
    const origin = { ...at, column: at.column + split.at }
    return { problems: [{ message: `host line can't be split: ${split.error}`, origin }] }
  }
  const [head, ...tokens] = split.tokens
  if (head === undefined) return { problems: [{ message: 'no host name', origin: at }] }
  const problems = tokens.flatMap(token => checkToken(token, at))
  return problems.length > 0 ? { problems } : statement(head, () => tokens, at, group)
}

function splitTokens(line: string): readonly Token[] {
  const split = shlexSplit(line)
  return 'tokens' in split ? split.tokens : []
}

function checkToken(token: Token, at: Origin): Problem[] {
  if (token.text.indexOf('=') > 0) return []
  const origin = { ...at, column: at.column + token.start }
  const hint = /^(?:and|or|,)/.test(token.text)
    ? {}
    : { hint: 'one host a line, then key=value pairs; quote values with spaces' }
  return [{ message: `expected key=value, got '${token.text}'`, origin, ...hint }]
}

function statement(head: Token, tokens: () => readonly Token[], at: Origin, group: string) {
  const expanded = expandHostPattern(head.text)
  if ('error' in expanded) {
    const hint = expanded.hint === undefined ? {} : { hint: expanded.hint }
    return { problems: [{ message: expanded.error, origin: at, ...hint }] }
  }
  const wrong = expanded.names.find(name => badHostName(name) !== undefined)
  if (wrong !== undefined) {
    return { problems: [{ message: `'${wrong}' is no host name: ${badHostName(wrong)}`, origin: at }] }
  }
  const { names, port } = expanded
  return {
    kind: 'hosts' as const,
    names,
    group,
    port,
    at,
    settings: () => tokens().map(token => readSetting(token, at, names[0] ?? head.text)),
  }
}

/** Ansible takes any text for a name. These would reach a command line or a path as something else. */
export function badHostName(name: string): string | undefined {
  if (name.trim() === '') return 'it is empty'
  if (name === '---') return 'this looks like a YAML file'
  if (name.startsWith('-')) return 'it begins with a dash'
  if (hasControlCharacters(name) || /[ \ufffd]/.test(name)) return 'it holds a space or a control character'
  return undefined
}

function readSetting(token: Token, at: Origin, host: string): Setting {
  const equals = token.text.indexOf('=')
  const column = at.column + token.start + equals + 1
  return {
    name: token.text.slice(0, equals),
    node: literalEval(token.text.slice(equals + 1), at.line, column),
    file: at.file,
    source: `inventory host ${host}`,
  }
}
