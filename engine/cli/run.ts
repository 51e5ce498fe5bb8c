import { existsSync, realpathSync } from 'node:fs'
import { isFailure, refused } from '../failure/index.ts'
import { printable } from '../journal/index.ts'
import { listParams } from '../plan/index.ts'
import type { Playbook } from '../playbook/index.ts'
import { type Earlier, execute } from './execute.ts'
import { type Flags, parseFlags } from './flags.ts'
import { listing } from './listing.ts'
import { type Output, plainOutput } from './output.ts'
import type { Applying } from './plan-file/apply.ts'
import { type PreparedRun, prepareRun } from './prepare-run.ts'
import { printNotes, printProblems } from './problems.ts'
import { mustBeRecordable } from './records.ts'
import type { Resuming } from './resume.ts'
import type { TakingBack } from './rollback.ts'
import { usageExit } from './usage.ts'

/** A playbook's command line from the first word to the exit code. */
export async function runFromCommandLine(
  playbook: Playbook,
  argv: readonly string[],
  output: Output = plainOutput(),
): Promise<number> {
  try {
    const given = parseFlags(playbook, argsAfter(playbook.file, argv))
    const resumed = given.resume === undefined ? undefined : await resumedBy(playbook, given)
    const takenBack = given.rollback === undefined ? undefined : await takenBackBy(playbook, given, given.rollback)
    const started = resumed?.flags ?? takenBack?.flags ?? given
    const planned = started.apply === undefined ? undefined : await plannedBy(playbook, started, started.apply)
    const asked = planned?.flags ?? started
    const flags = asked.notify.length > 0 ? { ...asked, notify: await webhooksOf(asked, output) } : asked
    const wantsTasks = flags.listTasks || flags.listTags
    const lists = wantsTasks || flags.listHosts || flags.listParams !== undefined
    if (!lists) mustBeRecordable()
    if (flags.report !== undefined || flags.junit !== undefined) (await reportFiles()).mustBeWritable(flags)
    if (!lists && flags.confirm) await mustHaveTerminal()
    const perform = lists ? execute : await performing(flags, planned, resumed)
    const prepared = await prepareRun(playbook, flags, output.redactor, lists ? 'first' : 'all')
    const { problems, ready, bound, inventory } = prepared
    if (problems.length > 0 && !(lists && (ready.hasTasks || !wantsTasks))) {
      // A variable that is misspelt may be why another one is missing.
      printNotes(prepared.warnings, 'warning: ')
      throw refused(problems)
    }
    if (!lists) {
      planned?.check(prepared, output)
      await resumed?.check(prepared, output)
      return await perform(prepared, output, { ...(resumed && { resumed }), ...takenBack?.check(prepared, output) })
    }
    const params = flags.listParams === undefined ? [] : listParams(bound, inventory, flags.listParams)
    const lines = [...listing(ready.plays, flags), ...params]
    output.write(lines.map(line => printable(output.redactor.text(line))).join('\n'))
    if (problems.length > 0) printProblems(problems, 'a run would be refused')
    return 0
  } catch (error) {
    const usage = usageExit(error)
    if (usage !== undefined) return usage
    if (!isFailure(error, 'refused')) throw error
    printProblems(error.reason.problems)
    return 1
  }
}

/** Loaded where it is asked for: most runs go on with no other. */
const resumedBy = async (playbook: Playbook, flags: Flags): Promise<Resuming> =>
  (await import('./resume.ts')).resuming(playbook, flags)

const webhooksOf = async ({ notify }: Flags, { redactor }: Output): Promise<readonly string[]> =>
  (await import('./webhooks.ts')).webhooks(notify, redactor)

const reportFiles = () => import('./report-files.ts')

async function mustHaveTerminal(): Promise<void> {
  if ((await import('./confirm.ts')).canAsk()) return
  const hint = 'leave it out: gates between batches ask by themselves (docs/gates.md), and --pause gives time to look'
  throw refused([{ message: '--confirm: there is no terminal to ask on', hint }])
}

/** What becomes of a run: shown and asked about, written down, done as it was written down, or done. */
async function performing(flags: Flags, planned?: Applying, resumed?: Resuming): Promise<Perform> {
  const { ask, planOut } = flags
  if (ask) {
    const { agreeAndExecute, mustBeAskable } = await import('./agree.ts')
    mustBeAskable(flags)
    return agreeAndExecute
  }
  if (planOut !== undefined) {
    const { mustTakePlan, writePlan } = await import('./plan-file/out.ts')
    mustTakePlan(planOut)
    return (run, output, earlier) => writePlan(run, output, earlier, planOut)
  }
  if (planned) return (run, output, earlier) => planned.execute(run, output, earlier, resumed?.stories)
  return execute
}

type Perform = (run: PreparedRun, output: Output, earlier: Earlier) => Promise<number>

const plannedBy = async (playbook: Playbook, flags: Flags, file: string): Promise<Applying> =>
  (await import('./plan-file/apply.ts')).applying(playbook, flags, file)

const takenBackBy = async (playbook: Playbook, flags: Flags, run: string): Promise<TakingBack> =>
  (await import('./rollback.ts')).takingBack(playbook, flags, run)

/** `zx upgrade.mjs --check` and `node upgrade.mjs --check`: what stands after the playbook's own file is ours. */
function argsAfter(file: string, argv: readonly string[]): readonly string[] {
  const index = argv.findIndex((word, position) => position > 0 && samePath(word, file))
  return argv.slice(index === -1 ? 2 : index + 1)
}

function samePath(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b)
}
