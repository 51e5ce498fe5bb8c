import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { isFailure, refused } from '../failure/index.ts'
import { journalNamed, readStory } from '../runs/index.ts'
import { printProblems } from './problems.ts'

/** `rota rollback`: bin.mjs runs the playbook of the run that is named; this is its help. */
export const rollbackCommand = (): Command =>
  new Command('rollback')
    .description('take back what a run has done, the last play first: the same as --rollback of its playbook')
    .argument(
      '<run>',
      'its name, as `rota runs` lists it; what stands after it are flags: --limit, --force, --check, …',
    )
    .argument('[flags...]')
    .allowUnknownOption()
    .action((run: string) => {
      if (run.startsWith('-'))
        throw refused([{ message: `${run}: the run comes first`, hint: 'rota rollback RUN …; `rota runs` lists them' }])
    })

/**
 * The playbook that `rota rollback RUN …` is run with, and its flags: none where that was refused. Undefined where the
 * command line names no run.
 */
export async function playbookToTakeBack(args: readonly string[]): Promise<readonly string[] | undefined> {
  const [run, ...flags] = args
  if (run === undefined || run.startsWith('-')) return undefined
  try {
    return [await playbookOf(run), `--rollback=${run}`, ...flags]
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    printProblems(error.reason.problems, '')
    return []
  }
}

async function playbookOf(run: string): Promise<string> {
  const journal = journalNamed(run)
  const story = await readStory(journal)
  if (story === undefined)
    throw refused([{ message: `${journal} is no journal of a run`, hint: '`rota runs` lists those that are kept' }])
  const { asked } = story
  const file = asked && resolve(asked.cwd, asked.file)
  if (file !== undefined && existsSync(file)) return file
  const message =
    file === undefined
      ? `the journal of run ${run} does not say how it was started`
      : `the playbook of run ${run}, ${file}, is not there any more`
  const hint = `what it has replaced is on its hosts, in /var/lib/rota/backup/${story.run}: it can be put back by hand`
  throw refused([{ message, hint }])
}
