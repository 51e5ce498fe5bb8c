import { type ParamsOf, type ParamsSchema, shareSchemas } from '../values/index.ts'
import type { ClusterContext, ClusterDefinition } from './view.ts'

/**
 * Defines the values of a cluster. `derive` gives what follows from them, best by getters, which are worked out when
 * somebody asks. One that `extends` another has all that the other has.
 */
export function defineCluster<
  const S extends ParamsSchema,
  D extends object = Record<never, never>,
  B extends object = Record<never, never>,
>(definition: {
  readonly extends?: ClusterDefinition<B>
  readonly params: S
  readonly derive?: (context: ClusterContext<B & ParamsOf<S>>) => D
}): ClusterDefinition<B & ParamsOf<S> & D> {
  const { extends: base, params, derive } = definition
  shareSchemas(params)
  return {
    params: {
      type: 'object',
      properties: { ...base?.params.properties, ...params.properties },
      required: [...(base?.params.required ?? []), ...(params.required ?? [])],
    },
    derive: context => withGetters(base?.derive(context) ?? {}, derive?.(context) ?? {}),
  }
}

/**
 * Params that several roles have as one value, like those of a cluster: what the playbook or the inventory says of one
 * to any of them, all of them have.
 */
export function sharedParams<const P extends ParamsSchema['properties']>(properties: P): P {
  shareSchemas({ type: 'object', properties })
  return properties
}

/** All properties of some objects in one; getters stay what they are. */
export const withGetters = (...objects: readonly object[]): object =>
  Object.defineProperties({}, Object.assign({}, ...objects.map(Object.getOwnPropertyDescriptors)))
