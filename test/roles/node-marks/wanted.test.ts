import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Labels, labelProblems, labelsIn } from '../../../roles/node-marks/label.ts'
import { type Taints, taintProblems, taintsIn } from '../../../roles/node-marks/taint.ts'

const read: readonly (readonly [string, Labels, Readonly<Record<string, string>>])[] = [
  ['a mapping', { role: 'ingress', zone: 1 }, { role: 'ingress', zone: '1' }],
  // Python's '%s=%s', with which kubespray writes them.
  ['a mapping with a truth', { gpu: true, arm: false }, { gpu: 'True', arm: 'False' }],
  ['a mapping with a name alone, which kubespray gives this value', { a: null }, { a: 'None' }],
  ['text', 'role=ingress,zone=1', { role: 'ingress', zone: '1' }],
  ['text, one without a value, one with a =', 'a=,b=x=y', { a: '', b: 'x=y' }],
  ['nothing', '', {}],
]
for (const [name, labels, expected] of read)
  test(`node_labels are read: ${name}`, () => assert.equal(Object.fromEntries(labelsIn(labels)), expected))

const taintsRead: readonly (readonly [string, Taints, Readonly<Record<string, string>>])[] = [
  ['a list', ['dedicated=infra:NoSchedule'], { 'dedicated:NoSchedule': 'infra' }],
  ['without a value', ['a:NoExecute', 'b=:NoExecute'], { 'a:NoExecute': '', 'b:NoExecute': '' }],
  ['in parts', [{ key: 'a', value: 'x', effect: 'NoExecute' }], { 'a:NoExecute': 'x' }],
  ['text', 'a=1:NoSchedule,a=2:NoExecute', { 'a:NoSchedule': '1', 'a:NoExecute': '2' }],
]
for (const [name, taints, expected] of taintsRead)
  test(`node_taints are read: ${name}`, () => assert.equal(Object.fromEntries(taintsIn(taints)), expected))

const long = 'x'.repeat(64)
// Labels, and what of the refusal is said; nothing where they are fine. On a worker, unless it says so.
const refused: readonly (readonly [string, Labels, RegExp | undefined, 'master'?])[] = [
  ['of the operator', { zone: 'a', 'example.com/role': 'x.y_z-1', empty: '' }, undefined],
  ['a name that is too long', { [long]: 'a' }, /a name is up to 63/],
  ['a name with two domains', { 'a/b/c': '' }, /a name is/],
  ['a domain in capitals', { 'Example.com/a': '' }, /a name is/],
  ['a value that is too long', { a: long }, /a value is/],
  ['a value that ends with a dash', { a: 'b-' }, /a value is/],
  ['a value with a blank', { a: 'b c' }, /a value is/],
  ['text without =', 'zone', /zone: NAME=VALUE is a label/],
  ['a role', { 'node-role.kubernetes.io/ingress': '' }, undefined],
  ['kept from kubelets by NodeRestriction', { 'node-restriction.kubernetes.io/tenant': 'a' }, undefined],
  ['what a kubelet may have', { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }, undefined],
  ['a zone', { 'topology.kubernetes.io/zone': 'a', 'failure-domain.beta.kubernetes.io/zone': 'a' }, undefined],
  ['a feature', { 'feature.node.kubernetes.io/gpu': '1' }, undefined],
  ["the kubelet's own", { 'kubernetes.io/hostname': 'x' }, /kubelet sets it itself/],
  ["of Kubernetes' namespaces, as kubespray takes them", { 'kubernetes.io/role': 'x', 'a.k8s.io/b': 'x' }, undefined],
  ['a master, on a worker', { 'node-role.kubernetes.io/control-plane': '' }, /marks a master/],
  ['a master, on a master', { 'node-role.kubernetes.io/control-plane': '' }, undefined, 'master'],
  ['what we remember by', { 'node-restriction.kubernetes.io/rota-taints': 'x' }, /which labels and taints are ours/],
]
for (const [name, labels, expected, master] of refused)
  test(`a label is looked at before any host: ${name}`, () => {
    const problems = labelProblems(labels, master === 'master').join('\n')
    if (expected === undefined) assert.is(problems, '')
    else assert.match(problems, expected)
  })

const taintsRefused: readonly (readonly [string, Taints, RegExp | undefined])[] = [
  ['of the operator', ['dedicated=infra:NoSchedule', 'dedicated=infra:NoExecute'], undefined],
  ['no effect', ['dedicated=infra'], /KEY=VALUE:EFFECT is a taint/],
  ['an unknown effect', ['dedicated=infra:Never'], /one of NoSchedule/],
  ['a value that is none', ['a=b c:NoSchedule'], /a value is/],
  ['no key', ['=b:NoSchedule'], /is a taint/],
  ['twice', ['a=1:NoSchedule', 'a=2:NoSchedule'], /another one of this key and effect/],
  ['a condition of a node', ['node.kubernetes.io/not-ready:NoExecute'], /takes it away itself/],
  ['in its parts', [{ key: 'node.kubernetes.io/pid-pressure', effect: 'NoSchedule' }], /takes it away itself/],
  ['for an administrator to set', ['node.kubernetes.io/out-of-service=x:NoExecute', 'k8s.io/a:NoSchedule'], undefined],
  [
    "a master's, on a worker that only system pods shall run on",
    ['node-role.kubernetes.io/master:NoSchedule'],
    undefined,
  ],
]
for (const [name, taints, expected] of taintsRefused)
  test(`a taint is looked at before any host: ${name}`, () => {
    const problems = taintProblems(taints).join('\n')
    if (expected === undefined) assert.is(problems, '')
    else assert.match(problems, expected)
  })

test.run()
