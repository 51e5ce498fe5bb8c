import { createRequire } from 'node:module'
import { type Origin, refused } from '../../failure/index.ts'

const require = createRequire(import.meta.url)

/** Where an editor looks for them, relative to the folder that it has open. */
export const settingsFile = '.vscode/settings.json'
export const schemaFile = '.vscode/rota-variables.schema.json'

/** What files of variables are called. */
export const filesOfVariables = ['group_vars', 'host_vars'].flatMap(folder =>
  ['yml', 'yaml', 'json'].map(ending => `**/${folder}/**/*.${ending}`),
)

/** Tags of Ansible's. */
const customTags = ['!vault scalar', '!unsafe scalar']

/**
 * Settings of VS Code with ours among them: what stands there stays, comments and all. Throws a refusal where it can't
 * be read, or is something else than settings.
 */
export function withOurs(text: string): string {
  const { parse, modify, applyEdits, printParseErrorCode }: typeof import('jsonc-parser') = require('jsonc-parser')
  const errors: import('jsonc-parser').ParseError[] = []
  const settings: unknown = text.trim() === '' ? {} : parse(text, errors, { allowTrailingComma: true })
  const [wrong] = errors
  if (wrong)
    throw refused([{ message: `is no JSON: ${printParseErrorCode(wrong.error)}`, origin: placeIn(text, wrong.offset) }])
  if (!isObject(settings)) throw refused([{ message: 'is no object', origin: placeIn(text, 0) }])
  const formattingOptions = { ...indentOf(text), eol: text.includes('\r\n') ? '\r\n' : '\n' }
  const set = (before: string, path: readonly string[], value: unknown) =>
    applyEdits(before, modify(before, [...path], value, { formattingOptions }))
  const schemas = settings['yaml.schemas'] ?? {}
  if (!isObject(schemas)) throw refused([{ message: 'yaml.schemas is no object', origin: placeIn(text, 0) }])
  const files = schemas[`./${schemaFile}`]
  const tags = settings['yaml.customTags']
  const begun = text.trim() === '' ? '{}\n' : text
  const withSchema = set(begun, ['yaml.schemas', `./${schemaFile}`], union(files, filesOfVariables))
  const withTags = set(withSchema, ['yaml.customTags'], union(tags, customTags))
  // Where nobody has said otherwise: to Ansible, `yes` is true.
  return 'yaml.yamlVersion' in settings ? withTags : set(withTags, ['yaml.yamlVersion'], '1.1')
}

/** What is there, and of ours what is not; one text may stand for a list of one. */
function union(there: unknown, ours: readonly string[]): readonly unknown[] {
  const known: readonly unknown[] = there === undefined ? [] : [there].flat()
  return [...known, ...ours.filter(each => !known.includes(each))]
}

/** As the file has it: tabs, or so many spaces. */
function indentOf(text: string): { readonly insertSpaces: boolean; readonly tabSize: number } {
  const indent = /^[ \t]+(?=\S)/m.exec(text)?.[0] ?? '  '
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 4 : indent.length }
}

function placeIn(text: string, offset: number): Origin {
  const lines = text.slice(0, offset).split(/\r?\n/)
  return { file: settingsFile, line: lines.length, column: (lines.at(-1) ?? '').length + 1 }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
