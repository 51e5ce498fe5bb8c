import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { type Candidate, nextTurn } from '../../../engine/rollout/availability-rule.ts'

const majority = (total: number) => Math.floor(total / 2) + 1
const up = (name: string): Candidate => ({ name, available: true, disrupted: true })
const down = (name: string): Candidate => ({ name, available: false, disrupted: true })
const same = (name: string): Candidate => ({ name, available: true, disrupted: false })
const turn = (batch: readonly Candidate[], available: number, total = 3) => {
  const next = nextTurn(batch, { total, available }, majority)
  return 'refused' in next ? next.refused : next.hosts.map(host => host.name).join(' ')
}

test('three healthy masters in one batch go one at a time', () => equal(turn([up('a'), up('b'), up('c')], 3), 'a'))

test('five masters go two at a time', () => equal(turn(['a', 'b', 'c', 'd', 'e'].map(up), 5, 5), 'a b'))

test('with one of three down no healthy one is taken down, and the reason says so', () =>
  match(turn([up('a')], 2), "a can't be taken down: 2 of 3 available, at least 2 must stay"))

test('the one that is down is repaired first', () => equal(turn([up('a'), down('b')], 2), 'b'))

test('the one that leads comes after the others, and alone it comes, too', () => {
  const leads = (name: string): Candidate => ({ ...up(name), last: true })
  equal(turn([leads('a'), up('b'), up('c')], 3), 'b')
  equal(turn([leads('a'), up('c')], 3), 'c')
  equal(turn([leads('a')], 3), 'a')
  equal(turn([leads('a'), down('b')], 2), 'b')
})

test('a cluster that does not exist yet is built all at once', () =>
  equal(turn([down('a'), down('b'), down('c')], 0), 'a b c'))

test('hosts without changes do not count', () => equal(turn([same('a'), up('b'), same('c')], 3), 'a b c'))

test('hosts without changes are looked at even where no other may be touched', () =>
  equal(turn([same('a'), up('b')], 2), 'a'))

test('property: no batch ever takes down more available hosts than the rule leaves room for, and every turn gets on', () => {
  const host = fc.record({ available: fc.boolean(), disrupted: fc.boolean() })
  fc.assert(
    fc.property(fc.array(host, { maxLength: 12 }), fc.nat(5), fc.nat(12), (hosts, othersUp, needed) => {
      const batch = hosts.map((item, index) => ({ ...item, name: `h${index}` }))
      const available = batch.filter(item => item.available).length + othersUp
      const next = nextTurn(batch, { total: batch.length + othersUp, available }, () => needed)
      if ('refused' in next) return ok(available <= needed && batch.every(item => item.available && item.disrupted))
      const taken = next.hosts.filter(item => item.available && item.disrupted).length
      ok(taken === 0 || available - taken >= needed)
      ok(batch.length === 0 || next.hosts.length > 0)
    }),
  )
})

test.run()
