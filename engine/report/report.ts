import type { Printable, RunEvent, Shown } from '../journal/index.ts'
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
  /** Every host is told for itself, also where the same is true of others. */
  readonly each: boolean
  /** Checksums of differences that a plan has shown: it notes them, and the run behind it shows none of them again. */
  readonly seen?: Set<string>
  /** stdout is a terminal. */
  readonly live: boolean
  /** Say at the end where the time went. */
  readonly profile: boolean
}
