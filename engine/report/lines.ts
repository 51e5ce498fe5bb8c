import type { HostTotal, Outcome, RunEvent, TaskEvent } from '../journal/index.ts'
import { continuation, continued, type Shown } from '../journal/index.ts'
import { gathered, linesOfHost, type OfHost } from './alike.ts'
import { warningLines, withCheckTables } from './checks.ts'
import { type Diffs, diffsOnce, everyDiff, unseenDiffs } from './diff.ts'
import { whoIn } from './hosts.ts'
import { type Paint, painter } from './paint.ts'
import type { ReportOptions, TextReport } from './report.ts'

/** Plain lines: what happened, where, in the order in which it happened. */
export function lineReport(
  options: Omit<ReportOptions, 'json' | 'live' | 'profile'> & { readonly color: boolean },
  write: (text: string) => void,
): TextReport {
  const paint = painter(options.color)
  const lines = reportLines(options, paint)
  let waiting: string[] | undefined
  const print = (said: readonly string[]) => {
    for (const line of said) {
      if (waiting) waiting.push(`${line}\n`)
      else write(`${line}\n`)
    }
  }
  return {
    event: event => print(lines.of(event)),
    hold: () => {
      waiting = []
      return {
        goOn: () => {
          write((waiting ?? []).join(''))
          waiting = undefined
        },
      }
    },
    close: journal => print([...lines.rest(), paint.dim(`journal: ${journal}`)]),
  }
}

export type LineOptions = Pick<ReportOptions, 'verbose' | 'check' | 'each' | 'seen'>

/**
 * The lines of each event as it comes; the verdicts of checks wait for each other. Where a text goes on in another
 * line, that is marked. Where nothing is changed, what is the same of several hosts is told once, behind all hosts of
 * a play. Where something is, each change is told as it happens, and its difference unless it was shown before.
 */
export function reportLines(
  options: LineOptions,
  paint: Paint,
): { readonly of: (event: Shown<RunEvent>) => readonly string[]; readonly rest: () => readonly string[] } {
  const { check, each, seen } = options
  const changes = gathered()
  const outcomes = gathered()
  const rest = () => [...changes.take(), ...outcomes.take()]
  const lines = withCheckTables(event => linesOf(event, options, paint).flatMap(continued), paint)
  const anew = check || each ? everyDiff(paint, check ? seen : undefined) : diffsOnce(paint)
  const diffs = seen && !check ? unseenDiffs(seen, anew, paint) : anew
  const of = (event: Shown<RunEvent>): readonly string[] => {
    const said = saidOf(event, options, diffs, paint)
    if (said && check && !each && waits(event)) {
      const gather = event.kind === 'task' ? changes : outcomes
      gather.add(said)
      return []
    }
    return [...(endsPlay.has(event.kind) ? rest() : []), ...lines(event), ...(said ? linesOfHost(said) : [])]
  }
  return { of, rest }
}

const endsPlay: ReadonlySet<RunEvent['kind']> = new Set(['playStarted', 'check', 'stopped', 'runFinished'])

/** What goes wrong is told at once. */
const waits = (event: Shown<RunEvent>): boolean =>
  (event.kind === 'task' && event.status === 'would change') ||
  (event.kind === 'hostFinished' && event.outcome !== 'failed' && event.outcome !== 'unreachable')

function saidOf(
  event: Shown<RunEvent>,
  { verbose, check }: LineOptions,
  diffs: Diffs,
  paint: Paint,
): OfHost | undefined {
  if (event.kind === 'task') return ofTask(event, verbose, diffs, paint)
  return event.kind === 'hostFinished' ? ofFinished(event, check, paint) : undefined
}

type Of<Kind> = Extract<Shown<RunEvent>, { readonly kind: Kind }>

