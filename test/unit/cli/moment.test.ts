import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, is, ok } from 'uvu/assert'
import { isoMoment, momentAfter, parseMoment } from '../../../engine/cli/moment.ts'

const after = (text: string, now: string): string => {
  const moment = parseMoment(text)
  if (moment === undefined) throw new Error(`${text} is no moment`)
  return new Date(momentAfter(moment, Date.parse(now))).toISOString()
}

// Berlin puts its clock forward on 2026-03-29 at 02:00 (01:00 UTC), and back on 2026-10-25 at 03:00 (01:00 UTC).
const moments: readonly (readonly [what: string, text: string, now: string, expected: string])[] = [
  ['today', '04:30Z', '2026-12-01T01:00:00Z', '2026-12-01T04:30:00.000Z'],
  ['tomorrow, where it was today', '04:30Z', '2026-12-01T22:00:00Z', '2026-12-02T04:30:00.000Z'],
  ['it is so now: the next one is tomorrow', '04:30Z', '2026-12-01T04:30:00Z', '2026-12-02T04:30:00.000Z'],
  ['a second before', '04:30Z', '2026-12-01T04:29:59Z', '2026-12-01T04:30:00.000Z'],
  ['with seconds', '04:30:15Z', '2026-12-01T04:30:00Z', '2026-12-01T04:30:15.000Z'],
  ['one digit', '4:30Z', '2026-12-01T01:00:00Z', '2026-12-01T04:30:00.000Z'],
  ['over the end of a year', '00:15Z', '2026-12-31T23:50:00Z', '2027-01-01T00:15:00.000Z'],
  ['east of here', '04:30+05:30', '2026-12-01T01:00:00Z', '2026-12-01T23:00:00.000Z'],
  ['west of here', '04:30-0330', '2026-12-01T01:00:00Z', '2026-12-01T08:00:00.000Z'],
  ['in the zone another day has begun', '04:30 Pacific/Auckland', '2026-12-01T12:00:00Z', '2026-12-01T15:30:00.000Z'],
  ['of a certain day', '2026-12-24T04:30Z', '2026-12-01T01:00:00Z', '2026-12-24T04:30:00.000Z'],
  ['of a day that is over', '2026-11-24T04:30Z', '2026-12-01T01:00:00Z', '2026-11-24T04:30:00.000Z'],
  ['a certain day of a zone', '2026-07-01T04:30 Europe/Berlin', '2026-01-01T00:00:00Z', '2026-07-01T02:30:00.000Z'],
  ['winter in Berlin', '04:30 Europe/Berlin', '2026-12-01T01:00:00Z', '2026-12-01T03:30:00.000Z'],
  ['summer in Berlin', '04:30 Europe/Berlin', '2026-07-01T01:00:00Z', '2026-07-01T02:30:00.000Z'],
  ['begun in winter, ends in summer', '04:30 Europe/Berlin', '2026-03-28T22:00:00Z', '2026-03-29T02:30:00.000Z'],
  ['begun in summer, ends in winter', '04:30 Europe/Berlin', '2026-10-24T21:00:00Z', '2026-10-25T03:30:00.000Z'],
  ['a time that there is not: the jump', '02:30 Europe/Berlin', '2026-03-29T00:30:00Z', '2026-03-29T01:00:00.000Z'],
  ['… said with its day', '2026-03-29T02:30 Europe/Berlin', '2026-03-01T00:00:00Z', '2026-03-29T01:00:00.000Z'],
  ['… once it is over, the next day', '02:30 Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00.000Z'],
  ['a time that comes twice: the first', '02:30 Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T00:30:00.000Z'],
  ['… between them the second', '02:30 Europe/Berlin', '2026-10-25T00:45:00Z', '2026-10-25T01:30:00.000Z'],
  ['… after both, the next day', '02:30 Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-26T01:30:00.000Z'],
  [
    '… said with its day: the first',
    '2026-10-25T02:30 Europe/Berlin',
    '2026-10-01T00:00:00Z',
    '2026-10-25T00:30:00.000Z',
  ],
  ['a jump of half an hour', '02:15 Australia/Lord_Howe', '2026-10-03T14:00:00Z', '2026-10-03T15:30:00.000Z'],
]
for (const [what, text, now, expected] of moments)
  test(`${what}: ${text} at ${now}`, () => equal(after(text, now), expected))

for (const text of [
  ...['', 'soon', '4', '430', '24:00', '04:60', '04:30:60', '04:3', ' 04:30', '04:30 ', '04:30pm', '-04:30'],
  ...['2026-02-30T04:30', '2026-13-01T04:30', '2026-12-01 04:30', '2026-12-01', '26-12-01T04:30'],
  ...['04:30 Europe/Nowhere', '04:30+19:00', '04:30+1', '04:30ZZ', '04:30 Berlin\n'],
])
  test(`no moment: ${JSON.stringify(text)}`, () => is(parseMoment(text), undefined))

test('without a zone it is that of this machine', () => {
  const before = process.env.TZ
  try {
    process.env.TZ = 'America/New_York'
    equal(after('04:30', '2026-12-01T01:00:00Z'), '2026-12-01T09:30:00.000Z')
    // Put forward on 2026-03-08 at 02:00 (07:00 UTC).
    equal(after('02:30', '2026-03-08T05:00:00Z'), '2026-03-08T07:00:00.000Z')
    equal(isoMoment(Date.parse('2026-12-01T09:30:00Z'), {}), '2026-12-01T04:30:00-05:00')
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
})

test('it is told by the clock it was said of', () => {
  const of = (zone: string | number) => isoMoment(Date.parse('2026-12-01T03:30:00Z'), { zone })
  equal(
    [of('Europe/Berlin'), of(0), of(-210)],
    ['2026-12-01T04:30:00+01:00', '2026-12-01T03:30:00+00:00', '2026-12-01T00:00:00-03:30'],
  )
})

const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/St_Johns', 'UTC']
test('property: it is after now, no more than a day and the length of a change away, and the clock shows it then or never does that day', () => {
  const from = Date.parse('2026-01-01T00:00:00Z')
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 2 * 365 * 24 * 60 }),
      fc.nat(23),
      fc.nat(59),
      (zone, minutes, hour, minute) => {
        const now = from + minutes * 60_000
        const at = momentAfter({ hour, minute, second: 0, zone }, now)
        ok(at > now && at - now <= 25 * 3600 * 1000)
        const shown = isoMoment(at, { zone }).slice(11, 16)
        const wanted = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
        // Past it, where the clock was put forward at that moment.
        const before = isoMoment(at - 1000, { zone }).slice(11, 16)
        ok(shown === wanted || (before < wanted && wanted < shown), `${now} ${zone} ${wanted}: ${shown}`)
      },
    ),
    { numRuns: 500 },
  )
})

test.run()
