import type { Origin } from '../failure/index.ts'
import type { Variable } from '../inventory/index.ts'
import { type Hit, isEmpty, isExtra, type Lookup, type PlaybookValue, type Source, sourcesOf } from './choose.ts'
import { type HasParams, isShared, schemaKeyword, variableNames } from './names.ts'
import { contradicts, type ParamProblem, problemOf, unknownParam } from './param-problems.ts'
import type { ParamSchema, ParamsSchema } from './schema.ts'
import { validatorOf } from './validator.ts'

/** A role as a play calls it: what the playbook sets, and where it says so. A cluster is called nowhere. */
export interface Asked {
  readonly role: HasParams
  readonly params: Readonly<Record<string, unknown>>
  readonly site?: Origin
}

/** What the playbook gives to a shared schema, in whichever call. */
export type PlaybookValues = (schema: ParamSchema) => PlaybookValue | undefined

/**
 * The params, or what is wrong with them, all of it: nobody gets at params without having looked. `secrets` are values,
 * for redaction. `right` is what is left without whatever is wrong, for who tells what else is: of a list its other
 * items, each in its place.
 */
export type ResolvedParams =
  | { readonly ok: true; readonly params: Readonly<Record<string, unknown>>; readonly secrets: readonly string[] }
  | {
      readonly ok: false
      readonly problems: readonly ParamProblem[]
      readonly right: Readonly<Record<string, unknown>>
      readonly secrets: readonly string[]
    }

/**
 * Params for one host, of a role or of the cluster, in Ansible's precedence: defaults, the inventory, the playbook,
 * extra vars. Nothing is thrown for bad values: every problem is returned, each with the place of the value.
 */
export function resolveParams(call: Asked, lookup: Lookup, shared: PlaybookValues = () => undefined): ResolvedParams {
  const found = namesOf(call.role, lookup.names).map(({ name, schema, names }): Found => {
    const sources = sourcesOf(names, lookup, givenTo(call, name, schema, shared))
    return { name, schema, source: sources[0], against: contradiction(sources, schema) }
  })
  // Hosts of a group have the same variables, and what follows from them is worked out once: a thousand nodes are one.
  const known = resolvedFor(call)
  const key = found.map(({ source, against }) => `${idOf(source)}${against ? `!${idOf(against)}` : ''}`).join(' ')
  const same = known.get(key)
  if (same !== undefined) return same
  const resolved = resolvedFrom(call, found)
  known.set(key, resolved)
  return resolved
}

/** What the playbook says of a param: in this call, and if the value is shared in any other. */
export function givenTo(
  { role, params, site }: Asked,
  param: string,
  schema: ParamSchema,
  shared: PlaybookValues,
): PlaybookValue | undefined {
  const value = params[param]
  if (value !== undefined && site !== undefined) return { value, site, role: role.name, param }
  return isShared(schema) ? shared(schema) : undefined
}

interface Found {
  readonly name: string
  readonly schema: ParamSchema
  readonly source: Source | undefined
  readonly against: Hit | undefined
}

/**
 * What a variable under another name says otherwise, where the schema has them `agree`: the weaker one would be lost
 * without a word. An extra variable and a playbook overrule on purpose.
 */
function contradiction([first, ...others]: readonly Source[], schema: ParamSchema): Hit | undefined {
  if (schemaKeyword(schema, 'agree') !== true || first?.kind !== 'variable' || isExtra(first.variable)) return undefined
  const said = JSON.stringify(valueFrom(first, schema))
  return others.find((other): other is Hit => {
    if (other.kind !== 'variable' || other.named === first.named || isEmpty(other.value)) return false
    return JSON.stringify(valueFrom(other, schema)) !== said
  })
}

function resolvedFrom(call: Asked, found: readonly Found[]): ResolvedParams {
  const { role } = call
  const params: Record<string, unknown> = {}
  const sources = new Map<string, Source>()
  for (const { name, schema, source } of found) {
    if (source === undefined) continue
    const value = valueFrom(source, schema)
    if (value === undefined) continue
    params[name] = structuredClone(value)
    sources.set(name, source)
  }
  const contradictions = found.flatMap(({ name, source, against }) =>
    source?.kind === 'variable' && against ? [contradicts(name, source, against)] : [],
  )
  const unknown = Object.keys(call.params).filter(name => !(name in role.params.properties))
  const errors = validatorOf(role.params)(params)
  const problems: readonly ParamProblem[] = [
    ...unknown.map(name => unknownParam(role, name, call.site)),
    ...contradictions,
    ...errors.map(error => problemOf(error, role, sources, call)),
  ]
  const secrets = secretsOf(role, params, sources)
  setNames.set(params, new Set([...sources].filter(([, source]) => isOperators(source)).map(([name]) => name)))
  // Shared by hosts: a role that changed its params would change those of others.
  deepFreeze(params)
  if (problems.length === 0) return { ok: true, params, secrets }
  return { ok: false, problems, right: rightOf(params, errors), secrets }
}

