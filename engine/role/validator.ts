import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { ValidateFunction } from 'ajv'
import { cacheDir } from '../load/cache.mjs'

const require = createRequire(import.meta.url)
const validators = new WeakMap<object, ValidateFunction>()

/** The function that checks an object against a schema, refuses what the schema does not name, sets defaults, and keeps every error. */
export function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema)
  if (known) return known
  const closed = { ...schema, additionalProperties: false }
  const text = JSON.stringify(closed)
  const validate = cached(text) ?? compiled(closed, text)
  validators.set(schema, validate)
  return validate
}

/** Loading ajv and compiling the schemas of a dozen roles takes 0.1 s: what ajv has made of a schema is kept, by the schema's checksum. */
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
  const { default: formats }: typeof import('ajv-formats') = require('ajv-formats')
  const { default: standalone }: typeof import('ajv/dist/standalone/index.js') = require('ajv/dist/standalone')
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    strict: false,
    allowUnionTypes: true,
    verbose: true,
    code: { source: true },
  })
  formats.default(ajv)
  const validate = ajv.compile(schema)
  keep(text, standalone(ajv, validate))
  return validate
}

function keep(text: string, code: string): void {
  const file = fileFor(text)
  if (file === undefined) return
  try {
    const beside = `${file}.${randomBytes(6).toString('hex')}`
    writeFileSync(beside, code, { mode: 0o600 })
    renameSync(beside, file)
  } catch {
    // A full disk: the next run compiles again.
  }
}

function fileFor(text: string): string | undefined {
  const dir = cacheDir('validators')
  const key = createHash('sha256').update(`${ajvVersion()}\n${text}`).digest('hex').slice(0, 32)
  return dir === undefined ? undefined : join(dir, `${key}.js`)
}

const ajvVersion = (): string => require('ajv/package.json').version

/** ajv's code is a CommonJS module that needs a few of ajv's own. */
function evaluated(code: string): ValidateFunction {
  const module: { exports: unknown } = { exports: undefined }
  new Function('module', 'exports', 'require', code)(module, {}, require)
  return module.exports as ValidateFunction
}
