import type { Playbook, PlaybookOptions, PlaybookVars, Plays, VarsOf } from '../playbook/index.ts'
import { callSite } from '../role/index.ts'
import { gathering } from './gather.ts'
import { guardedOutput } from './output.ts'
import { runFromCommandLine } from './run.ts'

/**
 * The playbook: plays that run in order with the flags of the command line. Sets the exit code: 0 nothing failed, 1
 * usage or validation, 2 a host failed, 4 a host was unreachable, 130 interrupted.
 */
export async function playbook<const V extends PlaybookVars = Record<never, never>>(
  name: string,
  plays: Plays<VarsOf<V>>,
  options: PlaybookOptions<V> = {},
): Promise<void> {
  const { file } = callSite(playbook)
  // The command line validates the variables by the schemas from which their types are derived.
  const made = { ...options, name, plays, file } as unknown as Playbook
  const asked = gathering.getStore()
  if (asked) return void asked.push(made)
  const output = guardedOutput()
  process.exitCode = await runFromCommandLine(made, process.argv, output)
}
