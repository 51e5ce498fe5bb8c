import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clock } from '../../../engine/facts/clock.ts'
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
const span = { asked: 100, answered: 130 }

test('one piece for each kind, each argument once', () => {
  const probe = probeOf([echo('a'), size({ path: '/x' }), echo('b'), echo('a')], mark)
  assert.is(probe.program(4).text, "rota_facts 4 'echo a; echo b' wc\nrota_end 4")
  const facts = probe.read('a\nb\n\n:\n12\n:', span)
  assert.is(facts.get(echo('b')), 'b')
  assert.is(facts.get(size({ path: '/x' })), 12)
  assert.throws(() => facts.get(echo('c')), /fact was not probed: echo "c"/)
})

test('an answer that can not be read names the kind, and shows nothing of what the host printed', () => {
  assert.throws(
    () => probeOf([size({ path: '/x' })], mark).read('no such file\n:', span),
    /^fact size can't be read: not a number \(the host printed 12 characters\)$/,
  )
  assert.throws(
    () => probeOf([echo('a'), echo('b')], mark).read('a\n:', span),
    /fact echo: 2 values were asked for, the output gives 1/,
  )
})

test('a script that ends the shell of all is named; what it printed is not taken for its answer', () => {
  assert.throws(
    () => probeOf([echo('a'), size({ path: '/x' })], mark).read('a\n:\n12\n', span),
    /^fact size: its script did not come to its end \(it printed \d characters\)$/,
  )
})

test('a kind that brackets the others is asked before and after them, and knows how long it may have taken', () => {
  const probe = probeOf([echo('a'), clock({})], mark)
  assert.is(probe.program(1).text, "rota_facts 1 'date +%s.%N' 'echo a' 'date +%s.%N'\nrota_end 1")
  const said = (begin: string, end: string) => probe.read(`${begin}\n:\na\n:\n${end}\n:`, span)
  const facts = said('1100.000000000', '1125.500000000')
  assert.is(facts.get(echo('a')), 'a')
  // Asked at 100, answered at 130: it read 1100 no sooner than that, and 1125.5 no later.
  assert.equal(facts.get(clock({})), { least: 995_500, most: 1_000_000 })
  for (const none of ['1100.N', '1100.%N', '1100.'])
    assert.equal(said(none, none.replace('00', '25')).get(clock({})), { least: 995_000, most: 1_001_000 })
  for (const wrong of ['', 'soon', '1e9.000000000', '1100.5'])
    assert.throws(() => said(wrong, '1125.N'), /fact clock can't be read/)
})

test('two kinds of one name are a mistake', () => {
  const other = defineFact<string, string>({ name: 'echo', probe: () => '', parse: () => [] })
  assert.throws(() => probeOf([echo('a'), other('b')], mark), /two kinds of fact have the name echo/)
})

test.run()