function linesOf(event: Shown<RunEvent>, { verbose, check, each }: LineOptions, paint: Paint): readonly string[] {
  switch (event.kind) {
    case 'runStarted':
      return [paint.bold(`${event.playbook}${event.check ? ' (check mode: nothing is changed)' : ''}`)]
    case 'note':
      return [`  ${event.host ? `${event.host}: ` : ''}${event.text}`]
    case 'warning':
      return [paint.yellow(`  warning: ${event.host ? `${event.host}: ` : ''}${event.text}`)]
    case 'playStarted':
      return ['', `${paint.bold(event.play)}  ${paint.dim(`${count(event.hosts.length, 'host')}${portions(event)}`)}`]
    case 'batchStarted':
      return [
        paint.dim(
          event.window === undefined
            ? ` batch ${event.number} of ${event.of}: ${event.hosts.join(', ')}`
            : ` window of ${event.window}: ${event.hosts.join(', ')}`,
        ),
      ]
    case 'hostStarted':
      return [
        paint.dim(` ${event.host} starts; in flight: ${someOf(event.inFlight)}; ${event.done} of ${event.of} done`),
      ]
    case 'planned':
      return verbose > 0
        ? [
            paint.dim(
              `  ${event.host}: ${count(event.tasks, 'task')}, ${event.changes} to change, probed in ${event.seconds.toFixed(2)} s`,
            ),
          ]
        : []
    case 'madeOf':
    case 'taskStarted':
    case 'spent':
    case 'progress':
    case 'check':
    // Said of a host, with others of which the same is true.
    case 'task':
    case 'hostFinished':
      return []
    case 'gate':
      return gateLines(event, verbose, paint)
    case 'pause':
      return event.status === 'started' ? [`  a pause of ${event.seconds} s before ${event.before}`] : []
    case 'around':
      return aroundLines(event, verbose, paint)
    case 'stopped':
      return ['', paint.red(`stopped: ${event.reason}`)]
    case 'runFinished':
      return [
        '',
        ...summary(event.hosts, { check, each }, paint),
        ...warningLines(event.warnings ?? [], paint),
        ...(event.notRun ?? []).map(({ play, why }) => `${paint.cyan('not run')}: ${play} (${why})`),
        paint.dim(`${event.seconds.toFixed(1)} s, exit code ${event.exitCode}`),
      ]
  }
}

function ofTask(event: Shown<TaskEvent>, verbose: number, diffs: Diffs, paint: Paint): OfHost | undefined {
  if (event.status === 'ok' || (event.status === 'waited' && verbose === 0)) return undefined
  const mark = {
    ok: 'ok',
    changed: paint.yellow('changed'),
    'would change': paint.yellow('would change'),
    failed: paint.red('FAILED'),
    'not run': paint.dim('not run'),
    waited: paint.dim('waited'),
  }[event.status]
  const diff = event.diff && diffs(event.host, event.diff)
  const what = `${event.role}: ${event.handler ? 'handler ' : ''}${event.task}`
  const why = [event.summary, diff?.seen].filter(Boolean).join('; ')
  const time = event.seconds !== undefined && event.seconds >= 1 ? paint.dim(` ${event.seconds.toFixed(1)} s`) : ''
  const output = event.output && (event.status === 'failed' || verbose > 1) ? marked(event.output) : []
  return {
    host: event.host,
    head: `${mark} ${what}${why ? paint.dim(` (${why})`) : ''}${time}`,
    below: [...(diff?.lines ?? []).map(line => `    ${line}`), ...output],
  }
}

function gateLines(event: Of<'gate'>, verbose: number, paint: Paint): readonly string[] {
  const head = `  ${event.host === undefined ? '' : `${event.host}: `}gate ${event.gate}`
  if (event.status === 'holds')
    return [
      `${head} ${paint.green('holds')}${event.seconds && event.seconds >= 1 ? paint.dim(` after ${event.seconds.toFixed(0)} s`) : ''}`,
    ]
  const why = `expected ${event.expected}, saw ${event.saw}`
  if (event.status === 'failed') return [`${head} ${paint.red('failed')}: ${why}`]
  if (event.status === 'interrupted') return [`${head} is no longer waited for: ${why}`]
  return verbose > 0 ? [paint.dim(`${head}: waiting, ${why}`)] : []
}

