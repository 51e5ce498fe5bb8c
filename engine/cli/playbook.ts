import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import type { Play } from '../playbook/play.ts'
import { callSite } from '../role/call-site.ts'
import type { ParamSchema } from '../role/role.ts'
import type { InventoryView } from '../role/view.ts'
import { guardedOutput } from './output.ts'
import { runFromCommandLine } from './run.ts'

/** What a playbook is told with `-e`, beside the variables of its roles: JSON Schemas by name. */
export type PlaybookVars = Readonly<Record<string, ParamSchema>>

/** Their values, all of them: one that has no default and was not given is refused. */
export type VarsOf<V extends PlaybookVars> = {
  readonly [Name in keyof V]: V[Name] extends JSONSchema ? FromSchema<V[Name]> : never
}

export interface PlaybookContext<Vars = Readonly<Record<string, unknown>>> {
  readonly inventory: InventoryView
  /** The playbook's own variables, validated. */
  readonly vars: Vars
}

export type Plays<Vars> = readonly Play[] | ((context: PlaybookContext<Vars>) => readonly Play[])

export interface PlaybookOptions<V extends PlaybookVars = PlaybookVars> {
  readonly description?: string
  /** Variables that the playbook itself needs; all of them must be given with `-e` unless they have a default. */
  readonly vars?: V
}

/** A playbook as the command line handles it, whatever its variables. */
export interface Playbook extends PlaybookOptions {
  readonly name: string
  readonly plays: readonly Play[] | ((context: PlaybookContext) => readonly Play[])
  readonly file: string
}

/**
 * The playbook: plays that run in order with the flags of the command line. Sets the exit code: 0 nothing failed, 1 usage or
 * validation, 2 a host failed, 4 a host was unreachable, 130 interrupted.
 */
export async function playbook<const V extends PlaybookVars = Record<never, never>>(
  name: string,
  plays: Plays<VarsOf<V>>,
  options: PlaybookOptions<V> = {},
): Promise<void> {
  const output = guardedOutput()
  const { file } = callSite(playbook)
  // The command line validates the variables by the schemas from which their types are derived.
  const made = { ...options, name, plays, file } as unknown as Playbook
  process.exitCode = await runFromCommandLine(made, process.argv, output)
}
