import type { AnyRole } from '../../../engine/role/role.ts'
import type { ParamSchema } from '../../../engine/values/schema.ts'
import * as exported from '../../../roles/index.ts'

/** Every role that `rota/roles` has. */
export const everyRole: readonly AnyRole[] = Object.values<unknown>({ ...exported }).flatMap(value =>
  typeof value === 'function' && 'role' in value ? [value.role as AnyRole] : [],
)

/** A place in a param's schema that may be text: `haproxy.bind[]`, and how to put a text there. */
export interface TextPlace {
  readonly role: AnyRole
  readonly param: string
  readonly name: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly wrap: (text: string) => unknown
}

export const textPlaces = (role: AnyRole): readonly TextPlace[] =>
  Object.entries(role.params.properties).flatMap(([param, schema]) =>
    within(schema, `${role.name}.${param}`, text => text).map(place => ({ role, param, ...place })),
  )

type Place = Pick<TextPlace, 'name' | 'schema' | 'wrap'>

function within(schema: ParamSchema | undefined, name: string, wrap: TextPlace['wrap']): readonly Place[] {
  if (typeof schema !== 'object') return []
  const at = schema as Readonly<Record<string, unknown>>
  const types = [at.type].flat()
  const inner = (key: string) => at[key] as ParamSchema | undefined
  // What the same object must have as well.
  const properties = Object.entries((at.properties ?? {}) as Readonly<Record<string, ParamSchema>>)
  const required = [at.required ?? []].flat()
  const beside = Object.fromEntries(
    properties.flatMap(([key, value]) => (required.includes(key) ? [[key, leastOf(value)]] : [])),
  )
  return [
    ...(types.includes('string') || 'enum' in at ? [{ name, schema: at, wrap }] : []),
    ...within(inner('items'), `${name}[]`, text => wrap2(wrap, [text])),
    ...properties.flatMap(([key, value]) =>
      within(value, `${name}.${key}`, text => wrap2(wrap, { ...beside, [key]: text })),
    ),
    ...within(inner('additionalProperties'), `${name}.*`, text => wrap2(wrap, { key: text })),
    ...within(inner('propertyNames'), `${name}.KEY`, text => wrap2(wrap, { [text]: 'x' })),
  ]
}

/** A value that a schema takes, of no interest. */
function leastOf(schema: ParamSchema): unknown {
  const { type, pattern = '' } = schema as { readonly type?: unknown; readonly pattern?: string }
  if (type === 'array') return []
  return ['a', 'http://a'].find(text => new RegExp(pattern).test(text)) ?? 'a'
}

// The wrapper of the outer place is given the value that holds the text.
const wrap2 = (wrap: (value: never) => unknown, value: unknown): unknown => wrap(value as never)
