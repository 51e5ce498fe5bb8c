import type { CheckWarning, RunEvent, Shown } from '../journal/index.ts'
import type { Paint } from './paint.ts'

type CheckEvent = Extract<Shown<RunEvent>, { readonly kind: 'check' }>

/**
 * Holds the verdicts of checks back until the last of them has come, and shows them as one table before what comes
 * next.
 */
export function withCheckTables(
  lines: (event: Shown<RunEvent>) => readonly string[],
  paint: Paint,
): (event: Shown<RunEvent>) => readonly string[] {
  const rows: CheckEvent[] = []
  return event => {
    if (event.kind === 'check') {
      rows.push(event)
      return []
    }
    return [...checkTable(rows.splice(0), paint), ...lines(event)]
  }
}

type Result = 'ok' | 'FAILED' | 'warning'

/** A line a verdict, and one for each of its warnings; hosts of which the same was seen share one. */
export function checkTable(events: readonly CheckEvent[], paint: Paint): readonly string[] {
  if (events.length === 0) return []
  const groups = new Map<string, { readonly row: Row; readonly hosts: string[] }>()
  for (const event of events)
    for (const row of rowsOf(event)) {
      const key = JSON.stringify(row)
      const group = groups.get(key) ?? { row, hosts: [] }
      if (event.host !== undefined) group.hosts.push(event.host)
      groups.set(key, group)
    }
  const rows = [...groups.values()].map(({ row, hosts }) => ({ ...row, hosts: hostsText(hosts) }))
  const width = (head: string, key: 'check' | 'hosts') => Math.max(head.length, ...rows.map(row => row[key].length))
  const [checks, hosts] = [width('check', 'check'), width('host', 'hosts')]
  const results = rows.some(({ result }) => result === 'warning') ? 'warning'.length : 'FAILED'.length
  return [
    paint.dim(`  ${'check'.padEnd(checks)}  ${'host'.padEnd(hosts)}  ${'result'.padEnd(results)}  saw`),
    ...rows.map(
      ({ check, hosts: where, result, saw }) =>
        `  ${check.padEnd(checks)}  ${where.padEnd(hosts)}  ${colors(paint)[result](result.padEnd(results))}  ${saw}`,
    ),
  ]
}

interface Row {
  readonly check: string
  readonly result: Result
  readonly saw: string
}

const rowsOf = ({ check, ok, expected, saw, warnings = [] }: CheckEvent): readonly Row[] => [
  { check, result: ok ? 'ok' : 'FAILED', saw: oneLine(ok ? saw : `${saw}; expected ${expected}`) },
  ...warnings.map((warning): Row => ({ check, result: 'warning', saw: oneLine(warning) })),
]

const colors = (paint: Paint): Record<Result, (text: string) => string> => ({
  ok: paint.green,
  FAILED: paint.red,
  warning: paint.yellow,
})

/** What checks have warned of, once more at the end of a run, where it is read. */
export const warningLines = (warnings: readonly Shown<CheckWarning>[], paint: Paint): readonly string[] =>
  warnings.length === 0
    ? []
    : [
        paint.yellow(`${warnings.length} warning${warnings.length === 1 ? '' : 's'}`),
        ...warnings.map(
          ({ check, warning, hosts }) =>
            `  ${check}: ${hosts.length === 0 ? '' : `on ${hostsText(hosts)}: `}${oneLine(warning)}`,
        ),
      ]

/** A row of a table is one line, whatever was seen. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const hostsText = (hosts: readonly string[]): string => {
  if (hosts.length === 0) return 'all together'
  return hosts.length > 4 ? `${hosts.slice(0, 3).join(', ')} and ${hosts.length - 3} more` : hosts.join(', ')
}
