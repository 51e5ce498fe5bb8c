/** As many hosts in flight as it says, see `window()`. */
export interface Window {
  readonly window: number | string
}

/**
 * How many hosts go at a time: a number, a percentage such as `20%`, a window, or a list of them. The last number of a
 * list repeats; a window takes the rest, so it comes last.
 */
export type Serial = number | string | Window | readonly (number | string | Window)[]

/**
 * A sliding window in the place of batches: `serial: window('20%')` keeps so many hosts in flight, a number or a share
 * of the play's, and the next starts when one is done and its gate holds. Numbers before it are batches as ever:
 * `serial: [1, window('20%')]`. What is no size (0, `'0%'`, a misspelt one) is refused before any host is touched.
 */
export const window = (size: number | string): Window => ({ window: size })

/** Hosts that follow those before them: all of them together or, in a window, so many at a time. */
export interface Portion<T> {
  readonly hosts: readonly T[]
  readonly window?: number
}

/**
 * Batches in order, a window as the last of them. Ansible's rounding (utils/helpers.py `pct_to_int`): floor of the
 * percentage, at least 1; 29% of 100 is 28, because the expression is kept as it stands there. A number ≤ 0 takes every
 * host that is left.
 */
export function portionsOf<T>(hosts: readonly T[], serial: Serial | undefined): readonly Portion<T>[] {
  const items = serial === undefined ? [] : itemsOf(serial)
  const portions: Portion<T>[] = []
  for (let start = 0; start < hosts.length; ) {
    const item = items[Math.min(portions.length, items.length - 1)] ?? 0
    if (isWindow(item)) {
      portions.push({ hosts: hosts.slice(start), window: batchSize(item.window, hosts.length) })
      break
    }
    const wanted = batchSize(item, hosts.length)
    const size = wanted > 0 ? wanted : hosts.length
    portions.push({ hosts: hosts.slice(start, start + size) })
    start += size
  }
  return portions
}

type Item = number | string | Window

const itemsOf = (serial: Serial): readonly Item[] => (isList(serial) ? serial : [serial])

const isList = (serial: Serial): serial is readonly Item[] => Array.isArray(serial)

const isWindow = (item: Item): item is Window => typeof item === 'object' && item !== null

export function batchSize(item: number | string, total: number): number {
  const text = String(item).trim()
  if (text.endsWith('%')) return Math.trunc((Number.parseInt(text, 10) / 100) * total) || 1
  return Number.parseInt(text, 10)
}

/** What is wrong with it, or nothing. */
export function checkSerial(serial: Serial): string | undefined {
  const items = itemsOf(serial)
  if (items.length === 0) return 'serial is an empty list'
  for (const [index, item] of items.entries()) {
    const wrong = isWindow(item) ? wrongWindow(item, items.slice(index + 1)) : wrongBatch(item, items.slice(index + 1))
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function wrongBatch(item: number | string, rest: readonly Item[]): string | undefined {
  if (!isSize(item))
    return `serial ${JSON.stringify(item)} is neither a number of hosts nor a percentage such as 20%${likeWindow(item)}`
  if (rest.some(isWindow) && Number.parseInt(String(item), 10) <= 0 && !String(item).includes('%'))
    return `serial ${item} takes every host, and leaves none to the window behind it`
  return undefined
}

function wrongWindow({ window: size }: Window, rest: readonly Item[]): string | undefined {
  const said = `window(${JSON.stringify(size) ?? ''})`
  if (!isSize(size)) return `serial ${said}: expected a number of hosts or a percentage such as window('20%')`
  if (Number.parseInt(String(size), 10) <= 0)
    return `serial ${said}: a window has one host at least; without serial all hosts go at once`
  return rest.length > 0 ? `serial ${said}: a window takes the rest, so it comes last` : undefined
}

const isSize = (item: unknown): boolean => /^\s*-?\d+\s*%?\s*$/.test(String(item))

const likeWindow = (item: number | string): string =>
  /window/i.test(String(item))
    ? "; a window is window('20%') in a playbook, and --serial 20% --window on the command line"
    : ''

/** `--serial 20%` or `--serial 1,5,20%`. */
export const parseSerial = (text: string): Serial => (text.includes(',') ? text.split(',') : text)

export const hasWindow = (serial: Serial): boolean => itemsOf(serial).some(isWindow)

/** The same sizes, the last of them as a window. */
export function asWindow(serial: Serial): Serial {
  const items = itemsOf(serial)
  const last = items.at(-1)
  return last === undefined || isWindow(last) ? serial : [...items.slice(0, -1), window(last)]
}
