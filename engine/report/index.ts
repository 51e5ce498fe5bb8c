/** Events in, text out: lines, a live view, JSON, the profile at the end. */

import { printable, shown } from '../journal/index.ts'
import { jsonReport } from './json.ts'
import { lineReport } from './lines.ts'
import { liveReport } from './live.ts'
import type { Notifier } from './notify.ts'
import { profiled } from './profile.ts'
import type { Report, ReportOptions } from './report.ts'

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
/** A past run as a page of HTML, from its journal. Loaded where it is asked for. */
export const htmlOf = async (journal: string): Promise<string> => (await import('./html/html.ts')).htmlOf(journal)

/** The same for a CI system: JUnit's XML; what failed as annotations of GitHub. */
export const junitOf = async (journal: string): Promise<string> => (await import('./junit.ts')).junitOf(journal)
export const annotationsOf = async (journal: string): Promise<readonly string[]> =>
  (await import('./github.ts')).annotationsOf(journal)

/** See its module. Loaded where it is asked for. */
export const notifierOf = async (urls: readonly string[]): Promise<Notifier> =>
  (await import('./notify.ts')).notifier(urls)

export { gathered, type OfHost } from './alike.ts'
export { annotation } from './annotation.ts'
export { diffText } from './diff.ts'
export { hostList, hostsNamed, hostWords } from './hosts.ts'
export { profileOf } from './profile.ts'
export { type Listed, runTable, storyLines } from './story.ts'
