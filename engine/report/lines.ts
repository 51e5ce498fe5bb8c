import type { HostTotal, Outcome, RunEvent, TaskEvent } from '../journal/index.ts'
import { continuation, continued, type Shown } from '../journal/index.ts'
import { withCheckTables } from './checks.ts'
import { diffLines } from './diff.ts'
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
  return {
    event: event => {
      for (const line of lines(event)) {
        if (waiting) waiting.push(`${line}\n`)
        else write(`${line}\n`)
      }
    },
    hold: () => {
      waiting = []
      return {
        goOn: () => {
          write((waiting ?? []).join(''))
          waiting = undefined
        },
      }
    },
    close: journal => write(`${paint.dim(`journal: ${journal}`)}\n`),
  }
}

/**
 * The lines of each event as it comes; the verdicts of checks wait for each other. Where a text goes on in another
 * line, that is marked.
 */
export const reportLines = (options: Pick<ReportOptions, 'verbose' | 'check'>, paint: Paint) =>
  withCheckTables(event => linesOf(event, options, paint).flatMap(continued), paint)

type Of<Kind> = Extract<Shown<RunEvent>, { readonly kind: Kind }>

function linesOf(
  event: Shown<RunEvent>,
  { verbose, check }: Pick<ReportOptions, 'verbose' | 'check'>,
  paint: Paint,
): readonly string[] {
  switch (event.kind) {
    case 'runStarted':
      return [paint.bold(`${event.playbook}${event.check ? ' (check mode: nothing is changed)' : ''}`)]
    case 'note':
      return [`  ${event.host ? `${event.host}: ` : ''}${event.text}`]
    case 'warning':
      return [paint.yellow(`  warning: ${event.host ? `${event.host}: ` : ''}${event.text}`)]
    case 'playStarted':
      return [
        '',
        `${paint.bold(event.play)}  ${paint.dim(`${count(event.hosts.length, 'host')}${event.batches > 1 ? `, ${event.batches} batches` : ''}`)}`,
      ]
    case 'batchStarted':
      return [paint.dim(` batch ${event.number} of ${event.of}: ${event.hosts.join(', ')}`)]
    case 'planned':
      return verbose > 0
        ? [
            paint.dim(
              `  ${event.host}: ${count(event.tasks, 'task')}, ${event.changes} to change, probed in ${event.seconds.toFixed(2)} s`,
            ),
          ]
        : []
    case 'taskStarted':
    case 'spent':
    case 'check':
      return []
    case 'task':
      return taskLines(event, verbose, paint)
    case 'gate':
      return gateLines(event, verbose, paint)
    case 'around':
      return aroundLines(event, verbose, paint)
    case 'hostFinished':
      return finishedLines(event, check, paint)
    case 'stopped':
      return ['', paint.red(`stopped: ${event.reason}`)]
    case 'runFinished':
      return [
        '',
        ...summary(event.hosts, check, paint),
        ...(event.notRun ?? []).map(({ play, why }) => `${paint.cyan('not run')}: ${play} (${why})`),
        paint.dim(`${event.seconds.toFixed(1)} s, exit code ${event.exitCode}`),
      ]
  }
}

function taskLines(event: Shown<TaskEvent>, verbose: number, paint: Paint): readonly string[] {
  if (event.status === 'ok' || (event.status === 'waited' && verbose === 0)) return []
  const mark = {
    ok: 'ok',
    changed: paint.yellow('changed'),
    'would change': paint.yellow('would change'),
    failed: paint.red('FAILED'),
    'not run': paint.dim('not run'),
    waited: paint.dim('waited'),
  }[event.status]
  const what = `${event.role}: ${event.handler ? 'handler ' : ''}${event.task}`
  const time = event.seconds !== undefined && event.seconds >= 1 ? paint.dim(` ${event.seconds.toFixed(1)} s`) : ''
  const head = `  ${event.host}: ${mark} ${what}${event.summary ? paint.dim(` (${event.summary})`) : ''}${time}`
  const output = event.output && (event.status === 'failed' || verbose > 1) ? marked(event.output) : []
  return [head, ...(event.diff ? diffLines(event.diff, paint).map(line => `    ${line}`) : []), ...output]
}

function gateLines(event: Of<'gate'>, verbose: number, paint: Paint): readonly string[] {
  const head = `  ${event.host}: gate ${event.gate}`
  if (event.status === 'holds')
    return [
      `${head} ${paint.green('holds')}${event.seconds && event.seconds >= 1 ? paint.dim(` after ${event.seconds.toFixed(0)} s`) : ''}`,
    ]
  const why = `expected ${event.expected}, saw ${event.saw}`
  if (event.status === 'failed') return [`${head} ${paint.red('failed')}: ${why}`]
  return verbose > 0 ? [paint.dim(`${head}: waiting, ${why}`)] : []
}

function aroundLines(event: Of<'around'>, verbose: number, paint: Paint): readonly string[] {
  const what = `  ${event.host}: ${event.name}: ${event.phase === 'enter' ? 'before the changes' : 'after the changes'}`
  if (event.status === 'failed') return [paint.red(`${what}: ${event.message ?? 'failed'}`)]
  return verbose > 0 ? [paint.dim(`${what}, ${event.status}`)] : []
}

function finishedLines(event: Of<'hostFinished'>, check: boolean, paint: Paint): readonly string[] {
  const hint = event.hint ? [`      ${event.hint.trim()}`] : []
  if (event.outcome === 'failed' || event.outcome === 'unreachable')
    return [paint.red(`  ${event.host}: ${event.outcome}: ${event.message ?? ''}`), ...hint]
  if (event.outcome === 'skipped') return [paint.cyan(`  ${event.host}: skipped: ${event.message ?? ''}`)]
  if (event.changes === 0) return [`  ${event.host}: ${paint.green('ok')}, nothing to change`]
  return [`  ${event.host}: ${paint.yellow(check ? 'would change' : 'changed')}, ${count(event.changes, 'change')}`]
}

/** The table at the end, a line a host. */
function summary(hosts: readonly Shown<HostTotal>[], check: boolean, paint: Paint): readonly string[] {
  const width = Math.max(4, ...hosts.map(({ host }) => host.length))
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
    ...hosts.map(
      ({ host, outcome, ok, changed, failed, roundTrips }) =>
        `${host.padEnd(width)}  ${color[outcome](outcome.padEnd(11))}${cell(ok, 4)}${cell(changed, check ? 14 : 9)}${cell(failed, 8)}${cell(roundTrips, 13)}`,
    ),
  ]
}

/** What a program printed, none of whose lines is ours. */
const marked = (output: string): readonly string[] =>
  output
    .trimEnd()
    .split('\n')
    .map(line => `${continuation}${line}`)

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`
