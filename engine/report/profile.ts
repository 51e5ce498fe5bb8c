import type { Phase, RunEvent, Shown } from '../journal/index.ts'
import type { TextReport } from './report.ts'

/** Sums of a run, grown event by event: what is kept depends on the number of hosts, not of events. */
export interface Profile {
  readonly add: (event: Shown<RunEvent>) => void
  readonly lines: () => readonly string[]
}

const phases: readonly Phase[] = ['connect', 'probe', 'plan', 'apply', 'verify', 'steps', 'around', 'gates']
const slowestShown = 5

interface KindSum {
  readonly tasks: number
  readonly seconds: number
  readonly longest: number
  readonly where: string
}

/** Where the time of a run went, from its events, whether they come now or from a journal. */
export function profileOf(): Profile {
  const hosts = new Map<string, Map<Phase, number>>()
  const kinds = new Map<string, KindSum>()
  let before = 0
  let wall: number | undefined
  return {
    add: event => {
      if (event.kind === 'runStarted') before = event.after ?? 0
      if (event.kind === 'runFinished') wall = event.seconds
      if (event.kind === 'spent') {
        const sums = hosts.get(event.host) ?? new Map<Phase, number>()
        for (const phase of phases) sums.set(phase, (sums.get(phase) ?? 0) + (event.seconds[phase] ?? 0))
        hosts.set(event.host, sums)
      }
      if (event.kind === 'task' && event.seconds !== undefined) {
        const name = event.taskKind ?? 'other'
        const sum = kinds.get(name) ?? { tasks: 0, seconds: 0, longest: -1, where: '' }
        const longer = event.seconds > sum.longest
        kinds.set(name, {
          tasks: sum.tasks + 1,
          seconds: sum.seconds + event.seconds,
          longest: longer ? event.seconds : sum.longest,
          where: longer ? `${event.host}: ${event.task}` : sum.where,
        })
      }
    },
    lines: () => [
      '',
      `where the time went: ${before.toFixed(2)} s before the first play${wall === undefined ? '' : `, ${wall.toFixed(2)} s in the plays`}`,
      ...(hosts.size > 0 ? ['', ...phaseLines(hosts)] : []),
      ...(kinds.size > 0 ? ['', ...kindLines(kinds)] : []),
      ...(hosts.size > 1 ? ['', ...slowest(hosts)] : []),
    ],
  }
}

function phaseLines(hosts: ReadonlyMap<string, ReadonlyMap<Phase, number>>): readonly string[] {
  const rows = phases.flatMap(phase => {
    const each = [...hosts].map(([host, sums]) => ({ host, seconds: sums.get(phase) ?? 0 }))
    const sum = total(each.map(({ seconds }) => seconds))
    if (sum === 0) return []
    const longest = each.reduce((most, one) => (one.seconds > most.seconds ? one : most))
    return [[phase, sum.toFixed(2), (sum / hosts.size).toFixed(2), longest.seconds.toFixed(2), longest.host]]
  })
  return columns([['phase', 'all hosts s', 'per host s', 'longest s', 'where'], ...rows])
}

function kindLines(kinds: ReadonlyMap<string, KindSum>): readonly string[] {
  const sorted = [...kinds].sort(([, a], [, b]) => b.seconds - a.seconds)
  const rows = sorted.map(([name, { tasks, seconds, longest, where }]) => [
    name,
    String(tasks),
    seconds.toFixed(2),
    longest.toFixed(2),
    where,
  ])
  return columns([['kind of task', 'changes', 'all hosts s', 'longest s', 'where'], ...rows])
}

function slowest(hosts: ReadonlyMap<string, ReadonlyMap<Phase, number>>): readonly string[] {
  const sorted = [...hosts]
    .map(([host, sums]) => ({ host, sums, seconds: total([...sums.values()]) }))
    .sort((a, b) => b.seconds - a.seconds)
  const rows = sorted.slice(0, slowestShown).map(({ host, sums, seconds }) => {
    const parts = [...sums].filter(([, value]) => value >= 0.005).sort(([, a], [, b]) => b - a)
    return [host, seconds.toFixed(2), parts.map(([phase, value]) => `${phase} ${value.toFixed(2)}`).join(', ')]
  })
  return columns([['slowest hosts', 'seconds', 'of it'], ...rows])
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Numbers stand to the right. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const numeric = head.map((_, column) => rows.slice(1).every(row => /^[\d.]+$/.test(row[column] ?? '')))
  return rows.map(row =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** A report that ends with the profile. */
export function profiled(report: TextReport, write: (text: string) => void): TextReport {
  const profile = profileOf()
  return {
    event: event => {
      profile.add(event)
      report.event(event)
      if (event.kind === 'runFinished') write(`${profile.lines().join('\n')}\n`)
    },
    hold: report.hold,
    close: report.close,
  }
}
