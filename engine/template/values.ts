import { pythonFloat } from '../python/index.ts'
import { FilterError } from './error.ts'
import { measure, mostItems } from './work.ts'

/** Something a template named that is not there. Only `default` and `is defined` may look at it. */
export interface Undefined {
  readonly [isMissing]: string
}

const isMissing = Symbol('undefined')

export function missing(name: string): Undefined {
  return { [isMissing]: name }
}

/** What an `if` without `else` gives: not there, and as text nothing, where any other missing value is an error. */
export const nothing: Undefined = missing('the value of an "if" without "else"')

export function isUndefined(value: unknown): value is Undefined {
  return typeof value === 'object' && value !== null && isMissing in value
}

export function missingName(value: Undefined): string {
  return value[isMissing]
}

/** A mapping whose values are made when they are asked for: `hostvars`, one host's variables. */
export interface Lookup {
  readonly [lookup]: (name: string) => unknown
}

const lookup = Symbol('lookup')

export function lazyMap(get: (name: string) => unknown): Lookup {
  return { [lookup]: get }
}

export function isLazyMap(value: unknown): value is Lookup {
  return typeof value === 'object' && value !== null && lookup in value
}

export function lookupIn(map: Lookup, name: string): unknown {
  return map[lookup](name)
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !isUndefined(value) &&
    !isLazyMap(value) &&
    !namespaceOf(value)
  )
}

/** `namespace(…)`: a mapping that `{% set ns.x = … %}` changes. */
export interface Namespace {
  readonly [namespace]: Map<string, unknown>
}

const namespace = Symbol('namespace')

export function makeNamespace(start: Readonly<Record<string, unknown>>): Namespace {
  return { [namespace]: new Map(Object.entries(start)) }
}

export function namespaceOf(value: unknown): Map<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && namespace in value ? (value as Namespace)[namespace] : undefined
}

/** The part of a mapping that it has itself: `constructor` and its like are none. */
export function ownPart(map: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

/**
 * Throws a FilterError for what is too large or too deep to be printed, compared or handed on, and for what is no data.
 */
export function checkSize(value: unknown): void {
  measure(value, part => {
    if (Array.isArray(part)) return part
    if (isMapping(part)) return Object.entries(part).flat()
    throw new FilterError(
      isLazyMap(part)
        ? "hostvars, or one host's, is no value as a whole: take what is needed of it"
        : 'this is no value',
    )
  })
}

/** Python's truth: empty text, lists and mappings, zero and None are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return isMapping(value) ? Object.keys(value).length > 0 : Boolean(value)
}

/** Python's `==` for plain data. */
export function isEqual(a: unknown, b: unknown, work = { left: mostItems }): boolean {
  if (a === b) return true
  work.left -= 1
  if (work.left < 0) throw new FilterError(`more than ${mostItems} parts to compare`)
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index], work))
  if (isMapping(a) && isMapping(b)) {
    const keys = Object.keys(a)
    return (
      keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && isEqual(a[key], b[key], work))
    )
  }
  if (typeof a === 'boolean' && typeof b === 'number') return Number(a) === b
  return typeof a === 'number' && typeof b === 'boolean' && a === Number(b)
}

/** Python's `str()`. */
export function toText(value: unknown): string {
  return typeof value === 'string' ? value : repr(value)
}

/** Python's `repr()`. Throws a FilterError for what is too large. */
export function repr(value: unknown): string {
  if (typeof value === 'object' || typeof value === 'function') checkSize(value)
  return write(value)
}

function write(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : pythonFloat(value)
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`
  if (isMapping(value))
    return `{${Object.entries(value)
      .map(([key, inner]) => `${quote(key)}: ${write(inner)}`)
      .join(', ')}}`
  return String(value)
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll(mark, `\\${mark}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return mark + escaped + mark
}
