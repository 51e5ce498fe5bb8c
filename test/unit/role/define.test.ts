import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineRole } from '../../../engine/index.ts'

for (const params of [undefined, {}, { type: 'object' }, { text: { type: 'string' } }])
  test(`a role whose params are ${JSON.stringify(params)} is refused as it is defined, by its name`, () =>
    assert.throws(
      () => defineRole({ name: 'motd', params, tasks: () => [] } as never),
      /^role motd: its params are no JSON Schema of an object$/,
    ))

test('a role may have no params at all', () => {
  const motd = defineRole({ name: 'motd', params: { type: 'object', properties: {} }, tasks: () => [] })
  assert.is(motd().role.name, 'motd')
})

test.run()
