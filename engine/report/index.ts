import type { RunEvent } from '../journal/events.ts'
import { type Printable, printable, type Shown, shown } from '../journal/printable.ts'
import { jsonReport } from './json.ts'
import { lineReport } from './lines.ts'
import { liveReport } from './live.ts'
import { profiled } from './profile.ts'

/** Shows a run while it goes on. Everything it gets has secrets replaced already. */
export interface Report {
  readonly event: (event: RunEvent) => void
  /** While a question stands on the terminal nothing else is shown there: what happens meanwhile comes after `goOn`. */
  readonly hold: () => { readonly goOn: () => void }
  /** The journal's path, for the last line. */
  readonly close: (journal: string) => void
}

/** A report that is read by people, on a terminal: it gets what is printable and nothing else. */
export interface TextReport {
  readonly event: (event: Shown<RunEvent>) => void
  readonly hold: Report['hold']
  readonly close: (journal: Printable) => void
}

export interface ReportOptions {
  readonly json: boolean
  readonly verbose: number
  readonly check: boolean
  /** stdout is a terminal. */
  readonly live: boolean
  /** Say at the end where the time went. */
  readonly profile: boolean
}

export function reporter(options: ReportOptions, toStdout: (text: string) => void): Report {
  let open = true
  // Whoever read us (`| head`, `| tee`) may be gone: the run and its journal go on all the same.
  process.stdout.on('error', () => {
    open = false
  })
  const write = (text: string) => {
    if (open) toStdout(text)
  }
  if (options.json) return jsonReport(write)
  const report = options.live ? liveReport(options, write) : lineReport({ ...options, color: false }, write)
  const { event, hold, close } = options.profile ? profiled(report, write) : report
  return { event: said => event(shown(said)), hold, close: journal => close(printable(journal)) }
}
