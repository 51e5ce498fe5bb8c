import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { cacheDir } from '../load/cache.mjs'
import { keepNewest } from '../load/keep-newest.mjs'
import { formats } from './formats.ts'
import { brokenLines } from './one-line.ts'

/** Each edit of a schema leaves one behind. All roles together have some forty. */
const validatorsKept = 500

const require = createRequire(import.meta.url)
const validators = new WeakMap<object, Validate>()

/** Every error of an object, which is given the schema's defaults. */
export type Validate = (value: Record<string, unknown>) => readonly ErrorObject[]

/**
 * Checks objects against a schema: refuses what the schema does not name, and text that breaks a line where the schema
 * does not ask for lines. Of text that does, nothing else is said.
 */
export function validatorOf(schema: object): Validate {
  const known = validators.get(schema)
  if (known) return known
  const closed = { ...schema, additionalProperties: false }
  const text = JSON.stringify(closed)
  const bySchema = cached(text) ?? compiled(closed, text)
  const validate: Validate = value => {
    const errors = bySchema(value) ? [] : (bySchema.errors ?? [])
    const broken = brokenLines(closed, value)
    const places = new Set(broken.map(({ instancePath }) => instancePath))
    return [...errors.filter(({ instancePath }) => !places.has(instancePath)), ...broken]
  }
  validators.set(schema, validate)
  return validate
}

/**
 * Loading ajv and compiling the schemas of a dozen roles takes 0.1 s: what ajv has made of a schema is kept, by the
 * schema's checksum.
 */
function cached(text: string): ValidateFunction | undefined {
  const file = fileFor(text)
  try {
    return file === undefined ? undefined : evaluated(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function compiled(schema: object, text: string): ValidateFunction {
  const { Ajv }: typeof import('ajv') = require('ajv')
  const { default: usual }: typeof import('ajv-formats') = require('ajv-formats')
  const { default: standalone }: typeof import('ajv/dist/standalone/index.js') = require('ajv/dist/standalone')
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    strict: false,
    // A keyword or a format that nobody knows would be ignored, and what it was to keep out let in.
    strictSchema: true,
    keywords,
    allowUnionTypes: true,
    verbose: true,
    code: { source: true },
  })
  usual.default(ajv)
  for (const [name, { pattern }] of Object.entries(formats)) ajv.addFormat(name, pattern)
  const validate = ajv.compile(schema)
  keep(text, standalone(ajv, validate))
  return validate
}

/** Ours, beside JSON Schema's: what `ParamSchema` says of them. */
const keywords = ['var', 'secret', 'text', 'defaults', 'agree']

function keep(text: string, code: string): void {
  const file = fileFor(text)
  if (file === undefined) return
  try {
    const beside = `${file}.${randomBytes(6).toString('hex')}`
    writeFileSync(beside, code, { mode: 0o600 })
    renameSync(beside, file)
    keepNewest(dirname(file), validatorsKept)
  } catch {
    // A full disk: the next run compiles again.
  }
}

function fileFor(text: string): string | undefined {
  const dir = cacheDir('validators')
  const key = createHash('sha256').update([ajvVersion(), formatsText, text].join('\n')).digest('hex').slice(0, 32)
  return dir === undefined ? undefined : join(dir, `${key}.js`)
}

/** A validator holds the patterns of its formats. */
const formatsText = JSON.stringify(Object.entries(formats).map(([name, { pattern }]) => [name, pattern.source]))

const ajvVersion = (): string => require('ajv/package.json').version

/** ajv's code is a CommonJS module that needs a few of ajv's own. */
function evaluated(code: string): ValidateFunction {
  const module: { exports: unknown } = { exports: undefined }
  new Function('module', 'exports', 'require', code)(module, {}, require)
  return module.exports as ValidateFunction
}
