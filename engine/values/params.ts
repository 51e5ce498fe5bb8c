import type { ErrorObject } from 'ajv'
import { closest } from 'fastest-levenshtein'
import type { Origin, Problem } from '../failure/index.ts'
import type { Variable } from '../inventory/index.ts'
import { shownValue } from '../shell/index.ts'
import { formats, isFormat } from './formats.ts'
import type { ParamSchema, ParamsSchema } from './schema.ts'
import { validatorOf } from './validator.ts'

/** Whoever has params: a role, or a playbook with variables of its own. */
interface HasParams {
  readonly name: string
  readonly params: ParamsSchema
}

/** A role as a play calls it: what the playbook sets, and where it says so. */
export interface Asked {
  readonly role: HasParams
  readonly params: Readonly<Record<string, unknown>>
  readonly site: Origin
}

/**
 * The params, or what is wrong with them, all of it: nobody gets at params without having looked. `secrets` are values,
 * for redaction.
 */
export type ResolvedParams =
  | { readonly ok: true; readonly params: Readonly<Record<string, unknown>>; readonly secrets: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ParamProblem[]; readonly secrets: readonly string[] }

/** One that is `missing` is needed and not set, which may not matter to who asks for another part of the playbook. */
export interface ParamProblem extends Problem {
  readonly kind: 'missing' | 'wrong'
  readonly param: string
}

/** The variable of a host by name, its template evaluated: the value and where it was set. */
export type Lookup = (name: string) => { readonly value: unknown; readonly variable: Variable } | undefined

interface Source {
  readonly value: unknown
  readonly variable?: Variable
  /** The name under which the user set it. */
  readonly named: string
}

/**
 * A role's params for one host in Ansible's precedence: the role's defaults, the inventory, the playbook's own params,
 * extra vars. Nothing is thrown for bad values: every problem is returned, each with the place of the value.
 */
export function resolveParams(call: Asked, lookup: Lookup): ResolvedParams {
  const found = namesOf(call.role).map(({ name, schema, names }) => ({ name, schema, hit: bestOf(names, lookup) }))
  // Hosts of a group have the same variables, and what follows from them is worked out once: a thousand nodes are one.
  const known = resolvedFor(call)
  const key = found.map(({ hit }) => (hit === undefined ? '' : idOf(hit.variable))).join(' ')
  const same = known.get(key)
  if (same !== undefined) return same
  const resolved = resolvedFrom(call, found)
  known.set(key, resolved)
  return resolved
}

interface Hit {
  readonly named: string
  readonly value: unknown
  readonly variable: Variable
}

interface Found {
  readonly name: string
  readonly schema: ParamSchema
  readonly hit: Hit | undefined
}

/**
 * Every name of a param says the same thing, so the order of the names decides only where no extra variable is among
 * them.
 */
function bestOf(names: readonly string[], lookup: Lookup): Hit | undefined {
  let first: Hit | undefined
  for (const named of names) {
    const hit = lookup(named)
    if (hit === undefined || hit.value === null || hit.value === '') continue
    if (hit.variable.source === 'extra vars') return { named, ...hit }
    first ??= { named, ...hit }
  }
  return first
}

function resolvedFrom(call: Asked, found: readonly Found[]): ResolvedParams {
  const { role } = call
  const sources = new Map<string, Source>()
  for (const one of found) {
    const source = sourceOf(one, call)
    if (source) sources.set(one.name, source)
  }
  const unknown = Object.keys(call.params).filter(name => !(name in role.params.properties))
  const params: Record<string, unknown> = Object.fromEntries(
    [...sources].map(([name, source]) => [name, structuredClone(source.value)]),
  )
  const errors = validatorOf(role.params)(params)
  const problems: readonly ParamProblem[] = [
    ...unknown.map(name => unknownParam(role, name, call.site)),
    ...errors.map(error => problemOf(error, role, sources, call)),
  ]
  const secrets = secretsOf(role, params, sources)
  // Shared by hosts: a role that changed its params would change those of others.
  deepFreeze(params)
  return problems.length === 0 ? { ok: true, params, secrets } : { ok: false, problems, secrets }
}

/** Names of inventory variables that set a param: those declared, then `<role>_<param>`. */
export function variableNames(role: string, param: string, schema: ParamSchema): readonly string[] {
  const declared = schemaKeyword(schema, 'var')
  const names = declared === undefined ? [] : Array.isArray(declared) ? declared.map(String) : [String(declared)]
  return [...new Set([...names, `${snake(role)}_${snake(param)}`])]
}

function sourceOf({ name, schema, hit }: Found, call: Asked): Source | undefined {
  const fromPlaybook = call.params[name]
  if (fromPlaybook !== undefined && hit?.variable.source !== 'extra vars') return { value: fromPlaybook, named: name }
  return hit && { value: convert(hit.value, schema), variable: hit.variable, named: hit.named }
}

/** The names of all params of a role, worked out once: they depend on its schema alone. */
function namesOf({ name: role, params }: HasParams) {
  const made =
    roleNames.get(params) ??
    Object.entries(params.properties).map(([name, schema]) => ({
      name,
      schema,
      names: variableNames(role, name, schema),
    }))
  roleNames.set(params, made)
  return made
}

