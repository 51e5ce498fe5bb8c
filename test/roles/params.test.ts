import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFormat } from '../../engine/values/formats.ts'
import { validatorOf } from '../../engine/values/validator.ts'
import { everyRole, type TextPlace, textPlaces } from './support/schemas.ts'

const usual = ['ipv4', 'ipv6']

test('every text of every param of every role says what it may be, as a whole', () => {
  const open = everyRole
    .flatMap(textPlaces)
    .filter(place => !isClosed(place))
    .map(({ name }) => name)
  assert.equal(open, [])
  assert.ok(everyRole.length > 20, 'the roles are found')
})

function isClosed({ schema }: TextPlace): boolean {
  const { pattern, format, text } = schema
  if ('enum' in schema || 'const' in schema) return true
  if (typeof format === 'string' && !isFormat(format) && !usual.includes(format)) return false
  if (typeof pattern === 'string' && !isAnchored(pattern)) return false
  return [pattern, format, text].some(keyword => keyword !== undefined)
}

/** Each way through the pattern begins with `^` and ends with `$`. */
const isAnchored = (pattern: string): boolean =>
  topLevel(pattern).every(part => part.startsWith('^') && /(?<!\\)\$$/.test(part))

function topLevel(pattern: string): readonly string[] {
  const parts = ['']
  let depth = 0
  for (const token of pattern.match(/\\.|\[(?:\\.|[^\]])*\]|./g) ?? []) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
    if (token === '|' && depth === 0) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts
}

test('every default is allowed by its own schema', () => {
  for (const role of everyRole) {
    const errors = validatorOf(role.params)({}).filter(({ keyword }) => keyword !== 'required')
    assert.equal(errors, [], role.name)
  }
})

test.run()
