import { test } from 'uvu'
import { equal, ok } from 'uvu/assert'
import { labAgainOf, labFaults, labPointsOf } from '../../lab/faults/index.ts'

const steps = [
  'master-1 is planned: balancers',
  'master-1 begins: packages haproxy, psmisc, ed',
  'master-1 begins: reload haproxy',
  'master-1 has done: reload haproxy',
  'node-1 begins: reload nginx-proxy',
]

test('a sample strikes by each fault before it strikes by one again, the same for a seed', () => {
  const sample = labFaults.length + 3
  const points = labPointsOf({ steps }, { sample, seed: 7 })
  equal(points.length, sample)
  equal(new Set(points.slice(0, labFaults.length).map(({ fault }) => fault)).size, labFaults.length)
  equal(labPointsOf({ steps }, { sample, seed: 7 }), points)
  ok(labPointsOf({ steps }, { sample, seed: 8 }).some((point, index) => point.what !== points[index]?.what))
})

test('a fault of a reload strikes as one begins, one of packages as they are installed, any other at every step', () => {
  const of = (only: string) => labPointsOf({ steps }, { only: [only] }).map(({ number }) => number)
  equal([of('hang').sort(), of('apt'), of('power').sort()], [[3, 5], [2], [1, 2, 3, 4, 5]])
})

test('what is printed strikes there again', () => {
  const [point] = labPointsOf({ steps }, { only: ['apt'] })
  ok(point)
  equal(labAgainOf('proxies', point), `npx zx scripts/faults.mjs --lab proxies --only apt --step '${steps[1]}'`)
  equal(labPointsOf({ steps }, { only: ['apt'], step: point.what }), [point])
  equal(labPointsOf({ steps }, { step: '2' }).length, labFaults.length - 2)
})

test.run()
