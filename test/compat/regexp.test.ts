import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Match } from '../../engine/regexp/expression.ts'
import { RegexpError, regexp, replacement } from '../../engine/regexp/index.ts'

// Patterns, as people write them and as nobody does, against Python's own re.
type Question = readonly [pattern: string, flags: string, text: string, template: string]
type Spans = readonly (readonly [number, number] | null)[] | null
interface Answer {
  readonly search: Spans
  readonly match: Spans
  readonly all: readonly Spans[]
  readonly sub: string | null
}

const script = fileURLToPath(new URL('regexp.py', import.meta.url))
const ask = (questions: readonly Question[]): readonly (Answer | null)[] =>
  JSON.parse(
    execFileSync('python3', [script], { input: JSON.stringify(questions), encoding: 'utf8', maxBuffer: 1 << 28 }),
  )

/** Where the match begins, in characters, and what its groups hold. */
type Shown = readonly (number | string | null)[] | null

function shownMatch(match: Match | undefined, text: string): Shown {
  if (match === undefined) return null
  return [[...text.slice(0, match.start)].length, ...match.groups.map(group => group ?? null)]
}

function shownSpans(spans: Spans, text: string): Shown {
  const chars = [...text]
  return spans && [spans[0]?.[0] ?? null, ...spans.map(span => span && chars.slice(...span).join(''))]
}

/** Undefined where it is refused. */
function refusable<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof RegexpError) return undefined
    throw error
  }
}

function mine([pattern, flags, text, template]: Question) {
  return refusable(() => {
    const expression = regexp(pattern, flags)
    const all = [...expression.all(text)]
    const sub = refusable(() => {
      const replace = replacement(template, expression)
      const ends = [0, ...all.map(match => match.end)]
      return [...all.map((match, at) => text.slice(ends[at], match.start) + replace(match)), text.slice(ends.at(-1))]
    })
    return {
      search: shownMatch(expression.search(text), text),
      match: shownMatch(expression.match(text), text),
      all: all.map(match => shownMatch(match, text)),
      sub: sub?.join('') ?? null,
    }
  })
}

function theirs(answer: Answer, text: string) {
  const { search, match, all, sub } = answer
  return {
    search: shownSpans(search, text),
    match: shownSpans(match, text),
    all: all.map(spans => shownSpans(spans, text)),
    sub,
  }
}

function compare(questions: readonly Question[]): number {
  const answers = ask(questions)
  questions.forEach((question, index) => {
    const answer = answers[index]
    assert.equal(mine(question), answer ? theirs(answer, question[2]) : undefined, JSON.stringify(question))
  })
  return answers.filter(answer => answer !== null).length
}

