import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Addon } from '../../../../roles/control-plane/kubeadm/addon.ts'
import { foreignAddons, type Mend, mendsOf } from '../../../../roles/control-plane/kubeadm/addons.ts'

const kubeconfig = (server: string) => ({ 'kubeconfig.conf': `clusters:\n- cluster:\n    server: ${server}\n` })
const made = (kind: string, name: string, more: object = {}): Addon => ({
  ...{ kind, metadata: { name, namespace: 'kube-system' }, ...more },
})
const proxy = made('DaemonSet', 'kube-proxy')
const map = (server: string) => made('ConfigMap', 'kube-proxy', { data: kubeconfig(server) })
const deployment = (labels: object, annotations: object = {}, spec: object = {}): Addon =>
  made('Deployment', 'coredns', {
    metadata: { name: 'coredns', namespace: 'kube-system', labels },
    spec: { template: { metadata: { annotations } }, ...spec },
  })
const own = deployment({ 'k8s-app': 'kube-dns' })
const kubesprays = deployment({ 'k8s-app': 'kube-dns', 'addonmanager.kubernetes.io/mode': 'Reconcile' })
const kubeDns = made('Service', 'kube-dns')
const coredns = made('Service', 'coredns')

const owners: readonly (readonly [string, readonly Addon[], readonly string[], readonly string[]])[] = [
  ["a cluster of kubeadm's", [proxy, own, kubeDns], [], []],
  ["kubespray's CoreDNS", [proxy, kubesprays, coredns], [], ['coredns']],
  ['a Deployment that looks like it, with another Service', [proxy, own, coredns], [], ['coredns']],
  [
    'pods with an annotation',
    [proxy, deployment({ 'k8s-app': 'kube-dns' }, { createdby: 'kubespray' }), kubeDns],
    [],
    ['coredns'],
  ],
  [
    'pods that were restarted',
    [proxy, deployment({ 'k8s-app': 'kube-dns' }, { 'kubectl.kubernetes.io/restartedAt': 'x' }), kubeDns],
    [],
    [],
  ],
  ['no kube-proxy', [own, kubeDns], [], ['kube-proxy']],
  ['no DNS', [proxy], [], ['coredns']],
  ['phases that are skipped', [proxy, own, kubeDns], ['addon/kube-proxy'], ['kube-proxy']],
  ['all of them are skipped', [proxy, own, kubeDns], ['addon'], ['kube-proxy', 'coredns']],
  ['other phases', [proxy, own, kubeDns], ['mark-control-plane'], []],
]
for (const [name, before, skipped, expected] of owners)
  test(`add-ons that are not kubeadm's: ${name}`, () => assert.equal(foreignAddons(before, skipped), expected))

const told = (mend: Mend): string =>
  'name' in mend ? `${mend.kind} ${mend.name}` : `${mend.kind} ${mend.object.kind} ${mend.object.metadata.name}`
const moved = deployment({ 'k8s-app': 'kube-dns' }, {}, { replicas: 2 })
const corefile = (data: object) => made('ConfigMap', 'coredns', { data })
/** What `kubectl get` shows of every object, and nobody sets. */
const written = ['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid']
const withMetadata = (object: Addon, more: object): Addon => ({ ...object, metadata: { ...object.metadata, ...more } })
const withWritten = (value: string, fields = written): Addon =>
  withMetadata(
    kubesprays,
    Object.fromEntries(fields.map(field => [field, field === 'managedFields' ? [{ manager: value }] : value])),
  )
const withAnnotations = (object: Addon, annotations: object): Addon => withMetadata(object, { annotations })
const changes: readonly (readonly [string, before: readonly Addon[], after: readonly Addon[], readonly string[]])[] = [
  ['nothing has moved', [proxy, kubesprays, coredns], [proxy, kubesprays, coredns], []],
  [
    "kubespray's Deployment is kubeadm's now",
    [proxy, kubesprays, coredns],
    [proxy, moved, coredns],
    ['replace Deployment coredns'],
  ],
  ['it is gone', [proxy, kubesprays], [proxy], ['create Deployment coredns']],
  [
    'a second Service',
    [proxy, kubesprays, coredns],
    [proxy, kubesprays, coredns, kubeDns],
    ['delete service/kube-dns'],
  ],
  [
    'a copy of the Corefile',
    [proxy, kubesprays, corefile({ Corefile: 'x' })],
    [proxy, kubesprays, corefile({ Corefile: 'x', 'Corefile-backup': 'x' })],
    ['replace ConfigMap coredns'],
  ],
  ["kubeadm's own goes with the version", [proxy, own, kubeDns], [proxy, moved, kubeDns], []],
  [
    'kube-proxy that was left out came back',
    [own, kubeDns],
    [own, kubeDns, proxy, map('https://a')],
    ['delete daemonset/kube-proxy', 'delete configmap/kube-proxy'],
  ],
  [
    'where kube-proxy leads',
    [proxy, own, kubeDns, map('https://127.0.0.1:6443')],
    [proxy, own, kubeDns, map('https://10.0.0.1:6443')],
    ['replace ConfigMap kube-proxy', 'restart daemonset/kube-proxy'],
  ],
  ...written.map(
    field =>
      [
        `what the API server writes itself is no change: ${field}`,
        [proxy, withWritten('1', [field])],
        [proxy, withWritten('2', [field])],
        [],
      ] as const,
  ),
  ['nor is its state', [proxy, { ...kubesprays, status: { a: 1 } }], [proxy, { ...kubesprays, status: {} }], []],
  [
    'nor what Kubernetes counts of a Deployment',
    [proxy, withAnnotations(kubesprays, { 'deployment.kubernetes.io/revision': '1' })],
    [proxy, withAnnotations(kubesprays, { 'deployment.kubernetes.io/revision': '2' })],
    [],
  ],
  [
    'another annotation is one',
    [proxy, withAnnotations(kubesprays, { mine: '1' })],
    [proxy, withAnnotations(kubesprays, { mine: '2' })],
    ['replace Deployment coredns'],
  ],
]
for (const [name, before, after, expected] of changes)
  test(`after a call of kubeadm: ${name}`, async () =>
    assert.equal((await mendsOf(before, after, foreignAddons(before, []))).map(told), expected))

test("of a kube-proxy that is nobody's to move, what Kubernetes counts is no change", async () => {
  const counted = (generation: string, more = {}) =>
    withAnnotations(proxy, { 'deprecated.daemonset.template.generation': generation, ...more })
  const mends = async (after: Addon) => (await mendsOf([counted('1')], [after], ['kube-proxy'])).map(told)
  assert.equal(await mends(counted('2')), [])
  assert.equal(await mends(counted('2', { mine: '1' })), ['replace DaemonSet kube-proxy'])
})
test('what is put back has nothing that the API server would refuse', async () => {
  const before = { ...withWritten('1'), status: {} }
  const [mend] = await mendsOf([before], [moved], ['coredns'])
  const text = JSON.stringify(mend)
  assert.match(text, 'Reconcile')
  for (const field of [...written, 'status']) assert.not(text.includes(`"${field}"`), field)
})

test.run()
