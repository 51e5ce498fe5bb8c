import type { Regexp } from '../regexp/index.ts'
import { replacement } from '../regexp/index.ts'
import { FilterError } from './error.ts'
import type { Filter } from './filter.ts'
import { flagsOf, withPattern } from './tests.ts'
import { toText } from './values.ts'

const regexReplace: Filter = (input, [pattern, to = '', ...flags], named, work) =>
  withPattern(pattern, flagsOf(flags, named), expression => {
    const text = toText(input)
    const replace = replacement(toText(to), expression)
    function* parts() {
      let from = 0
      for (const match of expression.all(text, work.patterns)) {
        yield text.slice(from, match.start)
        yield replace(match)
        from = match.end
      }
      yield text.slice(from)
    }
    return work.join(parts())
  })

/** The match, or its groups when asked for by `'\\1'` or `'\\g<name>'`; None without a match. */
const regexSearch: Filter = (input, [pattern, ...groups], named, work) =>
  withPattern(pattern, flagsOf([], named), expression => {
    const match = expression.search(toText(input), work.patterns)
    if (match === undefined) return null
    return groups.length === 0
      ? match.groups[0]
      : groups.map(group => match.groups[groupOf(toText(group), expression)] ?? null)
  })

function groupOf(asked: string, { groups, names }: Regexp): number {
  const name = /^\\(?:g<(\w+)>|(\d+))$/.exec(asked)?.slice(1).join('')
  if (name === undefined)
    throw new FilterError(`regex_search: a group is asked for by '\\1' or '\\g<name>', not '${asked}'`)
  const index = /^\d+$/.test(name) ? Number(name) : names.get(name)
  if (index === undefined || index > groups) throw new FilterError(`regex_search: the pattern has no group '${name}'`)
  return index
}

const regexFindall: Filter = (input, [pattern, isMultiline, ignoresCase], named, work) =>
  withPattern(pattern, flagsOf([ignoresCase, isMultiline], named), expression => {
    const found: unknown[] = []
    for (const { groups } of expression.all(toText(input), work.patterns)) {
      const [match = '', ...parts] = groups.map(group => group ?? '')
      found.push(parts.length === 0 ? match : parts.length === 1 ? parts[0] : parts)
    }
    return found
  })

/** Python's `re.escape`. */
const regexEscape: Filter = input => toText(input).replace(/[\\^$.*+?()[\]{}|#&~\s-]/g, '\\$&')

export const regexpFilters: readonly (readonly [string, Filter])[] = [
  ['regex_escape', regexEscape],
  ['regex_replace', regexReplace],
  ['regex_search', regexSearch],
  ['regex_findall', regexFindall],
]
