import type { ErrorObject } from 'ajv'
import { closest } from 'fastest-levenshtein'
import { didYouMean, type Origin, type Problem } from '../failure/index.ts'
import { shownValue } from '../shell/index.ts'
import type { Hit, Source } from './choose.ts'
import { formats, isFormat } from './formats.ts'
import { type HasParams, namesToSet, schemaKeyword } from './names.ts'

/** One that is `missing` is needed and not set, which may not matter to who asks for another part of the playbook. */
export interface ParamProblem extends Problem {
  readonly kind: 'missing' | 'wrong'
  readonly param: string
}

const isMissing = ({ keyword, instancePath }: ErrorObject): boolean => keyword === 'required' && instancePath === ''

export function problemOf(
  error: ErrorObject,
  role: HasParams,
  sources: ReadonlyMap<string, Source>,
  call: { readonly site?: Origin },
): ParamProblem {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  const [name = String(error.params.missingProperty ?? ''), ...rest] = path
  const schema = role.params.properties[name]
  const source = sources.get(name)
  const variable = source?.kind === 'variable' ? source.variable : undefined
  const said = source?.kind === 'variable' ? source.named : name
  const origin: Origin | undefined =
    variable?.locate(rest.map(part => (/^\d+$/.test(part) ? Number(part) : part))) ??
    (source?.kind === 'playbook' ? source.given.site : call.site)
  const where = rest.length > 0 ? `${said}.${rest.join('.')}` : said
  if (isMissing(error)) {
    const names = schema
      ? namesToSet(role.name, name, schema)
          .map(text => `\`${text}\``)
          .join(' or ')
      : name
    return {
      kind: 'missing',
      param: name,
      message: `${labelOf(role)} needs ${name}`,
      ...placed(call.site),
      hint: `set ${names} in the inventory${call.site === undefined ? '' : `, or ${name} in the playbook`}`,
    }
  }
  const isSecret = variable?.secret === true || (schema && schemaKeyword(schema, 'secret'))
  const shown = isSecret ? 'the secret value' : shownValue(error.data)
  const message = `${where}: ${shown} ${expectation(error)}`
  return { kind: 'wrong', param: name, message, foundBy: labelOf(role), ...placed(origin), ...hintFor(error) }
}

function expectation(error: ErrorObject): string {
  switch (error.keyword) {
    case 'type':
      return `is not of type ${error.params.type}`
    case 'enum':
      return `is not one of ${error.params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(', ')}`
    case 'additionalProperties':
      return `has an unknown key ${JSON.stringify(error.params.additionalProperty)}`
    case 'format': {
      const name = String(error.params.format)
      return `is not ${isFormat(name) ? formats[name].expected : `of the format ${name}`}`
    }
    case 'pattern':
      return `does not match ${error.params.pattern}`
    default:
      return error.message ?? 'is not valid'
  }
}

function hintFor(error: ErrorObject): { readonly hint?: string } {
  if (error.keyword === 'type' && error.params.type === 'string' && typeof error.data === 'number') {
    return { hint: 'quote it: without quotes it is a number and may have lost digits' }
  }
  if (error.keyword === 'enum' && typeof error.data === 'string') {
    const near = closest(error.data, error.params.allowedValues.map(String))
    return { hint: `did you mean ${near}?` }
  }
  if (error.keyword === 'additionalProperties') {
    const names = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {})
    const key = String(error.params.additionalProperty)
    // One that was begun and not ended is meant, however much is missing.
    const begun = key.length > 2 ? names.find(name => name.startsWith(key)) : undefined
    if (begun !== undefined) return { hint: `did you mean ${begun}?` }
    const near = didYouMean(key, names)
    return near.hint === undefined && names.length > 0 ? { hint: `its keys are ${names.join(', ')}` } : near
  }
  return {}
}

/** Two names of one value say different things. */
export function contradicts(param: string, strong: Hit, weak: Hit): ParamProblem {
  const shown = ({ value, variable }: Hit): string => (variable.secret ? 'a secret value' : shownValue(value))
  const { file, line, column } = strong.variable.origin
  return {
    kind: 'wrong',
    param,
    message: `${weak.named} is ${shown(weak)}, and ${strong.named} is ${shown(strong)} (${file}:${line}:${column})`,
    ...placed(weak.variable.origin),
    hint: 'they are names of one value: take one of them away',
  }
}

const placed = (origin: Origin | undefined) => (origin === undefined ? {} : { origin })

export function unknownParam(role: HasParams, name: string, origin: Origin | undefined): ParamProblem {
  const names = Object.keys(role.params.properties)
  return {
    kind: 'wrong',
    param: name,
    message: `${labelOf(role)} has no param ${name}`,
    ...placed(origin),
    hint: names.length > 0 ? `did you mean ${closest(name, names)}?` : 'it takes no params',
  }
}

const labelOf = ({ name, label = `role ${name}` }: HasParams): string => label

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
