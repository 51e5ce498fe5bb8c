import { isSetBy } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveParams } from '../../../engine/values/params.ts'

const role = {
  name: 'proxy',
  params: {
    type: 'object',
    properties: { imageTag: { type: 'string', default: '1', format: 'image-tag', var: 'image_tag' } },
  },
} as const
const origin = { file: 'a.yml', line: 1, column: 1 }

const resolved = (rank: number | undefined, given: Readonly<Record<string, unknown>> = {}) => {
  const variable = { value: '2', origin, source: 'somewhere', rank: rank ?? 0, locate: () => origin }
  const found = resolveParams({ role, params: given, site: origin }, name =>
    name === 'image_tag' && rank !== undefined ? { value: '2', variable } : undefined,
  )
  assert.ok(found.ok)
  return found.params
}

// What the ranks are: 0 and more are the inventory's and extra variables', less those of files of defaults.
test('the operator sets a param by the inventory and by the playbook', () => {
  assert.is(isSetBy(resolved(0), 'imageTag'), true)
  assert.is(isSetBy(resolved(7), 'imageTag'), true)
  assert.is(isSetBy(resolved(undefined, { imageTag: '3' }), 'imageTag'), true)
})
test('a default is set by nobody, be it of the role or of a file of defaults', () => {
  assert.is(isSetBy(resolved(undefined), 'imageTag'), false)
  const params = resolved(-1)
  assert.is(params.imageTag, '2')
  assert.is(isSetBy(params, 'imageTag'), false)
})
test('of values that were not resolved nobody has set any', () =>
  assert.is(isSetBy({ imageTag: '1' }, 'imageTag'), false))

test.run()
