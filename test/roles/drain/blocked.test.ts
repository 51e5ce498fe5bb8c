import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Budget, type Pod, selects, whyNotDrained } from '../../../roles/lib/drain/blocked.ts'
import { markOf, parseNode } from '../../../roles/lib/drain/cordon.ts'

const now = Date.parse('2024-01-01T12:00:00Z')
const pod = (name: string, more: Partial<Pod['metadata']> = {}, phase = 'Running'): Pod => ({
  metadata: { name, namespace: 'shop', labels: { app: 'web' }, ...more },
  status: { phase },
})
const budget = (name: string, allowed: number, app = 'web', namespace = 'shop'): Budget => ({
  metadata: { name, namespace },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed: allowed },
})

const tables: readonly (readonly [
  string,
  { readonly pods: readonly Pod[]; readonly budgets?: readonly Budget[]; readonly ready?: string },
  RegExp,
  RegExp?,
])[] = [
  [
    'a budget that holds a pod',
    { pods: [pod('web-1')], budgets: [budget('web', 0), budget('other', 0, 'db'), budget('web', 0, 'web', 'else')] },
    /^n1 could not be drained in time: the disruption budget shop\/web does not allow shop\/web-1 to go: give it a replica more elsewhere, or set drain_fallback_enabled to delete it all the same$/,
  ],
  [
    'two pods of one budget',
    { pods: [pod('web-1'), pod('web-2')], budgets: [budget('web', 0)] },
    /shop\/web does not allow shop\/web-1, shop\/web-2 to go: give them/,
  ],
  [
    'two budgets for a pod, which evicts it never',
    { pods: [pod('web-1')], budgets: [budget('a', 0), budget('b', 0)] },
    /budget shop\/a and shop\/b does not/,
  ],
  [
    'a budget with room',
    { pods: [pod('web-1')], budgets: [budget('web', 1)] },
    /^n1 could not be drained: the last words$/,
  ],
  [
    'a pod that never ends',
    { pods: [pod('slow', { deletionTimestamp: '2024-01-01T11:58:30Z', finalizers: ['shop/keep'] })] },
    /in time: shop\/slow has not ended 90 s after the end of its time, kept by shop\/keep: see what keeps it/,
  ],
  [
    'one that ends although a budget allows nothing more',
    { pods: [pod('web-1', { deletionTimestamp: '2024-01-01T12:00:30Z' })], budgets: [budget('web', 0)] },
    /shop\/web-1 has not ended within its time/,
    /does not allow/,
  ],
  [
    'a node that died meanwhile',
    { pods: [pod('web-1', { deletionTimestamp: '2024-01-01T11:59:00Z' })], ready: 'Unknown' },
    /in time: it is not Ready any more: its kubelet does not end its pods\. shop\/web-1 has not ended 60 s/,
  ],
  [
    'pods that no drain moves',
    {
      pods: [
        pod('agent', { ownerReferences: [{ kind: 'DaemonSet' }] }),
        pod('static', { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
        pod('job', {}, 'Succeeded'),
      ],
      budgets: [budget('web', 0)],
    },
    /^n1 could not be drained: the last words$/,
  ],
  [
    'many',
    { pods: ['1', '2', '3', '4', '5', '6', '7'].map(name => pod(name)), budgets: [budget('web', 0)] },
    /shop\/1, shop\/2, shop\/3, shop\/4, shop\/5 and 2 more to go/,
  ],
]
for (const [name, { pods, budgets = [], ready = 'True' }, expected, not] of tables)
  test(`why a node is not drained: ${name}`, () => {
    const said = whyNotDrained({ name: 'n1', ready, pods, budgets, said: 'the last words\n', now })
    assert.match(said, expected)
    if (not) assert.not.match(said, not)
  })

const expression = (key: string, operator: string, values?: readonly string[]) => ({
  matchExpressions: [{ key, operator, ...(values ? { values } : {}) }],
})
for (const [name, selector, expected] of [
  ['all', {}, true],
  ['a label', { matchLabels: { app: 'web' } }, true],
  ['another', { matchLabels: { app: 'db' } }, false],
  ['one of', expression('app', 'In', ['db', 'web']), true],
  ['none of', expression('app', 'NotIn', ['db', 'web']), false],
  ['none of, without the label', expression('tier', 'NotIn', ['x']), true],
  ['there', expression('app', 'Exists'), true],
  ['not there', expression('tier', 'Exists'), false],
  ['absent', expression('tier', 'DoesNotExist'), true],
] as const)
  test(`a selector: ${name}`, () => assert.is(selects(selector, { app: 'web' }), expected))

test('whose cordon it is', () => {
  const node = (annotations: object | undefined, unschedulable: boolean, ready?: string) =>
    parseNode(
      JSON.stringify({
        metadata: { name: 'm1', annotations },
        spec: { unschedulable },
        ...(ready === undefined ? {} : { status: { conditions: [{ type: 'Ready', status: ready }] } }),
      }),
    )
  const cordoned = { name: 'm1', unschedulable: true, ours: false, stays: false, ready: true, wasReady: true, says: '' }
  assert.equal(node(undefined, true, 'True'), cordoned)
  assert.equal(node({ 'rota/cordoned': '2024-01-01' }, true, 'True'), { ...cordoned, ours: true })
  assert.equal(node({ 'rota/cordoned': 'drain failed' }, true, 'True'), { ...cordoned, ours: true, stays: true })
  for (const ready of ['False', 'Unknown']) assert.is(node(undefined, false, ready).ready, false)
})

test('a node that has said nothing yet is drained, and nobody waits until it is Ready', () => {
  const { ready, wasReady } = parseNode(JSON.stringify({ metadata: { name: 'm1' } }))
  assert.equal([ready, wasReady], [true, false])
})

// The mark of the run that took a node out, how it is now, and whether it was Ready then.
for (const [mark, ready, expected] of [
  [undefined, 'True', true],
  [undefined, 'False', false],
  ['2024-01-01', 'False', true],
  ['2024-01-01 not Ready', 'True', false],
  ['drain failed', 'True', true],
  ['drain failed', 'Unknown', false],
  [markOf({ wasReady: true }), 'False', true],
  [markOf({ wasReady: false }), 'True', false],
] as const)
  test(`whether a node with the mark ${mark ?? '(none)'} that is now ${ready} was Ready`, () => {
    const annotations = mark === undefined ? {} : { 'rota/cordoned': mark }
    const status = { conditions: [{ type: 'Ready', status: ready, message: 'as it says' }] }
    const seen = parseNode(JSON.stringify({ metadata: { name: 'm1', annotations }, status }))
    assert.equal([seen.wasReady, seen.says], [expected, 'as it says'])
  })

test.run()
