/** Seconds that a run may wait for anything. A timer of Node of more than 24.8 days takes no time at all. */
export const longestWait = 24 * 3600

const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 }

/**
 * Seconds of a duration as kubectl writes it: `360s`, `6m`, `1h30m`, or a plain number of seconds (the format
 * `duration` of a schema). kubespray takes the number in front of the unit for seconds, and `6m` for 0 (kubespray's
 * drain_timeout).
 */
export function seconds(value: number | string): number {
  if (typeof value === 'number' || /^\d+$/.test(value)) return Number(value)
  return [...value.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 1),
    0,
  )
}
