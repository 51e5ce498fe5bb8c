import { formats, isFormat } from './formats.ts'
import { schemaKeyword } from './names.ts'
import type { ParamSchema } from './schema.ts'

/** JSON Schema, as data. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

/**
 * What a file of variables may hold as the value of a param, for editors: what a run takes for it, in JSON Schema's
 * words alone. So a number may be text, nothing at all is a value, and a template or a vaulted text is one wherever it
 * stands, for only a run knows what it comes to. Whether a number in quotes is within its bounds only a run knows, too.
 */
export function fileSchema(schema: ParamSchema): JsonSchema {
  const { description, ...part } = { description: undefined, ...objectOf(partOf(schema)) }
  return { anyOf: [part, ...converted(schema), { type: 'null' }, { const: '' }, later] }
}

/** Definitions that `fileSchema` refers to. */
export const fileDefinitions: Readonly<Record<string, JsonSchema>> = {
  later: {
    description: 'A template, or what came out of `ansible-vault encrypt_string`: only a run knows what it comes to.',
    type: 'string',
    pattern: '\\{[{%#]|^\\s*\\$ANSIBLE_VAULT;',
  },
}

const later = { $ref: '#/$defs/later' }

const objectOf = (schema: JsonSchema): Keywords => (typeof schema === 'object' ? schema : schema ? {} : { not: {} })

/** Of those that say nothing of parts. */
const kept = [
  ...['type', 'enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties', 'required'],
  'description',
]

function partOf(schema: unknown): JsonSchema {
  if (!isObject(schema)) return schema !== false
  const own = Object.fromEntries(kept.flatMap(keyword => (keyword in schema ? [[keyword, schema[keyword]]] : [])))
  const patterns = patternsOf(schema)
  const [only] = patterns
  return {
    ...own,
    ...(patterns.length === 1 && only ? only : patterns.length > 1 ? { allOf: patterns } : {}),
    ...(isObject(schema.items) ? { items: orLater(schema.items) } : {}),
    ...(isObject(schema.properties) ? { properties: mapped(schema.properties) } : {}),
    ...('additionalProperties' in schema ? { additionalProperties: orLater(schema.additionalProperties) } : {}),
    ...(isObject(schema.propertyNames) ? { propertyNames: partOf(schema.propertyNames) } : {}),
  }
}

const mapped = (schemas: Keywords): Keywords =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, orLater(schema)]))

const orLater = (schema: unknown): JsonSchema => {
  const part = partOf(schema)
  return part === false || part === true || Object.keys(part).length === 0 ? part : { anyOf: [part, later] }
}

function patternsOf(schema: Keywords): readonly Keywords[] {
  const { format, pattern, text } = schema
  const isText = schema.type === undefined || [schema.type].flat().includes('string')
  const ours = typeof format === 'string' && isFormat(format) ? formats[format] : undefined
  return [
    ...(ours ? [{ pattern: ours.pattern.source, patternErrorMessage: `expected ${ours.expected}` }] : []),
    ...(format !== undefined && !ours ? [{ format }] : []),
    ...(pattern === undefined ? [] : [{ pattern }]),
    // A format of ours lets none of these in.
    ...(isText && !ours ? [text === 'lines' ? lines : line] : []),
  ]
}

/** As `hasControlCharacters` has them. */
const control = '\\p{Cc}\\p{Zl}\\p{Zp}\\p{Bidi_Control}\\p{Cs}'
const line = { pattern: `^[^${control}]*$`, patternErrorMessage: 'expected one line of text' }
const lines = {
  pattern: `^(?:[\\n\\t]|[^${control}])*$`,
  patternErrorMessage: 'expected text without control characters',
}

/** What a value may be beside what its type says: see `convert` in params.ts. */
function converted(schema: ParamSchema): readonly JsonSchema[] {
  const type = schemaKeyword(schema, 'type')
  if (type === 'integer') return [{ type: 'string', pattern: '^\\s*-?\\d+\\s*$' }]
  if (type === 'number') return [{ type: 'string', pattern: '^\\s*-?\\d+(?:\\.\\d+)?\\s*$' }]
  if (type === 'boolean')
    return [
      {
        type: 'string',
        pattern: '^\\s*(?:[Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|1|[Oo][Ff][Ff]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|0)\\s*$',
      },
    ]
  return type === 'string' ? numbersAsText(schema) : []
}

/** A whole number where text is meant, as far as its text is right. */
function numbersAsText(schema: ParamSchema): readonly JsonSchema[] {
  const allowed = schemaKeyword(schema, 'enum')
  if (Array.isArray(allowed)) {
    const numbers = allowed.filter(value => /^(?:0|-?[1-9]\d*)$/.test(String(value))).map(Number)
    return numbers.length > 0 ? [{ enum: numbers }] : []
  }
  const patterns = patternsOf(isObject(schema) ? schema : {}).flatMap(({ pattern }) =>
    typeof pattern === 'string' ? [new RegExp(pattern, 'u')] : [],
  )
  const isRight = (number: number) => patterns.every(pattern => pattern.test(String(number)))
  if (!samples.some(isRight)) return isRight(0) ? [{ enum: [0] }] : []
  return [{ type: 'integer', ...(isRight(-1) ? {} : { minimum: isRight(0) ? 0 : 1 }) }]
}

const samples = [1, 7, 42, 300, 6443, 65535, 123456789]

type Keywords = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Keywords =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
