import type { Match, Regexp } from './expression.ts'
import { RegexpError } from './parse.ts'

/** What a match is replaced by. */
export type Replacement = (match: Match) => string

const escapes: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
])

const special = /\\(?:g<([^>]*)>|(0[0-7]{0,2}|[0-3][0-7]{2})|([1-9]\d?)|([\s\S]))/g

/**
 * Python's template of a replacement: `\1`, `\g<1>`, `\g<name>`, `\n`; a group that took no part is empty. Throws a
 * RegexpError.
 */
export function replacement(template: string, { groups, names }: Regexp): Replacement {
  const parts: (string | number)[] = []
  const group = (index: number): number => {
    if (index > groups) throw new RegexpError(`invalid group reference ${index} in the replacement`)
    return index
  }
  let from = 0
  for (const match of template.matchAll(special)) {
    parts.push(template.slice(from, match.index))
    from = match.index + match[0].length
    const [whole, name, octal, number, char = ''] = match
    if (name !== undefined) parts.push(group(indexOf(name, names)))
    else if (octal !== undefined) parts.push(String.fromCodePoint(Number.parseInt(octal, 8)))
    else if (number !== undefined) parts.push(group(Number(number)))
    else if (/[A-Za-z]/.test(char) && !escapes.has(char))
      throw new RegexpError(`bad escape \\${char} in the replacement`)
    else parts.push(escapes.get(char) ?? whole)
  }
  parts.push(template.slice(from))
  return match => parts.map(part => (typeof part === 'string' ? part : (match.groups[part] ?? ''))).join('')
}

function indexOf(name: string, names: ReadonlyMap<string, number>): number {
  if (/^\d+$/.test(name)) return Number(name)
  const index = names.get(name)
  if (index === undefined) throw new RegexpError(`unknown group name '${name}' in the replacement`)
  return index
}
