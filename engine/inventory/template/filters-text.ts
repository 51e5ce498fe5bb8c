import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { FilterError } from './error.ts'
import type { Filter } from './filters.ts'
import { split } from './methods.ts'
import { regExp } from './tests.ts'
import { toText } from './values.ts'

const text =
  (change: (value: string) => unknown): Filter =>
  input =>
    change(toText(input))

export const textFilters: readonly (readonly [string, Filter])[] = [
  ['lower', text(value => value.toLowerCase())],
  ['upper', text(value => value.toUpperCase())],
  ['capitalize', text(value => value.charAt(0).toUpperCase() + value.slice(1).toLowerCase())],
  ['trim', text(value => value.trim())],
  ['title', text(value => value.toLowerCase().replace(/(^|[-\s({[<])(\p{L})/gu, word => word.toUpperCase()))],
  ['replace', (input, [from, to, most]) => replace(toText(input), toText(from), toText(to), most)],
  ['split', (input, [separator, most]) => split(toText(input), separator, most)],
  ['basename', text(value => value.slice(value.lastIndexOf('/') + 1))],
  ['dirname', text(value => (value.includes('/') ? posix.dirname(value) : ''))],
  ['splitext', text(value => [value.slice(0, value.length - posix.extname(value).length), posix.extname(value)])],
  ['path_join', input => posix.join(...[input].flat().map(toText))],
  ['urlsplit', (input, [part]) => urlPart(toText(input), toText(part))],
  ['urlencode', text(value => encodeURI(value).replace(/[?#&=+:;,@$!'()*]/g, percent))],
  ['checksum', text(value => createHash('sha1').update(value).digest('hex'))],
  ['wordcount', text(value => value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)],
  ['quote', text(value => (/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`))],
  ['b64encode', text(value => Buffer.from(value).toString('base64'))],
  ['b64decode', text(value => Buffer.from(value, 'base64').toString())],
  ['hash', (input, [kind = 'sha1']) => createHash(toText(kind)).update(toText(input)).digest('hex')],
  ['regex_escape', text(value => value.replace(/[\\^$.*+?()[\]{}|#&~ -]/g, '\\$&'))],
  ['regex_replace', (input, [pattern, to = ''], named) => regexReplace(toText(input), pattern, toText(to), named)],
  ['regex_search', (input, [pattern, ...groups], named) => regexSearch(toText(input), pattern, groups, named)],
  ['regex_findall', (input, [pattern], named) => regexFindall(toText(input), pattern, named)],
  ['format', (input, args) => printf(toText(input), args)],
  ['indent', (input, [width = 4]) => toText(input).replace(/\n(?=[^\n])/g, `\n${' '.repeat(Number(width))}`)],
]

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`

function replace(value: string, from: string, to: string, most: unknown): string {
  if (most === undefined || most === null) return value.replaceAll(from, () => to)
  let left = Number(most)
  return value.replaceAll(from, found => {
    left -= 1
    return left >= 0 ? to : found
  })
}

function urlPart(value: string, part: string): unknown {
  if (!URL.canParse(value)) throw new FilterError(`${value} is no URL`)
  const url = new URL(value)
  const parts: Readonly<Record<string, unknown>> = {
    scheme: url.protocol.slice(0, -1),
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    // URL forgets the port that is the scheme's own.
    port: Number(/^[^/]*\/\/[^/]*:(\d+)(?:[/?#]|$)/.exec(value)?.[1]) || null,
    path: /^[^/]*\/\/[^/?#]*$/.test(value) ? '' : url.pathname,
    query: url.search.slice(1),
    fragment: url.hash.slice(1),
    username: url.username || null,
    password: url.password || null,
  }
  if (!Object.hasOwn(parts, part)) throw new FilterError(`urlsplit has no '${part}' here`)
  return parts[part]
}

function flagsOf(named: Readonly<Record<string, unknown>>): string {
  return `${named.ignorecase === true ? 'i' : ''}${named.multiline === true ? 'm' : ''}`
}

/** `\1` and `\g<name>` in the replacement. */
function regexReplace(input: string, pattern: unknown, to: string, named: Readonly<Record<string, unknown>>): string {
  const template = to
    .replaceAll('$', '$$$$')
    .replace(/\\g<(\w+)>/g, (_, name: string) => (/^\d+$/.test(name) ? `$${name}` : `$<${name}>`))
    .replace(/\\(\d)/g, '$$$1')
    .replace(/\\n/g, '\n')
  return input.replace(regExp(pattern, false, `g${flagsOf(named)}`), template)
}

/** The match, or its groups when asked for by `'\\1'` or `'\\g<name>'`; None without a match. */
function regexSearch(
  input: string,
  pattern: unknown,
  groups: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
): unknown {
  const match = regExp(pattern, false, flagsOf(named)).exec(input)
  if (match === null) return null
  if (groups.length === 0) return match[0]
  return groups.map(group => {
    const name = toText(group).replace(/^\\(?:g<(\w+)>|(\d+))$/, '$1$2')
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
  })
}

function regexFindall(input: string, pattern: unknown, named: Readonly<Record<string, unknown>>): unknown {
  const matches = [...input.matchAll(regExp(pattern, false, `g${flagsOf(named)}`))]
  return matches.map(([whole, ...groups]) =>
    groups.length === 0 ? whole : groups.length === 1 ? (groups[0] ?? '') : groups,
  )
}

/** Python's `%`: `%s`, `%d`, `%05d`, `%x`, `%%`. */
function printf(format: string, args: readonly unknown[]): string {
  let next = 0
  return format.replace(/%(0?)(\d*)([sdx%])/g, (_, zero: string, width: string, kind: string) => {
    if (kind === '%') return '%'
    const value = args[next]
    next += 1
    const shown = kind === 's' ? toText(value) : Math.trunc(Number(value)).toString(kind === 'x' ? 16 : 10)
    return shown.padStart(Number(width), zero === '0' ? '0' : ' ')
  })
}
