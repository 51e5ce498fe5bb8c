import { pythonJson, toNode } from '../python/index.ts'
import { FilterError } from './error.ts'
import type { Filter } from './filter.ts'
import { asList, attribute, listFilters } from './filters-list.ts'
import { regexpFilters } from './filters-regexp.ts'
import { textFilters } from './filters-text.ts'
import { ipaddr, ipmath, ipsubnet, nthhost, wrap } from './ipaddr.ts'
import { checkSize, isLazyMap, isMapping, isTrue, isUndefined, lookupIn, ownPart, repr, toText } from './values.ts'
import type { Work } from './work.ts'

/** The filters that exist here; any other is an error that names it. `default` is part of the evaluator. */
export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...textFilters,
  ...listFilters,
  ...regexpFilters,
  ['bool', input => (input === null ? null : toBool(input))],
  ['int', (input, [fallback = 0, base = 10]) => toInteger(input, Number(base)) ?? fallback],
  ['float', (input, [fallback = 0]) => toFloat(input) ?? fallback],
  ['string', input => toText(input)],
  ['abs', input => (typeof input === 'bigint' ? (input < 0n ? -input : input) : Math.abs(asNumber(input)))],
  ['round', (input, [digits = 0, method = 'common']) => round(asNumber(input), asNumber(digits), toText(method))],
  [
    'ternary',
    (input, [yes, no, nothing]) => (input === null && nothing !== undefined ? nothing : isTrue(input) ? yes : no),
  ],
  ['combine', (input, args, named) => combine([input, ...args].flat(), isTrue(named.recursive ?? false))],
  ['dict2items', input => Object.entries(asMapping(input)).map(([key, value]) => ({ key, value }))],
  [
    'items2dict',
    (input, _, { key_name = 'key', value_name = 'value' }) => itemsToDict(input, toText(key_name), toText(value_name)),
  ],
  [
    'dictsort',
    input => Object.entries(asMapping(input)).sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  ],
  ['items', input => Object.entries(asMapping(input))],
  ['map', (input, args, named, work) => map(asList(input), args, named, work)],
  ['extract', (input, [container, more]) => extract(input, container, more)],
  ['mandatory', input => input],
  ['type_debug', input => typeName(input)],
  ['to_json', input => pythonDumps(sized(input))],
  ['to_nice_json', input => pythonJson(toNode(sized(input)))],
  ['from_json', input => sized(parseJson(toText(input)))],
  ['ipaddr', (input, [query]) => ipaddr(input, query)],
  ['ipv4', (input, [query]) => ipaddr(input, query, 4)],
  ['ipv6', (input, [query]) => ipaddr(input, query, 6)],
  ['ipwrap', wrap],
  ['ipsubnet', (input, [size, index]) => ipsubnet(input, size, index)],
  ['nthhost', (input, [query]) => nthhost(input, query)],
  ['ipmath', (input, [amount]) => ipmath(input, amount)],
])

/** The same value, when it can be walked through to its last part. */
function sized(input: unknown): unknown {
  checkSize(input)
  return input
}

function typeName(input: unknown): string {
  if (input === null) return 'NoneType'
  if (Array.isArray(input)) return 'list'
  if (typeof input === 'string') return 'str'
  if (typeof input === 'boolean') return 'bool'
  if (typeof input === 'number') return Number.isInteger(input) ? 'int' : 'float'
  return typeof input === 'bigint' ? 'int' : 'dict'
}

