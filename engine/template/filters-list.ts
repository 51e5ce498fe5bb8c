import { FilterError } from './error.ts'
import type { Filter } from './filter.ts'
import { tests } from './tests.ts'
import { isEqual, isMapping, isTrue, ownPart, repr, toText } from './values.ts'
import type { Work } from './work.ts'

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
    (input, [separator = ''], { attribute }, work) =>
      work.join(textsOf(pluck(asList(input), attribute)), toText(separator)),
  ],
  ['length', list(items => items.length)],
  ['count', list(items => items.length)],
  ['first', list(items => items[0] ?? missingItem())],
  ['last', list(items => items.at(-1) ?? missingItem())],
  ['list', list(items => items)],
  ['unique', (input, _args, _named, work) => unique(asList(input), work)],
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
    (input, [by, from], { attribute, start = from ?? 0 }, work) =>
      pluck(asList(input), by ?? attribute).reduce((sum, one) => plus(sum, one, work), start),
  ],
  [
    'flatten',
    (input, [most], { levels = most ?? Number.POSITIVE_INFINITY }, work) =>
      flatten(asList(input), Number(levels), work).filter(item => item !== null),
  ],
  ['union', (input, [other], _, work) => unique([...asList(input), ...asList(other)], work)],
  ['intersect', (input, [other], _, work) => unique(asList(input), work).filter(holder(asList(other), work))],
  [
    'difference',
    (input, [other], _, work) => {
      const has = holder(asList(other), work)
      return unique(asList(input), work).filter(item => !has(item))
    },
  ],
  [
    'symmetric_difference',
    (input, [other], _, work) => {
      const [left, right] = [holder(asList(input), work), holder(asList(other), work)]
      return unique([...asList(input), ...asList(other)], work).filter(item => left(item) !== right(item))
    },
  ],
  [
    'product',
    (input, [other], _, work) => {
      const [left, right] = [asList(input), asList(other)]
      work.roomForItems(left.length * right.length)
      return left.flatMap(one => right.map(two => [one, two]))
    },
  ],
  ['batch', (input, [size]) => batches(asList(input), Number(size))],
  ['select', (input, [test, ...args], _, work) => asList(input).filter(item => holds(item, test, args, work))],
  ['reject', (input, [test, ...args], _, work) => asList(input).filter(item => !holds(item, test, args, work))],
  [
    'selectattr',
    (input, [name, test, ...args], _, work) =>
      asList(input).filter(item => attributeHolds(item, name, test, args, work)),
  ],
  [
    'rejectattr',
    (input, [name, test, ...args], _, work) =>
      asList(input).filter(item => !attributeHolds(item, name, test, args, work)),
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

function* textsOf(items: readonly unknown[]): Iterable<string> {
  for (const item of items) yield toText(item)
}

function flatten(items: readonly unknown[], levels: number, work: Work): readonly unknown[] {
  const result: unknown[] = []
  const add = (list: readonly unknown[], left: number) => {
    for (const item of list) {
      work.spend(1)
      if (Array.isArray(item) && left > 0) add(item, left - 1)
      else result.push(item)
    }
  }
  add(items, levels)
  return result
}

function plus(sum: unknown, one: unknown, work: Work): unknown {
  if (Array.isArray(sum) && Array.isArray(one)) return work.made([...sum, ...one])
  if (typeof sum !== 'number' || typeof one !== 'number')
    throw new FilterError(`${repr(sum)} and ${repr(one)} have no sum`)
  return sum + one
}

function batches(items: readonly unknown[], size: number): readonly unknown[] {
  if (!(size >= 1)) throw new FilterError('the size of a batch is at least 1')
  return items.flatMap((_, index) => (index % size === 0 ? [items.slice(index, index + size)] : []))
}

/** Whether an item is one of these. Texts, which most are, are found at once. */
function holder(items: readonly unknown[], work: Work): (item: unknown) => boolean {
  const texts = new Set(items.filter(item => typeof item === 'string'))
  const others = items.filter(item => typeof item !== 'string')
  return item => {
    if (typeof item === 'string') return texts.has(item)
    work.spend(others.length)
    return others.some(one => isEqual(one, item))
  }
}

function unique(items: readonly unknown[], work: Work): readonly unknown[] {
  const texts = new Set<string>()
  const others: unknown[] = []
  return items.filter(item => {
    if (typeof item === 'string') {
      const isNew = !texts.has(item)
      texts.add(item)
      return isNew
    }
    work.spend(others.length)
    const isNew = !others.some(one => isEqual(one, item))
    if (isNew) others.push(item)
    return isNew
  })
}

/** `a.b` goes down; undefined where there is no such thing. */
export function attribute(item: unknown, path: unknown): unknown {
  return toText(path)
    .split('.')
    .reduce<unknown>((inner, step) => {
      if (Array.isArray(inner)) return inner[Number(step)]
      return isMapping(inner) ? ownPart(inner, step) : undefined
    }, item)
}

function pluck(items: readonly unknown[], path: unknown): readonly unknown[] {
  return path === undefined ? items : items.map(item => attribute(item, path))
}

function holds(item: unknown, test: unknown, args: readonly unknown[], work: Work): boolean {
  work.begin()
  if (test === undefined) return isTrue(item)
  if (test === 'defined') return item !== undefined
  if (test === 'undefined') return item === undefined
  const found = tests.get(operators.get(toText(test)) ?? toText(test))
  if (found === undefined) throw new FilterError(`test '${toText(test)}' is not supported`)
  return item !== undefined && found(item, args, {}, work)
}

const operators: ReadonlyMap<string, string> = new Map([
  ['==', 'eq'],
  ['!=', 'ne'],
  ['<', 'lt'],
  ['<=', 'le'],
  ['>', 'gt'],
  ['>=', 'ge'],
])

function attributeHolds(item: unknown, name: unknown, test: unknown, args: readonly unknown[], work: Work): boolean {
  return holds(attribute(item, name), test, args, work)
}

function order(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [toText(a), toText(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** Jinja sorts text without regard to case unless told to. */
function sort(items: readonly unknown[], isExact = false, by?: unknown): readonly unknown[] {
  const key = (item: unknown): string | number => {
    const value = by === undefined ? item : attribute(item, by)
    if (typeof value === 'number') return value
    return typeof value === 'string' && !isExact ? value.toLowerCase() : toText(value)
  }
  const keyed = items.map(item => ({ item, key: key(item) }))
  return keyed.sort((a, b) => order(a.key, b.key)).map(({ item }) => item)
}
