import type { KnownNames } from '../../inventory/index.ts'
import type { Play } from '../../playbook/index.ts'
import {
  ansibleNames,
  fileDefinitions,
  fileSchema,
  type JsonSchema,
  type ParamSchema,
  renamedByAnsible,
  variableNames,
} from '../../values/index.ts'
import { askersIn } from '../variables-read.ts'

/** Whose variables a schema describes. */
export interface Described {
  readonly plays: readonly Play[]
  readonly theirs: readonly KnownNames[]
}

/**
 * JSON Schema (draft 2020-12, with the few words of yaml-language-server beside it) of files of group_vars and
 * host_vars: all variables that roles of these plays read, under each of their names, and the names of all others that
 * are known.
 */
export function schemaDocument({ plays, theirs }: Described): JsonSchema {
  const uses = usesIn(plays)
  const places = definitionsOf([...uses.values()].flat())
  const renamed = new Map([...renamedByAnsible, ...theirs.flatMap(({ deprecated }) => [...deprecated])])
  const others = new Map([
    ...theirs.flatMap(({ of, variables }) =>
      [...variables].filter(name => /^[a-z]/.test(name)).map(name => [name, of] as const),
    ),
    ...[...ansibleNames].filter(name => name.startsWith('ansible_')).map(name => [name, 'Ansible'] as const),
  ])
  const names = [...new Set([...uses.keys(), ...renamed.keys(), ...others.keys()])].sort()
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Variables of an inventory',
    description: 'What files of group_vars and host_vars may hold. Written by `rota schema`.',
    // Text is a file that is vaulted as a whole.
    type: ['object', 'null', 'string'],
    pattern: '^\\s*\\$ANSIBLE_VAULT;',
    $defs: {
      ...fileDefinitions,
      ...Object.fromEntries([...places.values()].map(({ name, schema }) => [name, schema])),
    },
    properties: Object.fromEntries(
      names.map(name => [
        name,
        { ...described(uses.get(name) ?? [], name, others.get(name), places), ...oldName(renamed.get(name)) },
      ]),
    ),
  }
}

/** A param that a variable sets. */
interface Use {
  readonly schema: ParamSchema
  readonly param: string
  readonly names: readonly string[]
  readonly askers: ReadonlySet<string>
}

function usesIn(plays: readonly Play[]): ReadonlyMap<string, readonly Use[]> {
  const byName = new Map<string, Map<ParamSchema, Use & { readonly askers: Set<string> }>>()
  for (const { asker, play } of plays.flatMap(each => askersIn(each).map(asker => ({ asker, play: each.name }))))
    for (const [param, schema] of Object.entries(asker.params.properties)) {
      const names = variableNames(asker.name, param, schema)
      for (const name of names) {
        const bySchema = byName.get(name) ?? new Map<ParamSchema, Use & { readonly askers: Set<string> }>()
        byName.set(name, bySchema)
        const use = bySchema.get(schema) ?? { schema, param, names, askers: new Set() }
        bySchema.set(schema, use)
        use.askers.add(`${asker.label ?? `role ${asker.name}`} (play "${play}")`)
      }
    }
  return new Map([...byName].map(([name, bySchema]) => [name, [...bySchema.values()]]))
}

/** What a param may hold, once for all of its names. */
type Definitions = ReadonlyMap<ParamSchema, { readonly name: string; readonly schema: JsonSchema }>

function definitionsOf(uses: readonly Use[]): Definitions {
  const made = new Map<ParamSchema, { readonly name: string; readonly schema: JsonSchema }>()
  const taken = new Map<string, number>(Object.keys(fileDefinitions).map(name => [name, 1]))
  for (const { schema, param } of uses) {
    if (made.has(schema)) continue
    const before = taken.get(param) ?? 0
    taken.set(param, before + 1)
    made.set(schema, { name: before === 0 ? param : `${param}-${before + 1}`, schema: fileSchema(schema) })
  }
  return made
}

/** A name that several roles read in different ways must be right for each. */
function described(uses: readonly Use[], name: string, owner: string | undefined, definitions: Definitions) {
  const [first] = uses
  if (first === undefined)
    return owner === undefined ? {} : { description: `A variable of ${owner}'s. No role reads it.` }
  const references = uses.map(({ schema }) => ({ $ref: `#/$defs/${definitions.get(schema)?.name}` }))
  return {
    ...textsOf(uses, name),
    ...defaultOf(first.schema),
    ...(references.length === 1 ? references[0] : { allOf: references }),
  }
}

function textsOf(uses: readonly Use[], name: string) {
  const texts = uses.flatMap(({ schema }) => keyword(schema, 'description') ?? []).map(String)
  const description = [...new Set(texts)].join(' ')
  const more = uses.flatMap(({ schema, param, names, askers }) => {
    const value = keyword(schema, 'default')
    const others = names.filter(other => other !== name)
    const [first = '', ...rest] = askers
    return [
      ...(keyword(schema, 'secret') === true ? ['A secret: it is never shown. Vault it.'] : []),
      ...(value === undefined ? [] : [`Default: \`${JSON.stringify(value)}\`.`]),
      ...byAnother(keyword(schema, 'defaults')),
      `Param \`${param}\` of ${first}${rest.length > 0 ? ` and ${rest.length} more` : ''}.`,
      ...(others.length > 0 ? [`Other names: ${listed(others.map(other => `\`${other}\``))}.`] : []),
    ]
  })
  const markdownDescription = [description, ...more].filter(Boolean).join('\n\n')
  return { ...(description && { description }), markdownDescription }
}

/** A value of the cluster has a name of each role, too. */
const listed = (names: readonly string[]): string =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')

const most = 5

/** Defaults that depend on another param. */
const byAnother = (defaults: unknown): readonly string[] =>
  typeof defaults === 'object' && defaults !== null
    ? [
        `Defaults: ${Object.entries(defaults)
          .map(([where, value]) => `${where} \`${JSON.stringify(value)}\``)
          .join(', ')}.`,
      ]
    : []

function defaultOf(schema: ParamSchema) {
  const value = keyword(schema, 'default')
  return value === undefined || keyword(schema, 'secret') === true ? {} : { default: value }
}

const oldName = (instead: string | undefined) =>
  instead === undefined ? {} : { deprecated: true, deprecationMessage: `deprecated: say ${instead}` }

const keyword = (schema: ParamSchema, name: string): unknown =>
  typeof schema === 'object' ? (schema as Readonly<Record<string, unknown>>)[name] : undefined
