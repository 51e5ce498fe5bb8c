import type { RunEvent, Shown } from '../journal/index.ts'
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

/** A line a verdict; hosts of which the same was seen share one. */
export function checkTable(events: readonly CheckEvent[], paint: Paint): readonly string[] {
  if (events.length === 0) return []
  const groups = new Map<string, { readonly event: CheckEvent; readonly hosts: string[] }>()
  for (const event of events) {
    const group = groups.get(sameRow(event)) ?? { event, hosts: [] }
    if (event.host !== undefined) group.hosts.push(event.host)
    groups.set(sameRow(event), group)
  }
  const rows = [...groups.values()].map(({ event, hosts }) => {
    const { check, ok, expected, saw } = event
    return { check, hosts: hostsText(hosts), ok, saw: oneLine(ok ? saw : `${saw}; expected ${expected}`) }
  })
  const width = (head: string, key: 'check' | 'hosts') => Math.max(head.length, ...rows.map(row => row[key].length))
  const [checks, hosts] = [width('check', 'check'), width('host', 'hosts')]
  return [
    paint.dim(`  ${'check'.padEnd(checks)}  ${'host'.padEnd(hosts)}  result  saw`),
    ...rows.map(
      ({ check, hosts: where, ok, saw }) =>
        `  ${check.padEnd(checks)}  ${where.padEnd(hosts)}  ${ok ? paint.green('ok    ') : paint.red('FAILED')}  ${saw}`,
    ),
  ]
}

/** A row of a table is one line, whatever was seen. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const sameRow = ({ check, ok, expected, saw }: CheckEvent): string => JSON.stringify([check, ok, expected, saw])

const hostsText = (hosts: readonly string[]): string => {
  if (hosts.length === 0) return 'all together'
  return hosts.length > 4 ? `${hosts.slice(0, 3).join(', ')} and ${hosts.length - 3} more` : hosts.join(', ')
}
