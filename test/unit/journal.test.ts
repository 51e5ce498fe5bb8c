import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, not } from 'uvu/assert'
import { redacted, redactor } from '../../engine/journal/redact.ts'

test('a secret is replaced wherever its text stands, in any depth', () => {
  const hidden = redactor()
  hidden.add(['pa.ss*word'])
  const diff = { path: '/a', before: 'x pa.ss*word y', after: 'pa-ss-word' }
  const event = { kind: 'task', host: 'h', play: 'p', role: 'r', task: 't', status: 'changed', diff } as const
  equal(redacted(event, hidden), { ...event, diff: { ...diff, before: 'x ******** y' } })
})

test('a secret that is a word of ours does not change what happened, nor to whom', () => {
  const hidden = redactor()
  hidden.add(['changed', 'master'])
  const about = { kind: 'task', host: 'master-1', play: 'p', role: 'r', status: 'changed' } as const
  equal(redacted({ ...about, task: 'master has changed' }, hidden), { ...about, task: '******** has ********' })
})

test('a secret is also known as a shell quotes it, and by the value of its `key: value` lines', () => {
  const hidden = redactor()
  hidden.add(["it's me", 'keys:\n  secret: c2VjcmV0'])
  equal(hidden.text(`login 'it'\\''s me', c2VjcmV0`), `login '********', ********`)
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
