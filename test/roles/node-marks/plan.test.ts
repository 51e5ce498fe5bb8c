import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { labels, patchFor, plan, said, taints } from '../../../roles/node-marks/kinds.ts'
import { labelsIn } from '../../../roles/node-marks/label.ts'
import { memoryOf, planMarks, remembered } from '../../../roles/node-marks/marks.ts'
import { taintsIn } from '../../../roles/node-marks/taint.ts'

type Texts = Readonly<Record<string, string>>
const marks = (texts: Texts) => new Map(Object.entries(texts))

// What the operator wants, what is there, what we have set, and what is done: set, taken away, ours afterwards.
const cases: readonly (readonly [
  string,
  Texts,
  Texts,
  Texts,
  readonly [Texts, readonly string[], Texts] | undefined,
])[] = [
  ['nothing is wanted, nothing is there', {}, {}, {}, undefined],
  ['a new one', { a: '1' }, {}, {}, [{ a: '1' }, [], { a: '1' }]],
  ['one of ours that is as wanted', { a: '1' }, { a: '1' }, { a: '1' }, undefined],
  ["somebody else's that is as wanted", { a: '1' }, { a: '1' }, {}, undefined],
  [
    "somebody else's with another value: the operator's counts",
    { a: '1' },
    { a: '2' },
    {},
    [{ a: '1' }, [], { a: '1' }],
  ],
  ["somebody else's that nobody wants", {}, { b: '1' }, {}, undefined],
  ['one of ours that is no longer wanted', {}, { a: '1', b: '1' }, { a: '1' }, [{}, ['a'], {}]],
  ['the same, and somebody has changed it since: it is theirs', {}, { a: '2' }, { a: '1' }, [{}, [], {}]],
  ['the same, and somebody has taken it away', {}, {}, { a: '1' }, [{}, [], {}]],
  [
    'one of ours that somebody has taken away, and it is wanted',
    { a: '1' },
    {},
    { a: '1' },
    [{ a: '1' }, [], { a: '1' }],
  ],
  ['another value is wanted', { a: '2' }, { a: '1' }, { a: '1' }, [{ a: '2' }, [], { a: '2' }]],
  ['the value that is wanted now has been set by somebody else', { a: '2' }, { a: '2' }, { a: '1' }, [{}, [], {}]],
  ['one comes, one goes', { b: '1' }, { a: '1' }, { a: '1' }, [{ b: '1' }, ['a'], { b: '1' }]],
]
for (const [name, wanted, there, ours, expected] of cases)
  test(`marks of a node: ${name}`, () => {
    const planned = planMarks(marks(wanted), marks(there), marks(ours))
    const seen = planned && [Object.fromEntries(planned.set), planned.gone, Object.fromEntries(planned.ours)]
    assert.equal(seen, expected)
    if (planned === undefined) return
    // What was planned is all that is to be done.
    const after = new Map([...marks(there), ...planned.set].filter(([id]) => !planned.gone.includes(id)))
    assert.is(planMarks(marks(wanted), after, planned.ours), undefined)
  })

test('what is remembered counts as it was written, and not otherwise', () => {
  const { text, seal } = memoryOf(marks({ 'dedicated:NoSchedule': 'infra' }))
  if (text === null || seal === null) throw new Error('it is remembered')
  assert.match(seal, /^[0-9a-f]{63}$/)
  assert.equal(Object.fromEntries(remembered({ text, seal })), { 'dedicated:NoSchedule': 'infra' })
  // A kubelet may write the annotation of its node, not the seal.
  const forged = JSON.stringify({ 'other:NoSchedule': 'x' })
  for (const wrong of [{ text: forged, seal }, { text: forged }, { seal }, { text: 'no JSON', seal }, {}])
    assert.is(remembered(wrong).size, 0, JSON.stringify(wrong))
  assert.equal(memoryOf(new Map()), { text: null, seal: null })
})

const node = (more: object = {}) => ({ labels: {}, annotations: {}, taints: [], version: '7', ...more })

test('a change of labels has what is remembered, and the version that it was made for', () => {
  const planned = plan(labels, labelsIn('zone=b'), node({ labels: { zone: 'a', mine: 'x' } }))
  if (planned === undefined) throw new Error('there is something to do')
  const { text, seal } = memoryOf(marks({ zone: 'b' }))
  assert.equal(patchFor(labels, node({ labels: { zone: 'a' } }), planned), {
    metadata: {
      resourceVersion: '7',
      annotations: { 'rota/labels': text },
      labels: { zone: 'b', 'node-restriction.kubernetes.io/rota-labels': seal },
    },
  })
  assert.is(said(labels, node({ labels: { zone: 'a' } }), planned), 'zone=b (was zone=a)')
})

test('a change of taints keeps those of others, in their place and whole', () => {
  const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' }
  const sameKey = { key: 'dedicated', value: 'infra', effect: 'NoExecute' }
  const old = { key: 'dedicated', value: 'web', effect: 'NoSchedule' }
  const seen = node({ taints: [old, notReady, sameKey] })
  const planned = plan(taints, taintsIn(['dedicated=infra:NoSchedule', 'gpu:PreferNoSchedule']), seen)
  if (planned === undefined) throw new Error('there is something to do')
  const { spec } = patchFor(taints, seen, planned) as { readonly spec: unknown }
  assert.equal(spec, {
    taints: [
      { key: 'dedicated', value: 'infra', effect: 'NoSchedule' },
      notReady,
      sameKey,
      { key: 'gpu', effect: 'PreferNoSchedule' },
    ],
  })
  assert.is(
    said(taints, seen, planned),
    'dedicated=infra:NoSchedule (was dedicated=web:NoSchedule), gpu:PreferNoSchedule',
  )
})

test('a taint of ours that is no longer wanted goes, and no other', () => {
  const { text, seal } = memoryOf(marks({ 'dedicated:NoSchedule': 'infra' }))
  const seen = node({
    annotations: { 'rota/taints': text },
    labels: { 'node-restriction.kubernetes.io/rota-taints': seal },
    taints: [
      { key: 'dedicated', value: 'infra', effect: 'NoSchedule' },
      { key: 'dedicated', value: 'infra', effect: 'NoExecute' },
    ],
  })
  const planned = plan(taints, new Map(), seen)
  if (planned === undefined) throw new Error('there is something to do')
  assert.equal(patchFor(taints, seen, planned), {
    metadata: {
      resourceVersion: '7',
      annotations: { 'rota/taints': null },
      labels: { 'node-restriction.kubernetes.io/rota-taints': null },
    },
    spec: { taints: [{ key: 'dedicated', value: 'infra', effect: 'NoExecute' }] },
  })
  assert.is(said(taints, seen, planned), 'dedicated=infra:NoSchedule taken away')
})

test.run()
