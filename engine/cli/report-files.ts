import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isFailure, messageOf, type Problem, refused, saidOf } from '../failure/index.ts'
import { annotationsOf, htmlOf, junitOf } from '../report/index.ts'
import type { Flags } from './flags.ts'
import { writeOutput } from './output-file.ts'
import { isOnGitHub, printNotes } from './problems.ts'

type ReportFiles = Pick<Flags, 'report' | 'junit'>

/** How each is made of a run's journal. */
export const makers = { report: htmlOf, junit: junitOf } as const

const wanted = (files: ReportFiles) =>
  (Object.keys(makers) as (keyof typeof makers)[]).flatMap(name => {
    const file = files[name]
    return file === undefined ? [] : [{ name, file }]
  })

/** Throws where a report could not be written. Asked first, so that it is known before any host is touched. */
export function mustBeWritable(files: ReportFiles): void {
  const problems = wanted(files).flatMap(({ name, file }): readonly Problem[] => {
    const why = whyNot(file)
    return why === undefined ? [] : [{ message: `--${name} ${file}: ${why}` }]
  })
  const { report, junit } = files
  const isOne = report !== undefined && junit !== undefined && resolve(report) === resolve(junit)
  const same = isOne ? [{ message: `--report and --junit name the same file, ${report}` }] : []
  if (problems.length + same.length > 0) throw refused([...problems, ...same])
}

/** One of an earlier run, of either kind, is replaced; a playbook whose name has slipped in is not. */
const isReport = (file: string): boolean => /^<(!doctype html|\?xml )/i.test(readFileSync(file, 'utf8').trimStart())

function whyNot(file: string): string | undefined {
  try {
    const before = statSync(file, { throwIfNoEntry: false })
    // It is replaced, and a device would be as well.
    if (before && !before.isFile())
      return `there is ${before.isDirectory() ? 'a folder' : 'no regular file'} of this name`
    if (before && before.size > 0 && !isReport(file))
      return 'there is a file that is no report, and it is left as it is'
    accessSync(dirname(file), constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return `it can't be written: ${messageOf(error)}`
  }
}

/**
 * Writes the reports of a run that is over, each whole or not at all. One that can't be written is told, with how to
 * make it again; the exit code stays what it is, for it says how the hosts are.
 */
export async function writeReports(files: ReportFiles, run: string, journal: string): Promise<void> {
  for (const { name, file } of wanted(files)) {
    try {
      writeOutput(file, await makers[name](journal))
      printNotes([`${name}: ${file}`])
    } catch (error) {
      const why = isFailure(error, 'refused') ? saidOf(error).message : messageOf(error)
      printNotes(
        [`the ${name} ${file} was not written: ${why}; once it can be: rota runs ${name} ${run} ${file}`],
        'warning: ',
      )
    }
  }
}

/** In GitHub Actions what failed is annotated as well. It reads that on stderr, too: stdout may be JSON. */
export async function annotate(journal: string): Promise<void> {
  if (isOnGitHub()) for (const line of await annotationsOf(journal)) process.stderr.write(`${line}\n`)
}