function aroundLines(event: Of<'around'>, verbose: number, paint: Paint): readonly string[] {
  const what = `  ${event.host}: ${event.name}: ${event.phase === 'leave' ? 'after the changes' : 'before the changes'}`
  if (event.status === 'failed') return [paint.red(`${what}: ${event.message ?? 'failed'}`)]
  return verbose > 0 ? [paint.dim(`${what}, ${event.status}`)] : []
}

function ofFinished(event: Of<'hostFinished'>, check: boolean, paint: Paint): OfHost {
  const { host, outcome, message = '', changes } = event
  const told = (head: string, more: Partial<OfHost> = {}): OfHost => ({ host, head, below: [], ...more })
  if (outcome === 'failed' || outcome === 'unreachable')
    return told(`${outcome}: ${message}`, {
      color: paint.red,
      below: event.hint ? [`      ${event.hint.trim()}`] : [],
    })
  if (outcome === 'skipped') return told(`skipped: ${message}`, { color: paint.cyan })
  if (changes === 0) return told(`${paint.green('ok')}, nothing to change`)
  return told(`${paint.yellow(check ? 'would change' : 'changed')}, ${count(changes, 'change')}`)
}

/** So many hosts have a line each in the table at the end. */
const ownRows = 20

/** The table at the end: a line a host, or, where there are many, one for all of which the same is to be said. */
function summary(
  hosts: readonly Shown<HostTotal>[],
  { check, each }: Pick<LineOptions, 'check' | 'each'>,
  paint: Paint,
): readonly string[] {
  const alike = new Map<string, { readonly total: Shown<HostTotal>; readonly names: string[] }>()
  for (const total of hosts) {
    const { host, outcome, ok, changed, failed, roundTrips } = total
    const own = each || hosts.length <= ownRows ? host : ''
    const key = JSON.stringify([own, outcome, ok, changed, failed, roundTrips])
    const row = alike.get(key) ?? { total, names: [] }
    row.names.push(host)
    alike.set(key, row)
  }
  const rows = [...alike.values()].map(({ total, names }) => ({ total, ...whoIn(names) }))
  const width = Math.max(4, ...rows.map(({ who }) => who.length))
  const color: Record<Outcome, (text: string) => string> = {
    ok: paint.green,
    changed: paint.yellow,
    failed: paint.red,
    unreachable: paint.red,
    skipped: paint.cyan,
  }
  const head = paint.dim(
    `${'host'.padEnd(width)}  outcome      ok  ${check ? 'would change' : 'changed'}  failed  round trips`,
  )
  const cell = (value: number, size: number) => String(value).padStart(size)
  return [
    head,
    ...rows.flatMap(({ who, below, total: { outcome, ok, changed, failed, roundTrips } }) => [
      `${who.padEnd(width)}  ${color[outcome](outcome.padEnd(11))}${cell(ok, 4)}${cell(changed, check ? 14 : 9)}${cell(failed, 8)}${cell(roundTrips, 13)}`,
      ...below,
    ]),
  ]
}

/** What a program printed, none of whose lines is ours. */
export const marked = (output: string): readonly string[] =>
  output
    .trimEnd()
    .split('\n')
    .map(line => `${continuation}${line}`)

/** How many batches there are, the window that takes the rest behind them. */
function portions({ batches, window }: Of<'playStarted'>): string {
  if (window === undefined) return batches > 1 ? `, ${batches} batches` : ''
  return `${batches > 1 ? `, ${count(batches - 1, 'batch')} and` : ','} a window of ${window}`
}

/** The latest, where there are many. */
function someOf(names: readonly string[], most = 8): string {
  const more = names.length - most
  return `${more > 0 ? `${more} more, ` : ''}${names.slice(-most).join(', ')}`
}

const count = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? '' : what === 'batch' ? 'es' : 's'}`
