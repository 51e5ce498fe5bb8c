import { jsonEscaped } from '../journal/index.ts'
import type { Report } from './report.ts'

/** One JSON object a line, as the journal has it. */
export function jsonReport(write: (text: string) => void): Report {
  return {
    event: event => write(`${jsonEscaped(JSON.stringify({ at: new Date().toISOString(), ...event }))}\n`),
    // It is read by a program.
    hold: () => ({ goOn: () => {} }),
    close: () => {},
  }
}
