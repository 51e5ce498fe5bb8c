import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { messageOf, type Refused, refused } from '../../failure/index.ts'
import { agreement } from '../../host/index.ts'
import { printable } from '../../journal/index.ts'
import { changesOn } from '../agree.ts'
import type { Earlier } from '../execute.ts'
import { lookFirst } from '../look.ts'
import type { Output } from '../output.ts'
import { writeOutput } from '../output-file.ts'
import type { PreparedRun } from '../prepare-run.ts'
import { headerOf, keyFor } from './header.ts'
import { recording } from './record.ts'
import { isPlan, planText } from './text.ts'

/** Throws where no plan could be written to a file; one that is there is replaced only if it is a plan itself. */
export function mustTakePlan(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile()) throw no(file, 'it is no file')
  try {
    accessSync(dirname(resolve(file)), constants.W_OK | constants.X_OK)
    if (found && found.size > 0 && !isPlan(readFileSync(file, 'utf8')))
      throw no(file, 'there is a file that is no plan, and it is left as it is')
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw no(file, messageOf(error))
    throw error
  }
}

const no = (file: string, why: string): Refused =>
  refused([{ message: `--plan-out ${file}: ${why}`, hint: 'name another file' }])

/**
 * Tells what a run would do, as check mode with differences does, and writes it to a file; not where a host could not
 * be planned. Returns the exit code of check mode.
 */
export async function writePlan(run: PreparedRun, output: Output, before: Earlier, file: string): Promise<number> {
  const key = keyFor(run, output.redactor)
  const { redactor } = output
  const header = headerOf(run, redactor, key)
  const recorded = recording(agreement(), key, redactor)
  const { exitCode } = await lookFirst(run, output, { ...before, agreed: recorded.agreed })
  const left = recorded.leftOut()
  if (exitCode === 130 || left.length > 0) {
    const why = left.length === 0 ? 'it was interrupted' : `${left.join(', ')} could not be planned in each play`
    const how = left.length === 0 ? '' : '; mend that, or leave them out with --limit'
    say(`no plan was written to ${file}: ${why}${how}`)
    return exitCode
  }
  writeOutput(file, await planText({ ...header, plays: [...recorded.plays(run.ready.plays)] }), 0o600)
  const { hosts, changes } = recorded.agreed.sum()
  const what = changes === 0 ? 'nothing is to be done' : changesOn(changes, hosts)
  say(`plan written to ${file}: ${what}; do it with --apply ${file}`)
  return exitCode
}

const say = (text: string): void => void process.stderr.write(`${printable(text)}\n`)
