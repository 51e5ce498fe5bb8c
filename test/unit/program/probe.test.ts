import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineFact } from '../../../engine/facts/fact.ts'
import { probeOf } from '../../../engine/program/probe.ts'

const echo = defineFact<string, string>({
  name: 'echo',
  probe: args => args.map(arg => `echo ${arg}`).join('; '),
  parse: output => output.split('\n').filter(line => line !== ''),
})
const size = defineFact<{ readonly path: string }, number>({
  name: 'size',
  probe: () => 'wc',
  parse: (output, args) => {
    if (!/^\d+$/.test(output)) throw new Error('not a number')
    return args.map(() => Number(output))
  },
})

const mark = '\n:\n'

test('one piece for each kind, each argument once', () => {
  const probe = probeOf([echo('a'), size({ path: '/x' }), echo('b'), echo('a')], mark)
  assert.is(probe.program(4).text, "rota_facts 4 'echo a; echo b' wc\nrota_end 4")
  const facts = probe.read('a\nb\n\n:\n12\n:')
  assert.is(facts.get(echo('b')), 'b')
  assert.is(facts.get(size({ path: '/x' })), 12)
  assert.throws(() => facts.get(echo('c')), /fact was not probed: echo "c"/)
})

test('an answer that can not be read names the kind, and shows nothing of what the host printed', () => {
  assert.throws(
    () => probeOf([size({ path: '/x' })], mark).read('no such file\n:'),
    /^fact size can't be read: not a number \(the host printed 12 characters\)$/,
  )
  assert.throws(
    () => probeOf([echo('a'), echo('b')], mark).read('a\n:'),
    /fact echo: 2 values were asked for, the output gives 1/,
  )
})

test('a script that ends the shell of all is named; what it printed is not taken for its answer', () => {
  assert.throws(
    () => probeOf([echo('a'), size({ path: '/x' })], mark).read('a\n:\n12\n'),
    /^fact size: its script did not come to its end \(it printed \d characters\)$/,
  )
})

test('two kinds of one name are a mistake', () => {
  const other = defineFact<string, string>({ name: 'echo', probe: () => '', parse: () => [] })
  assert.throws(() => probeOf([echo('a'), other('b')], mark), /two kinds of fact have the name echo/)
})

test.run()
