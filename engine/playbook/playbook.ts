import { runFromCommandLine } from '../cli/run.ts'
import { callSite } from '../role/call-site.ts'
import type { ParamSchema } from '../role/role.ts'
import type { InventoryView } from '../role/view.ts'
import type { Play } from './play.ts'

/** What a playbook is told with `-e`, beside the variables of its roles: JSON Schemas by name. */
export type PlaybookVars = Readonly<Record<string, ParamSchema>>

export interface PlaybookContext {
  readonly inventory: InventoryView
  /** The playbook's own variables, validated; undefined where an optional one was not given. */
  readonly vars: Readonly<Record<string, unknown>>
}

export type Plays = readonly Play[] | ((context: PlaybookContext) => readonly Play[])

export interface PlaybookOptions {
  readonly description?: string
  /** Variables that the plays themselves need; all of them must be given with `-e` unless they have a default. */
  readonly vars?: PlaybookVars
}

/** A playbook as the command line handles it. */
export interface Playbook extends PlaybookOptions {
  readonly name: string
  readonly plays: Plays
  readonly file: string
}

/**
 * The playbook: plays that run in order with the flags of the command line. Sets the exit code: 0 nothing failed, 1 usage or
 * validation, 2 a host failed, 4 a host was unreachable, 130 interrupted.
 */
export async function playbook(name: string, plays: Plays, options: PlaybookOptions = {}): Promise<void> {
  const { file } = callSite(playbook)
  process.exitCode = await runFromCommandLine({ ...options, name, plays, file }, process.argv)
}
