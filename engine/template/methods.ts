import { setKey } from '../python/index.ts'
import { FilterError } from './error.ts'
import { braceFormat } from './format.ts'
import { isEqual, isMapping, ownPart, toText } from './values.ts'
import type { Work } from './work.ts'

type Method = (...args: readonly unknown[]) => unknown

/** What a method may change, and where it counts what it costs. */
interface Around {
  readonly made: WeakSet<object>
  readonly work: Work
}

/**
 * The methods of Python's strings, mappings and lists that inventories call, and no others: nothing of JavaScript's own
 * objects.
 */
export function methodOf(target: unknown, name: string, around: Around): Method | undefined {
  if (typeof target === 'string') return ofTable(textMethods, name)?.(target, around.work)
  if (isMapping(target)) return ofTable(mapMethods, name)?.(target) ?? changing(target, name, around)
  return Array.isArray(target) ? (ofTable(listMethods, name)?.(target) ?? changing(target, name, around)) : undefined
}

const ofTable = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** `list.append(x)` and its like. A variable of the inventory stays as it is, whichever template is evaluated first. */
function changing(target: object, name: string, { made, work }: Around): Method | undefined {
  const change = ofTable(changes, name)
  if (change === undefined) return undefined
  return (...args) => {
    if (!made.has(target))
      throw new FilterError(`${name}: only a list or mapping that the template has made can be changed`)
    const result = change(target, args)
    work.made(target)
    return result ?? null
  }
}

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const changes: Readonly<Record<string, (target: object, args: readonly unknown[]) => unknown>> = {
  append: (target, [item]) => void (Array.isArray(target) && target.push(item)),
  extend: (target, [items]) => {
    if (Array.isArray(target)) for (const item of [...asArray(items)]) target.push(item)
  },
  insert: (target, [index, item]) => void (Array.isArray(target) && target.splice(Number(index), 0, item)),
  pop: (target, [index = -1]) => (Array.isArray(target) ? target.splice(Number(index), 1)[0] : undefined),
  update: (target, [other]) => {
    if (!isMapping(other) || !isMapping(target)) throw new FilterError('update: a mapping is needed')
    for (const [key, value] of Object.entries(other)) setKey(target, key, value)
  },
}

const textMethods: Readonly<Record<string, (text: string, work: Work) => Method>> = {
  upper: text => () => text.toUpperCase(),
  lower: text => () => text.toLowerCase(),
  capitalize: text => () => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
  strip: text => set => stripSet(text, set, 'both'),
  lstrip: text => set => stripSet(text, set, 'left'),
  rstrip: text => set => stripSet(text, set, 'right'),
  startswith: text => start => text.startsWith(toText(start)),
  endswith: text => end => text.endsWith(toText(end)),
  replace: (text, work) => (from, to, most) => replaceText(text, toText(from), toText(to), most, work),
  split: (text, work) => (separator, most) => split(text, separator, most, work),
  splitlines: text => () => text.split(/\r?\n/),
  join: (text, work) => items => (Array.isArray(items) ? work.join(items.map(toText), text) : text),
  find: text => part => text.indexOf(toText(part)),
  count: text => part => (toText(part) === '' ? [...text].length + 1 : text.split(toText(part)).length - 1),
  isdigit: text => () => /^\d+$/.test(text),
  format:
    (text, work) =>
    (...args) =>
      braceFormat(text, args, work),
}

function stripSet(text: string, set: unknown, side: 'both' | 'left' | 'right'): string {
  const chars = set === undefined || set === null ? undefined : toText(set)
  const isOut = (char: string) => (chars === undefined ? char.trim() === '' : chars.includes(char))
  let start = 0
  let end = text.length
  if (side !== 'right') while (start < end && isOut(text.charAt(start))) start += 1
  if (side !== 'left') while (end > start && isOut(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** Python's `replace`; with `most`, no more than so many of them. */
export function replaceText(text: string, from: string, to: string, most: unknown, work: Work): string {
  const all = from === '' ? ['', ...text, ''] : text.split(from)
  const count =
    most === undefined || most === null || Number(most) < 0 ? all.length - 1 : Math.min(Number(most), all.length - 1)
  work.roomForText(text.length + count * (to.length - from.length))
  return (
    all.slice(0, count + 1).join(to) +
    all
      .slice(count + 1)
      .map(part => from + part)
      .join('')
  )
}

/** Without a separator at runs of space; with a limit the rest stays in one piece. */
export function split(text: string, separator: unknown, most: unknown, work: Work): string[] {
  work.spend(text.length >>> 5)
  if (separator === undefined || separator === null) return text.trim() === '' ? [] : text.trim().split(/\s+/)
  const by = toText(separator)
  if (by === '') throw new FilterError('empty separator')
  const parts = text.split(by)
  if (typeof most !== 'number' || most < 0 || parts.length <= most + 1) return parts
  return [...parts.slice(0, most), parts.slice(most).join(by)]
}

const mapMethods: Readonly<Record<string, (map: Readonly<Record<string, unknown>>) => Method>> = {
  items: map => () => Object.entries(map),
  keys: map => () => Object.keys(map),
  values: map => () => Object.values(map),
  get: map => (key, fallback) => ownPart(map, toText(key)) ?? fallback ?? null,
}

const listMethods: Readonly<Record<string, (list: readonly unknown[]) => Method>> = {
  index: list => item => {
    const found = list.findIndex(one => isEqual(one, item))
    if (found < 0) throw new FilterError(`index: it is not in the list`)
    return found
  },
  count: list => item => list.filter(one => isEqual(one, item)).length,
}
