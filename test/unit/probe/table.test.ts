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

test('the table has a line per row, then the failures: those on new connections first, each in the order of time', () => {
  const text = renderTable([
    row('kept /readyz', 'kept'),
    row('new /readyz', undefined, 'late'),
    row('new /version', 'early'),
  ])
  const lines = text.split('\n')
  assert.match(lines[2] ?? '', /^vip {3}new \/readyz +2 +1 /)
  const reasons = ['early', 'late', 'kept'].map(reason => text.indexOf(`: ${reason}`))
  assert.equal(
    reasons,
    [...reasons].sort((a, b) => a - b),
  )
  assert.ok(reasons.every(at => at > 0))
})

test('a path is a name, perhaps a host, and a URL', () => {
  assert.equal(parsePath('vip=https://10.0.0.5:8443'), { name: 'vip', url: 'https://10.0.0.5:8443' })
  assert.equal(parsePath('n1@node-1=https://h/?a=b'), { name: 'n1', host: 'node-1', url: 'https://h/?a=b' })
  assert.throws(() => parsePath('https://10.0.0.5'), /--path takes/)
})

test.run()
