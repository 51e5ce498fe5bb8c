import { type HostView, type ParamsSchema, variableNames } from 'rota'

type Properties = ParamsSchema['properties']
type Values<P extends Properties> = {
  readonly [N in keyof P]: P[N] extends { readonly type: 'integer' } ? number : string
}

/**
 * Params of a role as its variables set them: for gates and hooks, which stand beside the role and see the host alone.
 */
export interface FromVariables<P extends Properties> {
  /** The names of the variables. */
  readonly vars: readonly string[]
  /** What is given beats the variables, which beat the schema's defaults. */
  readonly of: (host: HostView, given?: { readonly [N in keyof P]?: Values<P>[N] | undefined }) => Values<P>
}

export function fromVariables<const P extends Properties>(role: string, properties: P): FromVariables<P> {
  const params = Object.entries(properties).map(([name, schema]) => {
    const { type, default: fallback } = schema as { readonly type?: unknown; readonly default?: unknown }
    return { name, vars: variableNames(role, name, schema), as: type === 'integer' ? Number : String, fallback }
  })
  return {
    vars: [...new Set(params.flatMap(({ vars }) => vars))],
    of: (host, given = {}) =>
      Object.fromEntries(
        params.map(({ name, vars, as, fallback }) => {
          const set = vars.map(host.var).find(value => value !== undefined && value !== null && value !== '')
          return [name, as(given[name] ?? set ?? fallback)]
        }),
      ) as Values<P>,
  }
}
