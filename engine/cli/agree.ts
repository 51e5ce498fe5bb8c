import { refused } from '../failure/index.ts'
import { agreement } from '../host/index.ts'
import { canAsk, confirm } from './confirm.ts'
import type { Earlier } from './execute.ts'
import type { Flags } from './flags.ts'
import { lookFirst } from './look.ts'
import type { Output } from './output.ts'
import type { PreparedRun } from './prepare-run.ts'

/** Throws where `--ask` could ask nobody. */
export function mustBeAskable({ json }: Pick<Flags, 'json'>): void {
  const look = 'look with --check --diff at what it would do, then run it without --ask'
  if (json) throw refused([{ message: '--ask shows a plan to an operator, and --json is for a program', hint: look }])
  if (!canAsk()) throw refused([{ message: '--ask: there is no terminal to ask on', hint: look }])
}

/**
 * Shows what a run would do, waits for yes, and does that and nothing else. Returns the exit code: that of the plan
 * where nothing is to be done; 1 where the operator says no.
 */
export async function agreeAndExecute(run: PreparedRun, output: Output, before: Earlier): Promise<number> {
  const agreed = agreement()
  const earlier = { ...before, agreed, seen: new Set<string>() }
  const { exitCode, goOn } = await lookFirst(run, output, earlier)
  const { hosts, changes } = agreed.sum()
  if (exitCode === 130 || changes === 0) return exitCode
  const failed = exitCode === 0 ? '' : ' Nothing is done to hosts that could not be planned in each of their plays.'
  if (!(await confirm(`Make ${changesOn(changes, hosts)}?${failed}`, new AbortController().signal, 'yes'))) {
    process.stderr.write('nothing was changed: the operator did not say yes\n')
    return 1
  }
  return goOn(output, earlier)
}

export const changesOn = (changes: number, hosts: number): string =>
  `${changes} ${changes === 1 ? 'change' : 'changes'} on ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`
