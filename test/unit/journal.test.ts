import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, not } from 'uvu/assert'
import { redactor } from '../../engine/journal/redact.ts'

test('a secret is replaced wherever its text stands, in any depth', () => {
  const hidden = redactor()
  hidden.add(['pa.ss*word'])
  equal(hidden.value({ a: ['x pa.ss*word y'], b: { c: 'pa-ss-word' }, d: 1 }), {
    a: ['x ******** y'],
    b: { c: 'pa-ss-word' },
    d: 1,
  })
})

test('the lines of a secret of several lines are hidden one by one', () => {
  const hidden = redactor()
  hidden.add(['-----BEGIN KEY-----\nabcdef\n'])
  equal(hidden.text('got abcdef'), 'got ********')
})

test('property: no secret of four characters or more is left in a text', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ minLength: 4 }).filter(text => text.trim().length >= 4 && !text.includes('*')),
        { minLength: 1 },
      ),
      fc.string(),
      (secrets, around) => {
        const hidden = redactor()
        hidden.add(secrets)
        const text = hidden.text(secrets.join(around))
        for (const secret of secrets) not(text.includes(secret) && !around.includes(secret))
      },
    ),
  )
})

test.run()
