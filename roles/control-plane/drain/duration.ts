const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 }

/**
 * Seconds of a duration as kubectl writes it: `360s`, `6m`, `1h30m`, or a plain number of seconds. kubespray takes the
 * number in front of the unit for seconds, and `6m` for 0 (kubespray's drain_timeout). Throws on anything else.
 */
export function seconds(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  const text = String(value).trim()
  if (/^\d+$/.test(text)) return Number(text)
  if (!/^(\d+[hms])+$/.test(text))
    throw new Error(`${name}: ${JSON.stringify(value)} is no duration; write 360s, 6m or 1h30m`)
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 1),
    0,
  )
}
