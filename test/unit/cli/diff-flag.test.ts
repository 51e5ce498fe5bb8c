import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFlags } from '../../../engine/cli/flags.ts'

const flagsOf = (...args: readonly string[]) => {
  const { diff, each, check, limit, given } = parseFlags({ name: 'p', file: 'p.mjs', plays: [] }, args)
  return { diff, each, check, limit, given: given.map(({ flag, value }) => [flag, value].filter(Boolean).join('=')) }
}

for (const [args, expected] of [
  ['', { diff: false, each: false, check: false }],
  ['-D', { diff: true, each: false, check: false }],
  ['--diff', { diff: true, each: false, check: false }],
  ['-DC', { diff: true, each: false, check: true }],
  ['-CD', { diff: true, each: false, check: true }],
  ['-D -C', { diff: true, each: false, check: true }],
  ['--diff=each', { diff: true, each: true, check: false }],
  ['-C --diff each', { diff: true, each: true, check: true }],
] as const)
  test(`differences: ${args || 'nothing'}`, () => {
    const { diff, each, check } = flagsOf(...args.split(' ').filter(Boolean))
    assert.equal({ diff, each, check }, expected)
  })

test('what stands after --diff as a flag is one', () => {
  assert.equal(flagsOf('--diff', '-l', 'm1').limit, 'm1')
  assert.equal(flagsOf('--diff=each', '-C').given, ['--diff=each', '--check'])
})

test('another word than each is an error', () => {
  const { write } = process.stderr
  process.stderr.write = () => true
  try {
    assert.throws(() => flagsOf('--diff=all'), /each is expected/)
  } finally {
    process.stderr.write = write
  }
})

test.run()