/** `json.dumps(value)`: a space after each comma and colon, nothing but ASCII. */
function pythonDumps(input: unknown): string {
  if (Array.isArray(input)) return `[${input.map(pythonDumps).join(', ')}]`
  if (isMapping(input))
    return `{${Object.entries(input)
      .map(([key, value]) => `${pythonDumps(key)}: ${pythonDumps(value)}`)
      .join(', ')}}`
  if (typeof input === 'bigint') return String(input)
  return (JSON.stringify(input) ?? 'null').replace(
    /[\u0080-\uffff]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Ansible's `bool`: only these words are true, whatever else is false. */
function toBool(input: unknown): boolean {
  if (typeof input === 'boolean') return input
  return ['yes', 'on', '1', 'true'].includes(toText(input).toLowerCase())
}

function toInteger(input: unknown, base: number): number | undefined {
  if (typeof input === 'boolean') return Number(input)
  if (base !== 10 && typeof input === 'string') {
    const digits = input.trim().replace(/^0[xob]/i, '')
    const number = Number.parseInt(digits, base)
    return number.toString(base) === digits.toLowerCase().replace(/^0+(?=.)/, '') ? number : undefined
  }
  const number =
    typeof input === 'number'
      ? input
      : /^\s*[-+]?\d+(?:\.\d*)?\s*$/.test(toText(input))
        ? Number(toText(input))
        : Number.NaN
  return Number.isFinite(number) ? Math.trunc(number) : undefined
}

function toFloat(input: unknown): number | undefined {
  const number = typeof input === 'string' && input.trim() === '' ? Number.NaN : Number(input)
  return Number.isNaN(number) ? undefined : number
}

/** Python rounds halves to the even neighbour. */
function asNumber(input: unknown): number {
  const isPlain = ['number', 'bigint', 'boolean'].includes(typeof input)
  const number = isPlain || (typeof input === 'string' && input.trim() !== '') ? Number(input) : Number.NaN
  if (Number.isNaN(number)) throw new FilterError(`a number is needed, this is ${repr(input)}`)
  return number
}

function round(value: number, digits: number, method: string): number {
  const scale = 10 ** digits
  // Of more digits than a number has, all stay.
  if (!Number.isFinite(value * scale)) return value
  const scaled = value * scale
  if (method === 'ceil') return Math.ceil(scaled) / scale
  if (method === 'floor') return Math.floor(scaled) / scale
  const low = Math.floor(scaled)
  const isHalf = scaled - low === 0.5
  return (isHalf ? (low % 2 === 0 ? low : low + 1) : Math.round(scaled)) / scale
}

function asMapping(input: unknown): Readonly<Record<string, unknown>> {
  if (isMapping(input)) return input
  throw new FilterError(`a mapping is needed, this is ${repr(input)}`)
}

function combine(maps: readonly unknown[], isRecursive: boolean): unknown {
  const all = maps.map(asMapping)
  return isRecursive ? all.reduce(merge, {}) : Object.fromEntries(all.flatMap(Object.entries))
}

function merge(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result = new Map(Object.entries(left))
  for (const [key, value] of Object.entries(right)) {
    const old = result.get(key)
    result.set(key, isMapping(old) && isMapping(value) ? merge(old, value) : value)
  }
  return Object.fromEntries(result)
}

function itemsToDict(input: unknown, key: string, value: string): unknown {
  if (!Array.isArray(input)) throw new FilterError('a list is needed')
  const part = (item: unknown, name: string) => {
    const found = ownPart(asMapping(item), name)
    if (found === undefined) throw new FilterError(`an item has no '${name}'`)
    return found
  }
  return Object.fromEntries(input.map(item => [toText(part(item, key)), part(item, value)]))
}

/** `'h1' | extract(hostvars, 'ip')`. */
function extract(key: unknown, container: unknown, more: unknown): unknown {
  return [key, ...(more === undefined ? [] : [more].flat())].reduce((inner, step) => {
    const found = isLazyMap(inner) ? lookupIn(inner, toText(step)) : attribute(inner, step)
    if (found === undefined || isUndefined(found)) throw new FilterError(`there is no '${toText(step)}' to extract`)
    return found
  }, container)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new FilterError('not valid JSON')
  }
}

/** `map(attribute='a.b', default=…)` or `map('filter', arguments…)`. */
function map(
  items: readonly unknown[],
  [name, ...args]: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
  work: Work,
): unknown {
  work.spend(items.length)
  if (named.attribute !== undefined) {
    return items.map(item => {
      const found = attribute(item, named.attribute)
      if (found !== undefined) return found
      if (named.default !== undefined) return named.default
      throw new FilterError(`an item has no '${toText(named.attribute)}'`)
    })
  }
  const filter = filters.get(toText(name).replace(/^ansible\.(?:builtin|utils)\./, ''))
  if (filter === undefined) throw new FilterError(`filter '${toText(name)}' is not supported`)
  return items.map(item => {
    work.begin()
    return work.made(filter(item, args, named, work))
  })
}
