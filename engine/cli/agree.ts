import { setTimeout as sleep } from 'node:timers/promises'
import { refused } from '../failure/index.ts'
import { agreement } from '../host/index.ts'
import { prepareRoles } from '../plan/index.ts'
import { canAsk, confirm } from './confirm.ts'
import { type Earlier, execute } from './execute.ts'
import type { Flags } from './flags.ts'
import type { Output } from './output.ts'
import type { PreparedRun } from './prepare-run.ts'

/** Throws where `--ask` could ask nobody. */
export function mustBeAskable({ json }: Pick<Flags, 'json'>): void {
  const look = 'look with --check --diff at what it would do, then run it without --ask'
  if (json) throw refused([{ message: '--ask shows a plan to an operator, and --json is for a program', hint: look }])
  if (!canAsk()) throw refused([{ message: '--ask: there is no terminal to ask on', hint: look }])
}

/**
 * Shows what a run would do, as check mode with differences does, waits for yes, and does that and nothing else. What
 * roles make on this machine (certificates, programs that are fetched) is made before, so that what is shown is what
 * will be sent. Returns the exit code: that of the plan where nothing is to be done; 1 where the operator says no.
 */
export async function agreeAndExecute(run: PreparedRun, output: Output, earlier: Earlier): Promise<number> {
  const started = Date.now()
  const { flags, view } = run
  const plays = earlier.reverting ? run.ready.plays : await prepareRoles(run.ready.plays, view, { check: false })
  const ready = { ...run.ready, plays }
  const agreed = { agreed: agreement(), seen: new Set<string>() }
  const plan = { ...run, ready, flags: { ...flags, check: true, diff: true, notify: [] } }
  const exitCode = await execute(plan, output, { ...earlier, ...agreed })
  const { hosts, changes } = agreed.agreed.sum()
  if (exitCode === 130 || changes === 0) return exitCode
  const what = `${changes} ${changes === 1 ? 'change' : 'changes'} on ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`
  const failed = exitCode === 0 ? '' : ' Nothing is done to hosts that could not be planned in each of their plays.'
  if (!(await confirm(`Make ${what}?${failed}`, new AbortController().signal, 'yes'))) {
    process.stderr.write('nothing was changed: the operator did not say yes\n')
    return 1
  }
  // A run is named by the second in which it begins.
  await sleep(Math.max(0, started + 1000 - Date.now()))
  return execute({ ...run, ready, flags: { ...flags, diff: true } }, output, { ...earlier, ...agreed })
}
