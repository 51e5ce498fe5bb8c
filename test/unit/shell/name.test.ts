import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeName, encodeName } from '../../../engine/shell/name.ts'

test('any name becomes one safe file name, and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), name => {
      assert.match(encodeName(name), /^[A-Za-z0-9_%-][A-Za-z0-9._%-]*$/)
      assert.is(decodeName(encodeName(name)), name)
    }),
  )
  assert.is(encodeName('..'), '%2E.')
  assert.is(encodeName('haproxy/reload'), 'haproxy%2Freload')
})

test.run()
