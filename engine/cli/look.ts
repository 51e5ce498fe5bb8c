import { setTimeout as sleep } from 'node:timers/promises'
import { prepareRoles } from '../plan/index.ts'
import { type Earlier, execute } from './execute.ts'
import type { Output } from './output.ts'
import type { PreparedRun } from './prepare-run.ts'

/** What a run would do has been told, as check mode with differences does. */
export interface Looked {
  /** That of check mode. */
  readonly exitCode: number
  /** Does it, and nothing else where it is agreed on. Returns the exit code. */
  readonly goOn: (output: Output, earlier: Earlier) => Promise<number>
}

/**
 * Looks first. What roles make on this machine (certificates, programs that are fetched) is made before, so that what
 * is told is what will be sent.
 */
export async function lookFirst(run: PreparedRun, output: Output, earlier: Earlier): Promise<Looked> {
  const started = Date.now()
  const { flags, view } = run
  const plays = earlier.reverting ? run.ready.plays : await prepareRoles(run.ready.plays, view, { check: false })
  const ready = { ...run.ready, plays }
  const exitCode = await execute(
    { ...run, ready, flags: { ...flags, check: true, diff: true, notify: [] } },
    output,
    earlier,
  )
  return {
    exitCode,
    goOn: async (seen, again) => {
      // A run is named by the second in which it begins.
      await sleep(Math.max(0, started + 1000 - Date.now()))
      return execute({ ...run, ready, flags: { ...flags, diff: true } }, seen, again)
    },
  }
}
