import type { ErrorObject } from 'ajv'
import { hasControlCharacters } from '../shell/index.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * Text that breaks a line, in a value or in the name of a key: it would end in a configuration, a unit or a command as
 * a line of its own. It is refused wherever it stands, whatever the schema says of it, unless that says `text:
 * 'lines'`, which may have line feeds and tabs.
 */
export function brokenLines(schema: unknown, value: unknown, path = ''): readonly ErrorObject[] {
  const at = isObject(schema) ? schema : {}
  if (typeof value === 'string') {
    const text = at.text === 'lines' ? value.replace(/[\n\t]/g, '') : value
    return hasControlCharacters(text) ? [broken(path, value, at.text === 'lines')] : []
  }
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => brokenLines(at.items, item, `${path}/${index}`))
  if (!isObject(value)) return []
  const properties = isObject(at.properties) ? at.properties : {}
  return Object.entries(value).flatMap(([name, item]) => {
    if (hasControlCharacters(name)) return [broken(path, name, false)]
    const part = name.replaceAll('~', '~0').replaceAll('/', '~1')
    return brokenLines(
      Object.hasOwn(properties, name) ? properties[name] : at.additionalProperties,
      item,
      `${path}/${part}`,
    )
  })
}

const broken = (instancePath: string, data: unknown, lines: boolean): ErrorObject => ({
  keyword: 'text',
  instancePath,
  schemaPath: '',
  params: {},
  message: `has control characters: expected ${lines ? 'text' : 'one line of text'}`,
  data,
})

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
