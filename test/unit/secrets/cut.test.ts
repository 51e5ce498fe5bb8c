import { test } from 'uvu'
import { equal, is } from 'uvu/assert'
import { beginningOf, endOf } from '../../../engine/secrets/cut.ts'

test('a long text is cut between lines, so that no half of a secret is left', () => {
  const text = 'first line\nuser:secret-word\nlast\n'
  for (let length = 0; length <= text.length; length += 1)
    for (const part of [endOf(text, length), beginningOf(text, length)]) {
      is(part.length <= length, true)
      for (const line of part.split('\n'))
        equal(['first line', 'user:secret-word', 'last', ''].includes(line), true, part)
    }
  equal([endOf(text, 22), endOf(text, 21)], ['user:secret-word\nlast\n', 'last\n'])
  equal([beginningOf(text, 28), beginningOf(text, 27)], ['first line\nuser:secret-word\n', 'first line\n'])
})

test('of a line that is longer nothing is left', () => {
  equal([endOf('x'.repeat(20), 10), beginningOf('x'.repeat(20), 10)], ['', ''])
})

test.run()