const written: readonly Question[] = (
  [
    ['(?P<a>x)(?P=a)', '', 'axx', '[\\g<a>]'],
    ['^v(\\d+)\\.(\\d+).*$', '', 'v1.29.3', '\\2.\\1'],
    ['^v(\\d+)\\.(\\d+).*$', '', 'v1.29.3\n', '\\2.\\1'],
    ['^\\s*#?\\s*(PermitRootLogin)\\s+.*$', 'm', 'a\n# PermitRootLogin yes\nb', '\\1 no'],
    ['(?i)straße|ÄÖ', '', 'STRAßE äö', '-'],
    ['\\b\\w+\\b', '', 'Grüße, ☺ ok_1', '<\\g<0>>'],
    ['(?<=-)\\w+(?!\\d)', '', 'spam-egg1', ''],
    ['(?<![a-z])b', '', 'ab b', '.'],
    ['(a)?(?(1)b|c)', '', 'abcc', '\\1'],
    ['x*', '', 'axxb', '-'],
    ['|a', '', 'aa', '-'],
    ['(a*)*', '', 'baa', '<\\1>'],
    ['(?:(a)|b)*', '', 'ab', '\\1'],
    ['[]a-]+', '', ']-a', ''],
    ['[^]a]', '', ']ab', ''],
    ['[[:alpha:]]', '', 'a:]', ''],
    ['a{,2}b{2}c{1,}', '', 'aabbcc', ''],
    ['a{2,1}', '', 'a', ''],
    ['a{x}', '', 'a{x}', ''],
    ['a**', '', 'a', ''],
    ['(?:a*)*', '', 'aa', ''],
    ['a*+a', '', 'aa', ''],
    ['(?>a+)b', '', 'aab', ''],
    ['\\Aa\\Z', '', 'a', ''],
    ['\\q', '', 'q', ''],
    ['\\-\\#\\/', '', '-#/', '\\q'],
    ['(?x) a b  # comment', '', 'ab', ''],
    ['(?i:a)B', '', 'AB Ab', ''],
    ['(?#note)a', '', 'a', ''],
    ['a(?i)b', '', 'ab', ''],
    ['[\\d-x]', '', '-', ''],
    ['[a-\\d]', '', '-', ''],
    ['(?<=a+)b', '', 'ab', ''],
    ['(', '', '', ''],
    ['a)', '', '', ''],
    ['[', '', '', ''],
    ['(?P<1>a)', '', '', ''],
    ['(?P<a>x)(?P<a>y)', '', '', ''],
    ['(?P=b)', '', '', ''],
    ['\\2', '', '', ''],
    ['(\\1)', '', '', ''],
    ['\\x41\\u00e9\\101\\0', '', 'AéA\0', '\\101\\n'],
    ['(?a)\\w+', '', 'éa', ''],
    ['.', 's', '\n😀', '<\\g<0>>'],
    ['😀{2}', '', 'a😀😀', ''],
    ['(?<=😀)a', '', '😀a', ''],
    ['K', 'i', '\u212a', ''],
    ['[^k]', 'i', 'Kx', ''],
    ['$', '', 'a\n', '-'],
    ['$', 'm', 'a\nb\n', '-'],
    ['^', 'm', 'a\nb\n', '-'],
    ['\\B', '', '', '-'],
    ['(?:){3}a', '', 'a', ''],
    ['', '', 'ab', '-'],
  ] as const
).map(([pattern, flags, text, template]) => [pattern, flags, text, template])

test('patterns that people write match as in Python, and what Python refuses is refused', () => {
  assert.ok(compare(written) > 30)
})

const letters = fc.constantFrom('a', 'b', 'c', 'A', '_', '1', ' ', '\n', '-', 'ß', 'é', '😀')
const atom = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c', 'A', '.', '1', 'ß', 'é', '😀', ' ') },
  fc.constantFrom('\\d', '\\w', '\\s', '\\W', '\\D', '\\S', '[a-c]', '[^a]', '[^\\W_]', '[ab\\d]', '[\\S\\n]', '\\n'),
  fc.constantFrom('^', '$', '\\b', '\\B', '\\A', '\\Z', '\\1', '\\2', '(?P=n)', '(?:)', '()'),
)
const suffix = fc.constantFrom(
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{1,2}',
  '{,2}',
  '{2,}?',
  '*+',
  '{0}',
)
const pattern: fc.Arbitrary<string> = fc.letrec<{ choice: string; sequence: string; piece: string }>(tie => ({
  choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 2, depthIdentifier: 'p' }).map(parts => parts.join('|')),
  sequence: fc.array(tie('piece'), { minLength: 0, maxLength: 3, depthIdentifier: 'p' }).map(parts => parts.join('')),
  piece: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'p' },
    fc.tuple(atom, suffix).map(parts => parts.join('')),
    fc
      .tuple(
        fc.constantFrom('(', '(', '(?:', '(?=', '(?!', '(?<=', '(?<!', '(?>', '(?P<n>', '(?i:', '(?(1)'),
        tie('choice'),
        suffix,
      )
      .map(([open, inner, after]) => `${open}${inner})${after}`),
  ),
})).choice
const junk = fc
  .array(fc.constantFrom(...'()[]{}|*+?^$\\.-,:=!<>PabnZx12#'), { maxLength: 8 })
  .map(parts => parts.join(''))

test('thousands of made-up patterns and texts match as in Python', () => {
  const question = fc.tuple(
    fc.oneof({ weight: 4, arbitrary: pattern }, junk),
    fc.constantFrom('', 'i', 'm', 's', 'im'),
    fc.array(letters, { maxLength: 7 }).map(parts => parts.join('')),
    fc.constantFrom('-', '<\\1>', '\\g<0>\\g<0>', '\\g<n>', '\\\\', '\\x'),
  )
  const runs = Number(process.env.ROTA_FUZZ_RUNS ?? 4000)
  const accepted = compare(fc.sample(question, { numRuns: runs, seed: 7 }))
  assert.ok(accepted > runs / 4, `Python takes ${accepted} of ${runs}`)
})

test.run()
