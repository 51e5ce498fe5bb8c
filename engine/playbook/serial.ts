/** Hosts per batch: a number, a percentage such as `20%`, or a list of them whose last item repeats. */
export type Serial = number | string | readonly (number | string)[]

/**
 * Batches in order. Ansible's rounding (utils/helpers.py `pct_to_int`): floor of the percentage, at least 1; 29% of 100
 * is 28, because the expression is kept as it stands there. A number ≤ 0 takes every host that is left.
 */
export function batchesOf<T>(hosts: readonly T[], serial: Serial | undefined): readonly (readonly T[])[] {
  const sizes = (Array.isArray(serial) ? serial : serial === undefined ? [] : [serial]).map(item =>
    batchSize(item, hosts.length),
  )
  const batches: (readonly T[])[] = []
  for (let start = 0; start < hosts.length; ) {
    const wanted = sizes[Math.min(batches.length, sizes.length - 1)] ?? 0
    const size = wanted > 0 ? wanted : hosts.length
    batches.push(hosts.slice(start, start + size))
    start += size
  }
  return batches
}

export function batchSize(item: number | string, total: number): number {
  const text = String(item).trim()
  if (text.endsWith('%')) return Math.trunc((Number.parseInt(text, 10) / 100) * total) || 1
  return Number.parseInt(text, 10)
}

/** What is wrong with it, or nothing. */
export function checkSerial(serial: Serial): string | undefined {
  const items = Array.isArray(serial) ? serial : [serial]
  if (items.length === 0) return 'serial is an empty list'
  const bad = items.find(item => !/^\s*-?\d+\s*%?\s*$/.test(String(item)))
  return bad === undefined
    ? undefined
    : `serial ${JSON.stringify(bad)} is neither a number of hosts nor a percentage such as 20%`
}

/** `--serial 20%` or `--serial 1,5,20%`. */
export const parseSerial = (text: string): Serial => (text.includes(',') ? text.split(',') : text)
