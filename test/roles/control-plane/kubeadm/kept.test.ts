import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Addon } from '../../../../roles/control-plane/kubeadm/addon.ts'
import { keptDaemonSet, keptMap } from '../../../../roles/control-plane/kubeadm/kept.ts'
import type { Managed } from '../../../../roles/control-plane/kubeadm/managed-fields.ts'

// What kubeadm writes, and what somebody has set besides, as Kubernetes tells whose each field is.
const container = (more: object = {}, tag = 'v1.20.2') => ({
  name: 'kube-proxy',
  image: `registry.k8s.io/kube-proxy:${tag}`,
  env: [{ name: 'NODE_NAME', value: 'x' }],
  ...more,
})
const daemonSet = (
  pod: object,
  managedFields: readonly Managed[] = [],
  annotations: Record<string, string> = {},
): Addon => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'kube-proxy', namespace: 'kube-system', annotations, managedFields },
  spec: { template: { spec: pod } },
})
const inPod = (tree: object, manager = 'kubectl-patch'): Managed => ({
  manager,
  fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': tree } } } as Managed['fieldsV1'] & object,
})
const inContainer = (tree: object, manager?: string) =>
  inPod({ 'f:containers': { 'k:{"name":"kube-proxy"}': tree } }, manager)
const tolerations = [{ operator: 'Exists' }]
const after = { containers: [container({}, 'v1.20.3')], tolerations }

const cases: readonly (readonly [string, pod: object, Managed[], expected: object])[] = [
  ['nothing is set', { containers: [container()] }, [], after],
  [
    "a field that is kubeadm's goes with the version",
    { containers: [container()], tolerations: [] },
    [inPod({ 'f:tolerations': {} }, 'kubeadm')],
    after,
  ],
  [
    'a list that somebody has set',
    { containers: [container()], tolerations: [{ key: 'mine' }] },
    [inPod({ 'f:tolerations': {} })],
    { ...after, tolerations: [{ key: 'mine' }] },
  ],
  [
    'a field within a container, and a variable',
    {
      containers: [
        container({
          resources: { limits: { memory: '1Gi' } },
          env: [
            { name: 'NODE_NAME', value: 'x' },
            { name: 'TZ', value: 'UTC' },
          ],
        }),
      ],
    },
    [
      inContainer({
        '.': {},
        'f:resources': { 'f:limits': { 'f:memory': {} } },
        'f:env': { 'k:{"name":"TZ"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
      }),
    ],
    {
      ...after,
      containers: [
        container(
          {
            resources: { limits: { memory: '1Gi' } },
            env: [
              { name: 'NODE_NAME', value: 'x' },
              { name: 'TZ', value: 'UTC' },
            ],
          },
          'v1.20.3',
        ),
      ],
    },
  ],
  [
    'a container beside it',
    { containers: [container(), { name: 'mine', image: 'mine:1' }] },
    [inPod({ 'f:containers': { 'k:{"name":"mine"}': { 'f:image': {} } } })],
    { ...after, containers: [container({}, 'v1.20.3'), { name: 'mine', image: 'mine:1' }] },
  ],
  [
    'an image from elsewhere, with the new version',
    { containers: [container({ image: 'mine:5000/kube-proxy:v1.20.2' })] },
    [inContainer({ 'f:image': {} })],
    { ...after, containers: [container({ image: 'mine:5000/kube-proxy:v1.20.3' })] },
  ],
  [
    "an image by its sum is no version: it is kubeadm's again",
    { containers: [container({ image: `mine/kube-proxy@sha256:${'0'.repeat(64)}` })] },
    [inContainer({ 'f:image': {} })],
    after,
  ],
  [
    "an image of Kubernetes' own old registry goes where the new ones are",
    { containers: [container({ image: 'k8s.gcr.io/kube-proxy:v1.20.2' })] },
    [inContainer({ 'f:image': {} }, 'kubectl-set')],
    after,
  ],
  [
    'fields that are nonsense',
    { containers: [container()] },
    [inPod({ 'f:containers': { 'k:{': {}, 'i:0': {} }, 'f:__proto__': {} }), { manager: 'x' }],
    after,
  ],
]
for (const [name, pod, managed, expected] of cases)
  test(`kube-proxy's DaemonSet after kubeadm: ${name}`, () =>
    assert.equal(keptDaemonSet(daemonSet(after), daemonSet(pod, managed)), daemonSet(expected)))

test('what kubectl remembers and the time of a restart: the one is put back, the other is no setting', () => {
  const managed: Managed = {
    manager: 'kubectl-client-side-apply',
    fieldsV1: {
      'f:metadata': { 'f:annotations': { 'f:last': {}, 'f:kubectl.kubernetes.io/restartedAt': {} } },
    } as Managed['fieldsV1'] & object,
  }
  const was = daemonSet({}, [managed], { last: '{}', 'kubectl.kubernetes.io/restartedAt': 'x' })
  assert.equal(keptDaemonSet(daemonSet({}), was).metadata.annotations, { last: '{}' })
  const { annotations: _, ...metadata } = was.metadata
  const restarted = { ...was, metadata: { ...was.metadata, annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } } }
  assert.equal(keptDaemonSet({ ...was, metadata }, restarted).metadata, metadata)
})

const map = (data: Record<string, string>): Addon => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'kube-proxy', namespace: 'kube-system' },
  data,
})
const maps: readonly (readonly [
  string,
  was: Record<string, string>,
  is: Record<string, string>,
  Record<string, string>,
])[] = [
  ['nothing has moved', { 'config.conf': 'a: 1\n' }, { 'config.conf': 'a: 1\n' }, { 'config.conf': 'a: 1\n' }],
  [
    'where it leads, and a key more',
    { 'kubeconfig.conf': 'server: a', mine: 'x' },
    { 'kubeconfig.conf': 'server: b' },
    { 'kubeconfig.conf': 'server: a', mine: 'x' },
  ],
  [
    'another text of the same',
    { 'config.conf': 'b: 2\na: 1\n' },
    { 'config.conf': 'a: 1\nb: 2\n' },
    { 'config.conf': 'b: 2\na: 1\n' },
  ],
  [
    'values stay, fields come and go with the version',
    { 'config.conf': 'mode: ipvs\nold: 1\nconntrack:\n  min: 5\n' },
    { 'config.conf': 'conntrack:\n  min: 1\n  newer: 2\nmode: ""\n' },
    { 'config.conf': 'conntrack:\n  min: 5\n  newer: 2\nmode: ipvs\n' },
  ],
  [
    'only fields more',
    { 'config.conf': 'a: 1\n' },
    { 'config.conf': 'a: 1 # 1\nb: 2\n' },
    { 'config.conf': 'a: 1 # 1\nb: 2\n' },
  ],
]
for (const [name, was, is, expected] of maps)
  test(`kube-proxy's ConfigMap after kubeadm: ${name}`, async () =>
    assert.equal((await keptMap(map(is), map(was))).data, expected))

test.run()
