import { formatOrigin, formatProblem } from '../failure/index.ts'
import { toNode } from '../python/index.ts'
import { type Lookup, type Source, sourcesOf } from './choose.ts'
import { typeOf } from './explain.ts'
import { isShared, schemaKeyword, variableNames } from './names.ts'
import { overridden } from './overridden.ts'
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
      `${role} ${param}: ${isHidden && value !== undefined ? '(secret)' : shown(value)}  (${typeNow(value, schema)}${mark})`,
      `  ${source === undefined ? 'the default' : `${saysNothing(source, schema) ? 'the default, for it is empty in' : 'set by'} ${described(source)}`}`,
      ...[...(source ? below(source, lookup) : []), ...others.flatMap(other => [other, ...below(other, lookup)])].map(
        // What is secret is not even read: it may be vaulted, and the password not needed for what is in effect.
        other => `    overrides ${isHidden || isSecret(other) ? '(secret)' : shown(rawOf(other))}, ${described(other)}`,
      ),
      ...names.flatMap(named => notCounted(named, lookup)),
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

/** What the same name was before, strongest first; as written, and read only when it is shown. */
function below(source: Source, { defaultOf }: Lookup): readonly Source[] {
  if (source.kind === 'playbook') return []
  const { named, variable } = source
  const fallback = defaultOf?.(named)
  const weakest = fallback !== undefined && 'value' in fallback && fallback !== variable ? [fallback] : []
  return [...overridden(variable), ...weakest].map(older => ({
    kind: 'variable',
    named,
    get value() {
      return older.value
    },
    variable: older,
  }))
}

/** A default that would count if it could be evaluated. */
function notCounted(named: string, { defaultOf }: Lookup): readonly string[] {
  const fallback = defaultOf?.(named)
  if (fallback === undefined || 'value' in fallback) return []
  return [`    not set by ${named}: ${formatProblem(fallback.why)}`]
}

const rawOf = (source: Source): unknown => (source.kind === 'playbook' ? source.given.value : source.value)

const isSecret = (source: Source | undefined): boolean => source?.kind === 'variable' && source.variable.secret === true

const shown = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value))

/** As `rota inventory --explain` calls it; what is not set is of the type that it would have. */
const typeNow = (value: unknown, schema: ParamSchema): string =>
  value === undefined ? [schemaKeyword(schema, 'type') ?? 'any'].flat().join(' or ') : typeOf(toNode(value))
