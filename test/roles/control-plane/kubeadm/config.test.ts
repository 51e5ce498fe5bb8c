import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { apiVersionOf } from '../../../../roles/control-plane/kubeadm/api-version.ts'
import { documents, initDocuments, joinDocument, phaseConfig } from '../../../../roles/control-plane/kubeadm/config.ts'
import {
  daemonImagesIn,
  endpointIn,
  sansIn,
  statusNodesIn,
  versionIn,
} from '../../../../roles/control-plane/kubeadm/config-map.ts'
import { controlPlaneEndpoint } from '../../../../roles/control-plane/kubeadm/endpoint.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { golden } from '../../support/golden.ts'
import { host, inventory, smallCluster } from '../../support/inventory.ts'
import { paramsOf } from '../../support/role.ts'

const cluster = smallCluster()
const m1 = cluster.host('m1')
const params = (more: Partial<Params> = {}): Params =>
  paramsOf(controlPlane({ method: 'kubeadm', etcdDeployment: 'kubeadm', kubeVersion: 'v1.20.2', ...more }))

for (const [version, expected] of [
  ['v1.15.0', 'v1beta2'],
  ['1.21.14', 'v1beta2'],
  ['v1.22.0', 'v1beta3'],
  ['v1.30.9', 'v1beta3'],
  ['v1.31.0', 'v1beta4'],
  ['v1.35.1', 'v1beta4'],
] as const)
  test(`configuration of ${version}`, () => assert.is(apiVersionOf(version), expected))
test('one that is too old is refused', () => assert.throws(() => apiVersionOf('v1.14.2'), 'too old'))

const made = {
  endpoint: '10.0.0.2:6443',
  token: 'abcdef.0123456789abcdef',
  caCertHash: 'sha256:00',
  certificateKey: 'ff',
  patches: false,
}
const variants: Readonly<Record<string, Params>> = {
  'v1beta2-stacked': params({ virtualAddress: '10.0.0.100' }),
  'v1beta3-external-etcd': params({
    kubeVersion: 'v1.28.4',
    etcdDeployment: 'host',
    externalLoadBalancer: { address: '10.0.0.200', port: 443 },
    encryptionConfig: 'SECRET',
    apiserverArguments: { 'audit-log-maxage': 30 },
  }),
  'v1beta4-stacked': params({
    kubeVersion: 'v1.32.1',
    kubeletConfiguration: { maxPods: 200 },
    kubeletArguments: { v: 4 },
    imageRepo: 'registry.example/k8s',
    criSocket: 'unix:///run/containerd/containerd.sock',
  }),
}
for (const [name, conf] of Object.entries(variants)) {
  test(`init ${name}`, () =>
    golden(`control-plane/kubeadm/${name}-init.yaml`, documents(initDocuments(conf, m1, cluster))))
  test(`join ${name}`, () =>
    golden(
      `control-plane/kubeadm/${name}-join.yaml`,
      documents([joinDocument(conf, cluster.host('m3'), cluster, made)]),
    ))
  test(`${name} is YAML, and no secret of the operator's is in it`, () => {
    const text = documents(initDocuments(conf, m1, cluster))
    assert.equal(
      parseAllDocuments(text).map(document => (document.toJS() as { readonly kind: string }).kind),
      ['InitConfiguration', 'ClusterConfiguration', 'KubeletConfiguration'],
    )
    assert.not.match(text, 'SECRET')
  })
}

test('a master that is a node too takes pods', () => {
  const both = inventory([host('m1', '10.0.0.1', ['kube_control_plane', 'kube_node'])])
  assert.match(documents(initDocuments(params(), both.host('m1'), both)), '"taints": []')
  assert.not.match(documents(initDocuments(params(), m1, cluster)), 'taints')
})

