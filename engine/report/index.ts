import type { RunEvent } from '../journal/events.ts'
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
  return options.profile ? profiled(report, write) : report
}
