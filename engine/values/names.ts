import type { ParamSchema, ParamsSchema } from './schema.ts'

/** Whoever has params: a role, a playbook with variables of its own, or the cluster that roles share. */
export interface HasParams {
  readonly name: string
  /** What messages call it; `role NAME` where it is not said. */
  readonly label?: string
  readonly params: ParamsSchema
}

/**
 * Names of inventory variables that set a param, in the order in which they are preferred where they are equally
 * strong: `<role>_<param>`, then those declared. A value of the cluster has such a name of every role that has it; one
 * that has no name at all is `cluster_<param>`.
 */
export function variableNames(role: string, param: string, schema: ParamSchema): readonly string[] {
  const others = namesOfRoles(schema)
  const names = [...(others ?? []), ...declared(schema)]
  const isNamed = others !== undefined && names.length > 0
  return [...new Set(isNamed ? names : [`${snake(role)}_${snake(param)}`, ...names])]
}

/** Those that somebody is told to set: one that is shared has a name of its own, and one of every role besides. */
export function namesToSet(role: string, param: string, schema: ParamSchema): readonly string[] {
  const own = isShared(schema) ? declared(schema) : []
  return own.length > 0 ? own : variableNames(role, param, schema)
}

/** What the playbook and the inventory say of a shared schema is said to all who have it. */
export function shareSchemas({ properties }: ParamsSchema): void {
  for (const schema of Object.values(properties))
    if (typeof schema === 'object' && !shared.has(schema)) shared.set(schema, new Set())
}

/** A role has these params: what sets them is known from now on, and those that are shared have a name more. */
export function noteParams(role: HasParams): void {
  noted.push(role)
  for (const [param, schema] of Object.entries(role.params.properties))
    namesOfRoles(schema)?.add(`${snake(role.name)}_${snake(param)}`)
}

/** What sets the params of any role there is, whichever playbook calls it. */
export const notedNames = (): ReadonlySet<string> =>
  new Set(
    noted.flatMap(({ name, params }) =>
      Object.entries(params.properties).flatMap(([param, schema]) => variableNames(name, param, schema)),
    ),
  )

/** The same object is the same value, whatever the params are called that have it. */
export const isShared = (schema: ParamSchema): boolean => namesOfRoles(schema) !== undefined

const namesOfRoles = (schema: ParamSchema): Set<string> | undefined =>
  typeof schema === 'object' ? shared.get(schema) : undefined

// Both filled while modules load: a name is known to every playbook, whichever of the roles it calls.
const noted: HasParams[] = []
const shared = new WeakMap<object, Set<string>>()

function declared(schema: ParamSchema): readonly string[] {
  const names = schemaKeyword(schema, 'var')
  return names === undefined ? [] : Array.isArray(names) ? names.map(String) : [String(names)]
}

export const schemaKeyword = (schema: ParamSchema, keyword: string): unknown =>
  typeof schema === 'object' ? (schema as unknown as Readonly<Record<string, unknown>>)[keyword] : undefined

export const snake = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
