import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import type { InventoryRules } from '../inventory/index.ts'
import type { InventoryView } from '../role/index.ts'
import type { ParamSchema } from '../values/index.ts'
import type { Play } from './play.ts'
/** What a playbook is told with `-e`, beside the variables of its roles: JSON Schemas by name. */
export type PlaybookVars = Readonly<Record<string, ParamSchema>>

/** Their values, all of them: one that has no default and was not given is refused. */
export type VarsOf<V extends PlaybookVars> = {
  readonly [Name in keyof V]: V[Name] extends JSONSchema ? FromSchema<V[Name]> : never
}

/** What a playbook that is a function is called with, before any host is touched. */
export interface PlaybookContext<Vars = Readonly<Record<string, unknown>>> {
  readonly inventory: InventoryView
  /** The playbook's own variables, validated. */
  readonly vars: Vars
}

export type Plays<Vars> = readonly Play[] | ((context: PlaybookContext<Vars>) => readonly Play[])

/** Of a playbook as a whole. */
export interface PlaybookOptions<V extends PlaybookVars = PlaybookVars> {
  readonly description?: string
  /** A part of it alone does harm: a `--limit` that leaves nobody in one of its plays is refused. */
  readonly needsEveryPlay?: boolean
  /** Variables that the playbook itself needs; all of them must be given with `-e` unless they have a default. */
  readonly vars?: V
  /** What inventories mean beyond what Ansible reads in them: groups that are made of others, jump hosts. */
  readonly inventory?: InventoryRules
}

/** A playbook as the command line handles it, whatever its variables. */
export interface Playbook extends PlaybookOptions {
  readonly name: string
  readonly plays: readonly Play[] | ((context: PlaybookContext) => readonly Play[])
  readonly file: string
}
