/** A time of the clock, the next such one, or one of a certain day; in the zone of this machine where none is said. */
export interface Moment {
  readonly day?: Day
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** A name of the time zone database, or minutes east of UTC. */
  readonly zone?: string | number
}

interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

export const expectedMoment =
  "a time such as 04:30 or 2026-12-01T04:30 is expected, with a zone where it is another: 04:30Z, 04:30+01:00, '04:30 Europe/Berlin'"

const written =
  /^(?:(\d{4})-(\d\d)-(\d\d)T)?(\d\d?):(\d\d)(?::(\d\d))?(?: *(?:(Z)|([+-])(\d\d):?(\d\d)|([A-Za-z][\w+/-]*)))?$/

/** Undefined where the text is none: another shape, a day or a time that no clock shows, a zone that is not known. */
export function parseMoment(text: string): Moment | undefined {
  const found = written.exec(text)
  if (!found) return undefined
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(digits => Number(digits ?? 0))
  const [utc, sign, zoneHours, zoneMinutes, name] = found.slice(7)
  const moment = { hour: hour ?? 0, minute: minute ?? 0, second: second ?? 0 }
  if (moment.hour > 23 || moment.minute > 59 || moment.second > 59) return undefined
  const zone = utc ? 0 : sign ? (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes)) : name
  if (typeof zone === 'string' && !isZone(zone)) return undefined
  if (typeof zone === 'number' && Math.abs(zone) > 18 * 60) return undefined
  const named = found[1] === undefined ? undefined : { year: year ?? 0, month: month ?? 0, day: day ?? 0 }
  if (named && !isDay(named)) return undefined
  return { ...moment, ...(named && { day: named }), ...(zone === undefined ? {} : { zone }) }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const isDay = ({ year, month, day }: Day): boolean => {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

const dayLong = 24 * 60 * 60 * 1000

/**
 * In milliseconds since 1970: that of its day; without one the first after `now` at which the clock shows it. Of a
 * time that a clock shows twice (it is put back) that is the first to come; where it shows none such on that day (it
 * is put forward past it), the moment at which it is put forward.
 */
export function momentAfter({ day, hour, minute, second, zone }: Moment, now: number): number {
  const offset = offsetIn(zone)
  const time = ((hour * 60 + minute) * 60 + second) * 1000
  const first = (instants: readonly number[]) => Math.min(...instants)
  if (day) return first(instantsOf(Date.UTC(day.year, day.month - 1, day.day) + time, offset))
  const shown = now + offset(now)
  const today = shown - (((shown % dayLong) + dayLong) % dayLong)
  return first(
    [0, 1].flatMap(days => instantsOf(today + days * dayLong + time, offset)).filter(instant => instant > now),
  )
}

/** Milliseconds that the clock is ahead of UTC at an instant. */
type Offset = (instant: number) => number

function offsetIn(zone: Moment['zone']): Offset {
  if (typeof zone === 'number') return () => zone * 60_000
  if (zone === undefined) return instant => -new Date(instant).getTimezoneOffset() * 60_000
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return instant => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
    const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
    const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
    return shown - Math.floor(instant / 1000) * 1000
  }
}

/** When a clock shows what it would as one of UTC: once, twice, or when it is put forward past it. */
function instantsOf(shown: number, offset: Offset): readonly number[] {
  const offsets = [...new Set([offset(shown - dayLong), offset(shown + dayLong)])]
  const found = offsets.map(ahead => shown - ahead).filter(instant => instant + offset(instant) === shown)
  if (found.length > 0) return found
  let [before, after] = [shown - Math.max(...offsets), shown - Math.min(...offsets)]
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000
    if (middle + offset(middle) < shown) before = middle
    else after = middle
  }
  return [after]
}

/** As ISO 8601 has it, by the clock that the moment is said of. */
export function isoMoment(instant: number, { zone }: Pick<Moment, 'zone'>): string {
  const ahead = Math.round(offsetIn(zone)(instant) / 60_000)
  const digits = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60]
  const shown = new Date(instant + ahead * 60_000).toISOString().replace(/\.\d+Z$/, '')
  return `${shown}${ahead < 0 ? '-' : '+'}${digits(hours)}:${digits(minutes)}`
}