test('everybody who joins is told the balancer, the virtual address, or the first master that stays', () => {
  const of = (more: Partial<Params>) => controlPlaneEndpoint(params(more), cluster)
  const external = { address: '10.0.0.200' }
  assert.is(of({}), '10.0.0.1:6443')
  assert.is(of({ leaving: 'm1' }), '10.0.0.2:6443')
  assert.is(of({ virtualAddress: '10.0.0.100' }), '10.0.0.100:8443')
  assert.is(of({ virtualAddress: '10.0.0.100', vipLoadBalancer: 'lvs' }), '10.0.0.1:6443')
  assert.is(of({ virtualAddress: 'fd00::1', haproxyPort: 6443 }), '[fd00::1]:6443')
  assert.is(of({ virtualAddress: '10.0.0.100', externalLoadBalancer: external }), 'lb-apiserver.kubernetes.local:6443')
  assert.is(of({ controlPlaneEndpoint: 'api.example:443', externalLoadBalancer: external }), 'api.example:443')
})

// As kubeadm writes it, and as it is after a change of ours.
const lists = ['    - kubernetes\n    - ::1\n    - "10.0.0.1"\n', "  - kubernetes\n  - '::1'\n  - 10.0.0.1\n"]
for (const list of lists)
  test('what is read of kubeadm-config', () => {
    const text = `apiServer:
  certSANs:
${list}  extraArgs:
    authorization-mode: Node,RBAC
apiVersion: kubeadm.k8s.io/v1beta2
controlPlaneEndpoint: 10.0.0.1:6443
kind: ClusterConfiguration
kubernetesVersion: v1.20.2
---
apiEndpoints:
  m1:
    advertiseAddress: 10.0.0.1
    bindPort: 6443
  m2.example:
    advertiseAddress: 10.0.0.2
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterStatus
`
    assert.is(versionIn(text), 'v1.20.2')
    assert.equal(sansIn(text), ['kubernetes', '::1', '10.0.0.1'])
    assert.is(endpointIn(text), '10.0.0.1:6443')
    assert.equal(statusNodesIn(text), ['m1', 'm2.example'])
  })
const imagesOf: readonly (readonly [string, string, readonly string[]])[] = [
  ['a release', 'imageRepository: registry.k8s.io\nkubernetesVersion: v1.30.1\n', ['v1.30.1']],
  [
    'a build of somebody: a tag has no +',
    'imageRepository: "a.example:5000/k8s"\nkubernetesVersion: v1.30.1+a.2+b\n',
    ['v1.30.1_a.2_b'],
  ],
  ['no registry', 'kubernetesVersion: v1.30.1\n', []],
  ['no version', 'imageRepository: registry.k8s.io\n', []],
]
for (const [name, text, tags] of imagesOf)
  test(`images of a master's daemons by kubeadm-config: ${name}`, () => {
    const from = /imageRepository: "?([^"\n]+)/.exec(text)?.[1]
    const daemons = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
    assert.equal(
      daemonImagesIn(text),
      tags.flatMap(tag => daemons.map(daemon => `${from}/${daemon}:${tag}`)),
    )
  })
test('what is not there is nothing', () =>
  assert.equal(
    [versionIn(''), sansIn('apiServer: {}\n'), endpointIn('kind: X\n'), statusNodesIn('\n---\n')],
    [undefined, [], undefined, []],
  ))

test('a phase works with the configuration that the cluster has, in its own version', () => {
  const text = phaseConfig(
    params({ kubeVersion: 'v1.32.1' }),
    { host: m1, inventory: cluster },
    'apiVersion: kubeadm.k8s.io/v1beta3\nkind: X\n',
  )
  const [own, rest] = parseAllDocuments(text).map(document => document.toJS() as Record<string, unknown>)
  assert.is(own?.apiVersion, 'kubeadm.k8s.io/v1beta3')
  assert.equal(own?.localAPIEndpoint, { advertiseAddress: '10.0.0.1', bindPort: 6443 })
  assert.is(rest?.kind, 'X')
})

test.run()
