import type { RoleMaker } from '../../../engine/role/role.ts'
import { isShared, variableNames } from '../../../engine/values/names.ts'
import type { ParamSchema, ParamsSchema } from '../../../engine/values/schema.ts'

interface Shown {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  /** What a default depends on, and the default there. */
  readonly defaults?: Readonly<Record<string, unknown>>
  readonly description?: string
  readonly secret?: boolean
}

/** The table of a role's params, as its README has it. */
export function paramsTable({ role }: RoleMaker<ParamsSchema>): string {
  const rows = Object.entries(role.params.properties).map(([name, schema]) => {
    const { type, enum: values, default: fallback, defaults, description = '', secret } = schema as Shown
    const kind = values ? values.map(value => `\`${value}\``).join(', ') : [type].flat().join(' or ')
    const needed = role.params.required?.includes(name)
    const shown = needed ? 'required' : defaults ? byCase(defaults) : fallback === undefined ? '' : code(fallback)
    const variables = namesHere(role.name, name, schema)
      .map(variable => `\`${variable}\``)
      .join(', ')
    return [
      `\`${name}\`${isShared(schema) ? ' *' : ''}`,
      `${kind}${secret ? ', secret' : ''}`,
      shown,
      variables,
      description.replaceAll('|', '\\|'),
    ]
  })
  return padded([['param', 'type', 'default', 'inventory variables', 'what it does'], ...rows])
}

/** A value of the cluster has a name of every role that has it: here those of others are left out. */
const namesHere = (role: string, param: string, schema: ParamSchema): readonly string[] => {
  const own = variableNames(role, param, {})
  const { var: declared = [] } = schema as { readonly var?: string | readonly string[] }
  return [...new Set([...own, ...[declared].flat()])]
}

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``

/** Each value with the cases it holds for: `8443` (docker, source); one that holds for all stands alone. */
function byCase(defaults: Readonly<Record<string, unknown>>): string {
  const cases = new Map<string, string[]>()
  for (const [name, value] of Object.entries(defaults)) {
    const shown = value === undefined ? 'none' : code(value)
    cases.set(shown, [...(cases.get(shown) ?? []), name])
  }
  if (cases.size === 1) return [...cases.keys()].join('')
  return [...cases].map(([shown, names]) => `${shown} (${names.join(', ')})`).join('; ')
}

/** Columns as wide as their widest cell, the first row as the head. */
function padded(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[], fill = ' ') =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...body.map(row => line(row)),
  ].join('\n')
}