/** Of a list with wrong items holes are left in their places. */
function rightOf(
  params: Readonly<Record<string, unknown>>,
  errors: readonly { readonly instancePath: string }[],
): Readonly<Record<string, unknown>> {
  const right = { ...params }
  for (const { instancePath } of errors) {
    const [, name = '', item] = instancePath.split('/')
    const value = right[name]
    if (Array.isArray(value) && item !== undefined) right[name] = without(value, Number(item))
    else delete right[name]
  }
  return right
}

function without(list: readonly unknown[], place: number): readonly unknown[] {
  const left = list.slice()
  delete left[place]
  return left
}

/**
 * Whether the operator says what a param is, in the playbook, the inventory or an extra variable, rather than a default
 * of the role or of files of defaults. For what is on a host already and stays as it is until somebody wants it
 * changed.
 */
export const isSetBy = (params: object, name: string): boolean => setNames.get(params)?.has(name) ?? false

const isOperators = (source: Source): boolean => source.kind === 'playbook' || source.variable.rank >= 0

/** The value of a source as the schema wants it; undefined where it says that there is none. */
export function valueFrom(source: Source, schema: ParamSchema): unknown {
  if (source.kind === 'playbook') return source.given.value
  if (isEmpty(source.value)) return source.value === '' && takesEmpty(schema) ? '' : undefined
  return convert(source.value, schema)
}

/** Text that may be anything, such as a greeting or a prefix: nothing is a value of it. */
function takesEmpty(schema: ParamSchema): boolean {
  const type = schemaKeyword(schema, 'type')
  const isText = type === 'string' || (Array.isArray(type) && type.includes('string'))
  const limits = ['format', 'pattern', 'enum', 'const', 'minLength']
  return isText && limits.every(limit => schemaKeyword(schema, limit) === undefined)
}

interface Named {
  readonly name: string
  readonly schema: ParamSchema
  readonly names: readonly string[]
}

/**
 * The names of all params of a role, worked out once; of these only such as somebody has set. A value of the cluster
 * has a dozen, an inventory sets one: with 10,000 nodes asking for all of them took 1.5 s of 6 (`bench.mjs nodes`).
 */
function namesOf(role: HasParams, set: ReadonlySet<string> = everyName): readonly Named[] {
  const bySet = roleNames.get(role.params) ?? new WeakMap<ReadonlySet<string>, readonly Named[]>()
  roleNames.set(role.params, bySet)
  const made =
    bySet.get(set) ??
    Object.entries(role.params.properties).map(([name, schema]) => {
      const names = variableNames(role.name, name, schema)
      return { name, schema, names: set === everyName ? names : names.filter(each => set.has(each)) }
    })
  bySet.set(set, made)
  return made
}

/** Stands for all names there may be. */
const everyName: ReadonlySet<string> = new Set()

// Memories of pure functions: a schema, a call and a variable do not change.
const roleNames = new WeakMap<ParamsSchema, WeakMap<ReadonlySet<string>, readonly Named[]>>()
const setNames = new WeakMap<object, ReadonlySet<string>>()
const resolvedBy = new WeakMap<Asked, Map<string, ResolvedParams>>()
const ids = new WeakMap<Variable | Origin, string>()
let lastId = 0

function resolvedFor(call: Asked): Map<string, ResolvedParams> {
  const known = resolvedBy.get(call) ?? new Map<string, ResolvedParams>()
  resolvedBy.set(call, known)
  return known
}

/** A variable whose template was evaluated for a host is that host's own. */
function idOf(source: Source | undefined): string {
  if (source === undefined) return ''
  const object = source.kind === 'playbook' ? source.given.site : source.variable
  const known = ids.get(object)
  if (known !== undefined) return known
  lastId += 1
  const id = String(lastId)
  ids.set(object, id)
  return id
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

function secretsOf(
  role: HasParams,
  params: Readonly<Record<string, unknown>>,
  sources: ReadonlyMap<string, Source>,
): readonly string[] {
  return Object.entries(role.params.properties)
    .filter(([name, schema]) => schemaKeyword(schema, 'secret') === true || isSecret(sources.get(name)))
    .flatMap(([name]) => texts(params[name]))
}

const isSecret = (source: Source | undefined): boolean => source?.kind === 'variable' && source.variable.secret === true

/** Every text inside a value. */
export function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(texts)
  return []
}
