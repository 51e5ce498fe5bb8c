import { formatOrigin } from '../failure/index.ts'
import type { Variable } from '../inventory/index.ts'
import { type Lookup, type Source, sourcesOf } from './choose.ts'
import { isShared, schemaKeyword, variableNames } from './names.ts'
import { type Asked, givenTo, type PlaybookValues, resolveParams, valueFrom } from './params.ts'
import type { ParamSchema } from './schema.ts'

/**
 * Every param of a role, or value of the cluster, on one host: the value in effect with its type, what set it and
 * where, then all that it overrode, strongest first. By the same module that a run goes by. Secrets are not shown.
 */
export function explainParams(call: Asked, lookup: Lookup, shared: PlaybookValues): readonly string[] {
  const resolved = resolveParams(call, lookup, shared)
  const { name: role, params } = call.role
  return Object.entries(params.properties).flatMap(([param, schema]) => {
    const names = variableNames(role, param, schema)
    const [source, ...others] = sourcesOf(names, lookup, givenTo(call, param, schema, shared))
    const value = resolved.ok ? resolved.params[param] : source && valueFrom(source, schema)
    const isHidden = schemaKeyword(schema, 'secret') === true || isSecret(source)
    const mark = isShared(schema) && call.role.label === undefined ? ', of the cluster' : ''
    return [
      `${role} ${param}: ${isHidden && value !== undefined ? '(secret)' : shown(value)}  (${typeOf(value, schema)}${mark})`,
      `  ${source === undefined ? 'the default' : `${saysNothing(source, schema) ? 'the default, for it is empty in' : 'set by'} ${described(source)}`}`,
      ...[...(source ? below(source) : []), ...others.flatMap(other => [other, ...below(other)])].map(
        // What is secret is not even read: it may be vaulted, and the password not needed for what is in effect.
        other => `    overrides ${isHidden || isSecret(other) ? '(secret)' : shown(rawOf(other))}, ${described(other)}`,
      ),
    ]
  })
}

const saysNothing = (source: Source, schema: ParamSchema): boolean => valueFrom(source, schema) === undefined

function described(source: Source): string {
  if (source.kind === 'playbook') {
    const { role, param, site } = source.given
    return `the playbook, ${role}'s ${param}, ${formatOrigin(site)}`
  }
  const { named, variable } = source
  return `${named}, ${variable.source}, ${formatOrigin(variable.origin)}`
}

/** What the same name was before, strongest first; as written. */
function below(source: Source): readonly Source[] {
  if (source.kind === 'playbook') return []
  const older: Source[] = []
  let last: Variable = source.variable
  for (let next = last.overrides; next !== undefined; next = next.overrides) {
    // The directory of the inventory may also be that of the playbook: one place, read twice.
    const isSamePlace = next.source === last.source && formatOrigin(next.origin) === formatOrigin(last.origin)
    const variable = next
    if (!isSamePlace)
      older.push({
        kind: 'variable',
        named: source.named,
        get value() {
          return variable.value
        },
        variable,
      })
    last = next
  }
  return older
}

const rawOf = (source: Source): unknown => (source.kind === 'playbook' ? source.given.value : source.value)

const isSecret = (source: Source | undefined): boolean => source?.kind === 'variable' && source.variable.secret === true

const shown = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value))

function typeOf(value: unknown, schema: ParamSchema): string {
  if (value !== undefined && value !== null)
    return Array.isArray(value)
      ? 'list'
      : Number.isInteger(value)
        ? 'integer'
        : typeof value === 'object'
          ? 'mapping'
          : typeof value
  return [schemaKeyword(schema, 'type') ?? 'any'].flat().join(' or ')
}
