import { FilterError } from './error.ts'
import { isMapping, toText } from './values.ts'

type Method = (...args: readonly unknown[]) => unknown

/** The methods of Python's strings, mappings and lists that inventories call. `made` is what may be changed. */
export function methodOf(target: unknown, name: string, made: WeakSet<object>): Method | undefined {
  if (typeof target === 'string') return ofTable(textMethods, name)?.(target)
  if (isMapping(target)) return ofTable(mapMethods, name)?.(target) ?? changing(target, name, made)
  return Array.isArray(target) ? (ofTable(listMethods, name)?.(target) ?? changing(target, name, made)) : undefined
}

const ofTable = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** `list.append(x)` and its like. A variable of the inventory stays as it is, whichever template is evaluated first. */
function changing(target: object, name: string, made: WeakSet<object>): Method | undefined {
  const change = changes[name]
  if (change === undefined) return undefined
  return (...args) => {
    if (!made.has(target))
      throw new FilterError(`${name}: only a list or mapping that the template has made can be changed`)
    return change(target, args) ?? null
  }
}

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const changes: Readonly<Record<string, (target: object, args: readonly unknown[]) => unknown>> = {
  append: (target, [item]) => void (Array.isArray(target) && target.push(item)),
  extend: (target, [items]) => void (Array.isArray(target) && target.push(...asArray(items))),
  insert: (target, [index, item]) => void (Array.isArray(target) && target.splice(Number(index), 0, item)),
  pop: (target, [index = -1]) => (Array.isArray(target) ? target.splice(Number(index), 1)[0] : undefined),
  update: (target, [other]) => void (isMapping(other) && !Array.isArray(target) && Object.assign(target, other)),
}

const textMethods: Readonly<Record<string, (text: string) => Method>> = {
  upper: text => () => text.toUpperCase(),
  lower: text => () => text.toLowerCase(),
  capitalize: text => () => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
  strip: text => set => stripSet(text, set, 'both'),
  lstrip: text => set => stripSet(text, set, 'left'),
  rstrip: text => set => stripSet(text, set, 'right'),
  startswith: text => start => text.startsWith(toText(start)),
  endswith: text => end => text.endsWith(toText(end)),
  replace: text => (from, to) => text.replaceAll(toText(from), toText(to)),
  split: text => (separator, most) => split(text, separator, most),
  splitlines: text => () => text.split(/\r?\n/),
  join: text => items => (Array.isArray(items) ? items.map(toText).join(text) : text),
  find: text => part => text.indexOf(toText(part)),
  count: text => part => text.split(toText(part)).length - 1,
  isdigit: text => () => /^\d+$/.test(text),
  format:
    text =>
    (...args) =>
      text.replace(
        /\{(\d*)\}/g,
        (() => {
          let next = 0
          return (_: string, index: string) => toText(args[index === '' ? next++ : Number(index)])
        })(),
      ),
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

/** Without a separator at runs of space; with a limit the rest stays in one piece. */
export function split(text: string, separator: unknown, most: unknown): string[] {
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
  get: map => (key, fallback) => map[toText(key)] ?? fallback ?? null,
}

const listMethods: Readonly<Record<string, (list: readonly unknown[]) => Method>> = {
  index: list => item => list.indexOf(item),
  count: list => item => list.filter(one => one === item).length,
}
