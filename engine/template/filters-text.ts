import { createHash, getHashes } from 'node:crypto'
import { posix } from 'node:path'
import { FilterError } from './error.ts'
import type { Filter } from './filter.ts'
import { percentFormat } from './format.ts'
import { replaceText, split } from './methods.ts'
import { isTrue, toText } from './values.ts'
import type { Work } from './work.ts'

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
  ['replace', (input, [from, to, most], _, work) => replaceText(toText(input), toText(from), toText(to), most, work)],
  ['split', (input, [separator, most], _, work) => split(toText(input), separator, most, work)],
  ['basename', text(value => value.slice(value.lastIndexOf('/') + 1))],
  ['dirname', text(value => (value.includes('/') ? posix.dirname(value) : ''))],
  ['splitext', text(value => [value.slice(0, value.length - posix.extname(value).length), posix.extname(value)])],
  ['path_join', input => [input].flat().map(toText).reduce(joinPath, '')],
  ['urlsplit', (input, [part]) => urlPart(toText(input), toText(part))],
  ['urlencode', text(value => encodeURI(Buffer.from(value).toString()).replace(/[?#&=+:;,@$!'()*]/g, percent))],
  ['checksum', text(value => createHash('sha1').update(value).digest('hex'))],
  ['wordcount', text(value => value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)],
  ['quote', text(value => (/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`))],
  ['b64encode', text(value => Buffer.from(value).toString('base64'))],
  ['b64decode', text(value => Buffer.from(value, 'base64').toString())],
  ['hash', (input, [kind = 'sha1']) => hash(toText(input), toText(kind))],
  ['format', (input, args, _, work) => percentFormat(toText(input), args, work)],
  ['indent', (input, args, named, work) => indent(toText(input), args, named, work)],
]

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`

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

/** As os.path.join: what is absolute begins anew. */
const joinPath = (path: string, next: string): string =>
  next.startsWith('/') ? next : path === '' || path.endsWith('/') ? path + next : `${path}/${next}`

function hash(text: string, kind: string): string {
  if (!getHashes().includes(kind)) throw new FilterError(`there is no hash '${kind}'`)
  return createHash(kind).update(text).digest('hex')
}

/** Jinja's: the first line and empty ones are left as they are unless told otherwise. */
function indent(
  text: string,
  [width = 4, first = false, blank = false]: readonly unknown[],
  { width: by = width, first: withFirst = first, blank: withBlank = blank }: Readonly<Record<string, unknown>>,
  work: Work,
): string {
  const prefix = typeof by === 'string' ? by : work.repeat(' ', Number(by))
  const lines = text.split('\n')
  work.roomForText(text.length + prefix.length * lines.length)
  return lines
    .map((line, index) => {
      if (index === 0) return isTrue(withFirst) ? prefix + line : line
      return line !== '' || isTrue(withBlank) ? prefix + line : line
    })
    .join('\n')
}
