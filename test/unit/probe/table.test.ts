import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parsePath } from '../../../scripts/probe/paths.mjs'
import { renderTable, verdict } from '../../../scripts/probe/table.mjs'
import { addSample, emptyTally, summary } from '../../../scripts/probe/tally.mjs'

const row = (kind: string, ...errors: (string | undefined)[]) => {
  const tally = emptyTally()
  for (const [i, e] of errors.entries()) addSample(tally, { k: kind, t: i * 1000, d: 1000, ...(e ? { e } : {}) })
  return { path: 'vip', kind, ...summary(tally) }
}

test('failures on kept connections count only when asked for', () => {
  const rows = [row('new /readyz', undefined), row('kept /readyz', undefined, 'reset')]
  assert.is(verdict(rows).failures, 0)
  assert.is(verdict(rows, { strict: true }).failures, 1)
})

test('a path that was never asked is named', () => {
  assert.equal(verdict([row('new /readyz')]).silent, ['vip new /readyz'])
})

test('the table has a line per row and the failures in the order of time', () => {
  const text = renderTable([row('new /readyz', undefined, 'late'), row('kept /readyz', 'early')])
  const lines = text.split('\n')
  assert.match(lines[1] ?? '', /^vip {3}new \/readyz +2 +1 /)
  assert.ok(text.indexOf('early') < text.indexOf('late'))
})

test('a path is a name, perhaps a host, and a URL', () => {
  assert.equal(parsePath('vip=https://10.0.0.5:8443'), { name: 'vip', url: 'https://10.0.0.5:8443' })
  assert.equal(parsePath('n1@node-1=https://h/?a=b'), { name: 'n1', host: 'node-1', url: 'https://h/?a=b' })
  assert.throws(() => parsePath('https://10.0.0.5'), /--path takes/)
})

test.run()
