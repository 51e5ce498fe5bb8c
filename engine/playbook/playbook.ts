import { runFromCommandLine } from '../cli/run.ts'
import type { Play } from './play.ts'

/**
 * The playbook: a list of plays, run in order with the flags of the command line. Sets the exit code: 0 nothing failed, 1 usage or
 * validation, 2 a host failed, 4 a host was unreachable, 130 interrupted.
 */
export async function playbook(name: string, plays: readonly Play[]): Promise<void> {
  process.exitCode = await runFromCommandLine(name, plays, process.argv)
}
