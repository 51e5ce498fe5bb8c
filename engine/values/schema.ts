import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
/**
 * A param's JSON Schema. Some keywords are ours: `var` names the inventory variables that set the param (the first that
 * is set wins), `secret` keeps its value out of every output, `defaults` tells of defaults that depend on another
 * param, for its documentation, and `agree` refuses an inventory that says different things under different names of
 * the value, where usually the strongest counts.
 *
 * Text never breaks a line: control characters are refused, whatever the schema says. `text: 'lines'` lets line feeds
 * and tabs in. `text: 'line'` says that any text will do beyond that, because whoever writes it somewhere quotes it.
 * Everything else has an `enum`, a `pattern` with `^` and `$`, or a `format`: JSON Schema's, or one of ours
 * (formats.ts), such as `address`, `absolute-path`, `word`.
 */
export type ParamSchema = JSONSchema & {
  readonly var?: string | readonly string[]
  readonly secret?: boolean
  readonly text?: 'line' | 'lines'
  readonly agree?: boolean
}

/** A role's params: a JSON Schema of an object. `additionalProperties` is always false. */
export interface ParamsSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, ParamSchema>>
  readonly required?: readonly string[]
}

/** The params after defaults: what `tasks` gets. Nothing else is allowed, which is how they are validated too. */
export type ParamsOf<S extends ParamsSchema> = FromSchema<{
  readonly type: 'object'
  readonly properties: S['properties']
  readonly required: S extends { readonly required: infer R extends readonly string[] } ? R : readonly []
  readonly additionalProperties: false
}>
