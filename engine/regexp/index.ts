import { compile, type Program } from './compile.ts'
import type { Match, Regexp } from './expression.ts'
import { Matcher, type Slots, type Steps } from './match.ts'
import { type Parsed, parse, RegexpError } from './parse.ts'

export type { Match, Regexp } from './expression.ts'
export { type Replacement, replacement } from './replacement.ts'
export { RegexpError, type Steps }

/** What is wrong with a pattern that an author gives as `name`. */
export function regexpProblems(name: string, source: string | undefined): readonly string[] {
  if (source === undefined) return []
  try {
    regexp(source)
    return []
  } catch (error) {
    if (error instanceof RegexpError) return [`${name}: ${error.message}`]
    throw error
  }
}

/** A second of work. */
const mostSteps = 20_000_000

export function limitedSteps(most = mostSteps): Steps {
  let left = most
  return {
    spend: count => {
      left -= count
      if (left < 0) throw new RegexpError(`the pattern takes more than ${most} steps on this text`)
    },
  }
}

/** A pattern as Python reads it; flags `i`, `m` and `s` as it may give them itself. Throws a RegexpError. */
export function regexp(source: string, flags = ''): Regexp {
  const key = `${flags}/${source}`
  const known = patterns.get(key)
  if (known !== undefined) return known
  const made = make(source, flags)
  if (patterns.size >= mostPatterns) patterns.clear()
  patterns.set(key, made)
  return made
}

// A memory of a pure function: one pattern is used for thousands of hosts and lines.
const patterns = new Map<string, Regexp>()
const mostPatterns = 200

function make(source: string, flags: string): Regexp {
  const parsed = parse(source, flags)
  const program = compile(parsed)
  const one = (text: string, steps: Steps, find: (matcher: Matcher) => Slots | undefined): Match | undefined => {
    const matcher = new Matcher(program, text, steps, parsed.remembers)
    const slots = find(matcher)
    matcher.end()
    return slots && toMatch(slots, text, parsed)
  }
  return {
    groups: parsed.groups,
    names: parsed.names,
    isMultiline: parsed.flags.includes('m'),
    search: (text, steps = limitedSteps()) => one(text, steps, matcher => matcher.search(0)),
    match: (text, steps = limitedSteps()) => one(text, steps, matcher => matcher.at(0)),
    all: (text, steps = limitedSteps()) => every(program, parsed, text, steps),
  }
}

/** Python takes an empty match at the end of another one, and not the same empty one twice. */
function* every(program: Program, parsed: Parsed, text: string, steps: Steps): Iterable<Match> {
  const matcher = new Matcher(program, text, steps, parsed.remembers)
  let match: Match | undefined
  for (;;) {
    const slots = matcher.search(match?.end ?? 0, match === undefined || match.end > match.start)
    matcher.end()
    if (slots === undefined) return
    match = toMatch(slots, text, parsed)
    yield match
  }
}

function toMatch(slots: Slots, text: string, { groups }: Parsed): Match {
  const [start = 0, end = 0] = slots
  const parts = Array.from({ length: groups + 1 }, (_, index) => {
    const [from = -1, to = -1] = slots.subarray(index * 2, index * 2 + 2)
    return from < 0 || to < 0 ? undefined : text.slice(from, to)
  })
  return { start, end, groups: parts }
}
