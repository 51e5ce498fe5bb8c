/** Events on disk, with secrets replaced and made printable. */

export type {
  Asked,
  AskedFlag,
  CheckWarning,
  Digest,
  Emit,
  HostTotal,
  Outcome,
  Phase,
  RunEvent,
  Spent,
  TaskEvent,
} from './events.ts'
export { type Journal, journalDir, makeJournalDir, newRunId, openJournal } from './journal.ts'
export {
  continuation,
  continued,
  jsonEscaped,
  type Printable,
  printable,
  printableLines,
  type Shown,
  shown,
} from './printable.ts'
export { redacted } from './redact.ts'
