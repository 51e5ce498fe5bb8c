import type { Regexp } from '../regexp/index.ts'
import { RegexpError, regexp } from '../regexp/index.ts'
import { FilterError } from './error.ts'
import { isEqual, isMapping, isTrue, toText } from './values.ts'
import type { Work } from './work.ts'

/** `work` counts what it costs. */
export type Test = (
  input: unknown,
  args: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
  work: Work,
) => boolean

const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint'
const ordered =
  (test: (a: number, b: number) => boolean): Test =>
  (input, [other]) =>
    typeof input === 'string' && typeof other === 'string'
      ? test(input < other ? -1 : input > other ? 1 : 0, 0)
      : test(Number(input), Number(other))
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const isIn = (item: unknown, container: unknown) => {
  if (typeof container === 'string') return container.includes(toText(item))
  if (isMapping(container)) return Object.hasOwn(container, toText(item))
  return list(container).some(one => isEqual(one, item))
}
const equal: Test = (input, [other]) => isEqual(input, other)

/** Jinja's and Ansible's tests, without `defined` and `undefined`, which alone may look at what is missing. */
export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['none', input => input === null],
  ['string', input => typeof input === 'string'],
  ['number', isNumber],
  ['integer', input => isNumber(input) && Number.isInteger(Number(input))],
  ['float', input => typeof input === 'number' && !Number.isInteger(input)],
  ['boolean', input => typeof input === 'boolean'],
  ['true', input => input === true],
  ['false', input => input === false],
  ['truthy', isTrue],
  ['falsy', input => !isTrue(input)],
  ['mapping', isMapping],
  ['sequence', input => Array.isArray(input) || isMapping(input) || typeof input === 'string'],
  ['iterable', input => Array.isArray(input) || isMapping(input) || typeof input === 'string'],
  ['in', (input, [container]) => isIn(input, container)],
  ['contains', (input, [item]) => isIn(item, input)],
  ['eq', equal],
  ['equalto', equal],
  ['sameas', equal],
  ['ne', (input, [other]) => !isEqual(input, other)],
  ['lt', ordered((a, b) => a < b)],
  ['le', ordered((a, b) => a <= b)],
  ['gt', ordered((a, b) => a > b)],
  ['ge', ordered((a, b) => a >= b)],
  ['odd', input => Math.abs(Number(input)) % 2 === 1],
  ['even', input => Number(input) % 2 === 0],
  ['divisibleby', (input, [by]) => Number(input) % Number(by) === 0],
  ['lower', input => toText(input) === toText(input).toLowerCase() && /\p{Ll}/u.test(toText(input))],
  ['upper', input => toText(input) === toText(input).toUpperCase() && /\p{Lu}/u.test(toText(input))],
  ['all', input => list(input).every(isTrue)],
  ['any', input => list(input).some(isTrue)],
  ['abs', input => toText(input).startsWith('/')],
  ['match', (input, [pattern, ...flags], named, work) => isMatch(input, pattern, flagsOf(flags, named), 'match', work)],
  [
    'search',
    (input, [pattern, ...flags], named, work) => isMatch(input, pattern, flagsOf(flags, named), 'search', work),
  ],
  [
    'regex',
    (input, [pattern, ignoresCase, isMultiline, kind = 'search'], named, work) =>
      isMatch(input, pattern, flagsOf([ignoresCase, isMultiline], named), toText(named.match_type ?? kind), work),
  ],
  [
    'subset',
    (input, [other], _, work) => {
      work.spend(list(input).length * list(other).length)
      return list(input).every(item => isIn(item, other))
    },
  ],
  [
    'superset',
    (input, [other], _, work) => {
      work.spend(list(input).length * list(other).length)
      return list(other).every(item => isIn(item, input))
    },
  ],
  ['version', (input, [other, operator = '==']) => compareVersions(toText(input), toText(other), toText(operator))],
  [
    'version_compare',
    (input, [other, operator = '==']) => compareVersions(toText(input), toText(other), toText(operator)),
  ],
])

/** What a pattern does, with what is wrong with it in the words of a template. */
export function withPattern<T>(pattern: unknown, flags: string, use: (expression: Regexp) => T): T {
  try {
    return use(regexp(toText(pattern), flags))
  } catch (error) {
    if (error instanceof RegexpError) throw new FilterError(`'${toText(pattern)}': ${error.message}`)
    throw error
  }
}

/** `ignorecase` and `multiline`, by name or in that order. */
export function flagsOf(
  [ignoresCase = false, isMultiline = false]: readonly unknown[],
  { ignorecase = ignoresCase, multiline = isMultiline }: Readonly<Record<string, unknown>>,
): string {
  return `${isTrue(ignorecase) ? 'i' : ''}${isTrue(multiline) ? 'm' : ''}`
}

function isMatch(input: unknown, pattern: unknown, flags: string, kind: string, work: Work): boolean {
  const text = toText(input)
  return withPattern(pattern, flags, expression => {
    if (kind === 'match') return expression.match(text, work.patterns) !== undefined
    if (kind === 'fullmatch')
      return withPattern(`(?:${toText(pattern)})\\Z`, flags, anchored => !!anchored.match(text, work.patterns))
    return expression.search(text, work.patterns) !== undefined
  })
}

/** Python's LooseVersion: numbers by size, words by letters, `1.10` after `1.9`. */
function compareVersions(a: string, b: string, operator: string): boolean {
  const order = versionOrder(a, b)
  switch (operator) {
    case '==':
    case '=':
    case 'eq':
      return order === 0
    case '!=':
    case '<>':
    case 'ne':
      return order !== 0
    case '<':
    case 'lt':
      return order < 0
    case '<=':
    case 'le':
      return order <= 0
    case '>':
    case 'gt':
      return order > 0
    case '>=':
    case 'ge':
      return order >= 0
    default:
      throw new FilterError(`version operator '${operator}' is not supported`)
  }
}

function versionOrder(a: string, b: string): number {
  const [left, right] = [a, b].map(text => text.match(/\d+|[a-z]+/g) ?? [])
  const length = Math.max(left?.length ?? 0, right?.length ?? 0)
  for (let index = 0; index < length; index += 1) {
    const [one, two] = [left?.[index], right?.[index]]
    if (one === undefined || two === undefined) return one === undefined ? -1 : 1
    const bothNumbers = /^\d/.test(one) && /^\d/.test(two)
    const order = bothNumbers ? Number(one) - Number(two) : one < two ? -1 : one > two ? 1 : 0
    if (order !== 0) return order
  }
  return 0
}