// Memories of pure functions: a schema, a call and a variable do not change.
const roleNames = new WeakMap<
  ParamsSchema,
  readonly { readonly name: string; readonly schema: ParamSchema; readonly names: readonly string[] }[]
>()
const resolvedBy = new WeakMap<Asked, Map<string, ResolvedParams>>()
const ids = new WeakMap<Variable, number>()
let lastId = 0

function resolvedFor(call: Asked): Map<string, ResolvedParams> {
  const known = resolvedBy.get(call) ?? new Map<string, ResolvedParams>()
  resolvedBy.set(call, known)
  return known
}

/** A variable whose template was evaluated for a host is that host's own. */
function idOf(variable: Variable): number {
  const known = ids.get(variable)
  if (known !== undefined) return known
  lastId += 1
  ids.set(variable, lastId)
  return lastId
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
}

/**
 * Ansible's values are loose: `"6443"`, `yes`, and `1111` where text is meant. What can mean only one thing is
 * converted; a float where text is expected (`1.30` has become 1.3) is not.
 */
function convert(value: unknown, schema: ParamSchema): unknown {
  const type = schemaKeyword(schema, 'type')
  if (type === 'string' && Number.isSafeInteger(value)) return String(value)
  if (typeof value !== 'string') return value
  const text = value.trim()
  if (type === 'integer' && /^-?\d+$/.test(text)) return Number(text)
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  if (type === 'boolean' && /^(true|yes|on|1)$/i.test(text)) return true
  if (type === 'boolean' && /^(false|no|off|0)$/i.test(text)) return false
  return value
}

const isMissing = ({ keyword, instancePath }: ErrorObject): boolean => keyword === 'required' && instancePath === ''

function problemOf(
  error: ErrorObject,
  role: HasParams,
  sources: ReadonlyMap<string, Source>,
  call: Asked,
): ParamProblem {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  const [name = String(error.params.missingProperty ?? ''), ...rest] = path
  const schema = role.params.properties[name]
  const source = sources.get(name)
  const variable = source?.variable
  const said = source?.named ?? name
  const origin: Origin = variable?.locate(rest.map(part => (/^\d+$/.test(part) ? Number(part) : part))) ?? call.site
  const where = rest.length > 0 ? `${said}.${rest.join('.')}` : said
  if (isMissing(error)) {
    const names = schema
      ? variableNames(role.name, name, schema)
          .map(text => `\`${text}\``)
          .join(' or ')
      : name
    return {
      kind: 'missing',
      param: name,
      message: `role ${role.name} needs ${name}`,
      origin: call.site,
      hint: `set ${names} in the inventory, or ${name} in the playbook`,
    }
  }
  const isSecret = variable?.secret === true || (schema && schemaKeyword(schema, 'secret'))
  const shown = isSecret ? 'the secret value' : shownValue(error.data)
  const message = `${where}: ${shown} ${expectation(error)} (role ${role.name})`
  return { kind: 'wrong', param: name, message, origin, ...hintFor(error) }
}

function expectation(error: ErrorObject): string {
  switch (error.keyword) {
    case 'type':
      return `is not of type ${error.params.type}`
    case 'enum':
      return `is not one of ${error.params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(', ')}`
    case 'additionalProperties':
      return `has an unknown key ${JSON.stringify(error.params.additionalProperty)}`
    case 'format': {
      const name = String(error.params.format)
      return `is not ${isFormat(name) ? formats[name].expected : `of the format ${name}`}`
    }
    case 'pattern':
      return `does not match ${error.params.pattern}`
    default:
      return error.message ?? 'is not valid'
  }
}

function hintFor(error: ErrorObject): { readonly hint?: string } {
  if (error.keyword === 'type' && error.params.type === 'string' && typeof error.data === 'number') {
    return { hint: 'quote it: without quotes it is a number and may have lost digits' }
  }
  if (error.keyword === 'enum' && typeof error.data === 'string') {
    const near = closest(error.data, error.params.allowedValues.map(String))
    return { hint: `did you mean ${near}?` }
  }
  if (error.keyword === 'additionalProperties') {
    const names = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {})
    return names.length > 0 ? { hint: `did you mean ${closest(error.params.additionalProperty, names)}?` } : {}
  }
  return {}
}

function unknownParam(role: HasParams, name: string, origin: Origin): ParamProblem {
  const names = Object.keys(role.params.properties)
  return {
    kind: 'wrong',
    param: name,
    message: `role ${role.name} has no param ${name}`,
    origin,
    hint: names.length > 0 ? `did you mean ${closest(name, names)}?` : 'it takes no params',
  }
}

function secretsOf(
  role: HasParams,
  params: Readonly<Record<string, unknown>>,
  sources: ReadonlyMap<string, Source>,
): readonly string[] {
  return Object.entries(role.params.properties)
    .filter(
      ([name, schema]) => schemaKeyword(schema, 'secret') === true || sources.get(name)?.variable?.secret === true,
    )
    .flatMap(([name]) => texts(params[name]))
}

/** Every text inside a value. */
export function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(texts)
  return []
}

const schemaKeyword = (schema: ParamSchema, keyword: string): unknown =>
  typeof schema === 'object' ? (schema as unknown as Readonly<Record<string, unknown>>)[keyword] : undefined

export const snake = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
