import { FilterError } from './error.ts'
import type { Filter } from './filters.ts'
import { tests } from './tests.ts'
import { isEqual, isMapping, isTrue, repr, toText } from './values.ts'

const list =
  (change: (items: readonly unknown[]) => unknown): Filter =>
  input =>
    change(asList(input))

export function asList(input: unknown): readonly unknown[] {
  if (Array.isArray(input)) return input
  if (typeof input === 'string') return [...input]
  if (isMapping(input)) return Object.keys(input)
  throw new FilterError(`a list is needed, this is ${repr(input)}`)
}

export const listFilters: readonly (readonly [string, Filter])[] = [
  [
    'join',
    (input, [separator = ''], { attribute }) => pluck(asList(input), attribute).map(toText).join(toText(separator)),
  ],
  ['length', list(items => items.length)],
  ['count', list(items => items.length)],
  ['first', list(items => items[0] ?? missingItem())],
  ['last', list(items => items.at(-1) ?? missingItem())],
  ['list', list(items => items)],
  ['unique', list(unique)],
  ['reverse', input => (typeof input === 'string' ? [...input].reverse().join('') : asList(input).toReversed())],
  [
    'sort',
    (input, [isReverse, isExact, by], named) => {
      const sorted = sort(asList(input), isTrue(isExact ?? named.case_sensitive ?? false), by ?? named.attribute)
      return isTrue(isReverse ?? named.reverse ?? false) ? sorted.toReversed() : sorted
    },
  ],
  ['min', list(items => sort(items)[0] ?? missingItem())],
  ['max', list(items => sort(items).at(-1) ?? missingItem())],
  [
    'sum',
    (input, [by, from], { attribute, start = from ?? 0 }) => pluck(asList(input), by ?? attribute).reduce(plus, start),
  ],
  [
    'flatten',
    (input, [most], { levels = most ?? Number.POSITIVE_INFINITY }) =>
      asList(input)
        .flat(Number(levels))
        .filter(item => item !== null),
  ],
  ['union', (input, [other]) => unique([...asList(input), ...asList(other)])],
  ['intersect', (input, [other]) => unique(asList(input)).filter(item => has(asList(other), item))],
  ['difference', (input, [other]) => unique(asList(input)).filter(item => !has(asList(other), item))],
  [
    'symmetric_difference',
    (input, [other]) =>
      unique([...asList(input), ...asList(other)]).filter(
        item => has(asList(input), item) !== has(asList(other), item),
      ),
  ],
  ['product', (input, [other]) => asList(input).flatMap(one => asList(other).map(two => [one, two]))],
  ['batch', (input, [size]) => batches(asList(input), Number(size))],
  ['select', (input, [test, ...args]) => asList(input).filter(item => holds(item, test, args))],
  ['reject', (input, [test, ...args]) => asList(input).filter(item => !holds(item, test, args))],
  [
    'selectattr',
    (input, [name, test, ...args]) => asList(input).filter(item => attributeHolds(item, name, test, args)),
  ],
  [
    'rejectattr',
    (input, [name, test, ...args]) => asList(input).filter(item => !attributeHolds(item, name, test, args)),
  ],
  [
    'zip',
    (input, [other]) =>
      asList(input)
        .slice(0, asList(other).length)
        .map((item, index) => [item, asList(other)[index]]),
  ],
]

function missingItem(): never {
  throw new FilterError('the list is empty')
}

function plus(sum: unknown, one: unknown): unknown {
  if (Array.isArray(sum) && Array.isArray(one)) return [...sum, ...one]
  if (typeof sum !== 'number' || typeof one !== 'number')
    throw new FilterError(`${repr(sum)} and ${repr(one)} have no sum`)
  return sum + one
}

function batches(items: readonly unknown[], size: number): readonly unknown[] {
  if (!(size >= 1)) throw new FilterError('the size of a batch is at least 1')
  return items.flatMap((_, index) => (index % size === 0 ? [items.slice(index, index + size)] : []))
}

function has(items: readonly unknown[], item: unknown): boolean {
  return items.some(one => isEqual(one, item))
}

function unique(items: readonly unknown[]): readonly unknown[] {
  return items.filter((item, index) => items.findIndex(one => isEqual(one, item)) === index)
}

/** `a.b` goes down; undefined where there is no such thing. */
export function attribute(item: unknown, path: unknown): unknown {
  return toText(path)
    .split('.')
    .reduce<unknown>((inner, step) => {
      if (Array.isArray(inner)) return inner[Number(step)]
      return isMapping(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined
    }, item)
}

function pluck(items: readonly unknown[], path: unknown): readonly unknown[] {
  return path === undefined ? items : items.map(item => attribute(item, path))
}

function holds(item: unknown, test: unknown, args: readonly unknown[]): boolean {
  if (test === undefined) return isTrue(item)
  if (test === 'defined') return item !== undefined
  if (test === 'undefined') return item === undefined
  const found = tests.get(operators[toText(test)] ?? toText(test))
  if (found === undefined) throw new FilterError(`test '${toText(test)}' is not supported`)
  return item !== undefined && found(item, args, {})
}

const operators: Readonly<Record<string, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
}

function attributeHolds(item: unknown, name: unknown, test: unknown, args: readonly unknown[]): boolean {
  return holds(attribute(item, name), test, args)
}

function order(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [toText(a), toText(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** Jinja sorts text without regard to case unless told to. */
function sort(items: readonly unknown[], isExact = false, by?: unknown): readonly unknown[] {
  const key = (item: unknown) => {
    const value = by === undefined ? item : attribute(item, by)
    return typeof value === 'string' && !isExact ? value.toLowerCase() : value
  }
  return items.toSorted((a, b) => order(key(a), key(b)))
}
