import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../../engine/facts/fact.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { forgetLeaving } from '../../../../roles/control-plane/kubeadm/forget.ts'
import { kubeProxyHasVersion, olderProxy } from '../../../../roles/control-plane/kubeadm/kube-proxy.ts'
import { serverIn } from '../../../../roles/control-plane/kubeadm/server-in.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { smallCluster } from '../../support/inventory.ts'
import { remote } from '../../support/remote.ts'
import { paramsOf } from '../../support/role.ts'

const cluster = smallCluster()
const params = (more: Partial<Params> = {}): Params =>
  paramsOf(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.3', ...more }))
const kubeconfig = (server: string) => `apiVersion: v1
clusters:
- cluster:
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
    server: ${server}
  name: default
`

/** A cluster whose kube-proxy leads to `server`, or that has none. */
function clusterWith(server: string | undefined) {
  const proxy = server === undefined ? '' : kubeconfig(server)
  return remote(command => {
    if (command.includes('kube-proxy') && command.includes('jsonpath')) return proxy
    if (command.includes('kube-proxy') && command.includes('-o json'))
      return JSON.stringify({ data: { 'config.conf': 'kind: X', 'kubeconfig.conf': proxy } })
    if (command.includes('kubeadm-config') && command.includes('jsonpath')) return 'kubernetesVersion: v1.20.2\n'
    if (command.includes('kubeadm-config'))
      return JSON.stringify({ data: { ClusterConfiguration: 'controlPlaneEndpoint: 10.0.0.100:8443\n' } })
    return ''
  })
}
const at = ({ context }: ReturnType<typeof remote>) => ({ ...context, host: cluster.host('m2'), inventory: cluster })
const written = ({ commands }: ReturnType<typeof remote>) => {
  const config = commands.find(
    ({ text, stdin }) => text.includes('replace -f -') && stdin?.includes('kubeconfig.conf'),
  )?.stdin
  return (
    config && serverIn((JSON.parse(config) as { readonly data: Record<string, string> }).data['kubeconfig.conf'] ?? '')
  )
}
const restarts = ({ commands }: ReturnType<typeof remote>) =>
  commands.filter(({ text }) => text.includes('rollout restart daemonset kube-proxy')).length

const versions: readonly (readonly [string, proxy: string, servers: string, Partial<Params>, string | undefined])[] = [
  ['it was left behind', 'k8s.gcr.io/kube-proxy:v1.20.2', 'a:v1.20.3 b:v1.20.3', {}, 'v1.20.2'],
  ['masters are still to come', 'k8s.gcr.io/kube-proxy:v1.20.2', 'a:v1.20.3 b:v1.20.2', {}, undefined],
  ['it is there', 'host:5000/kube-proxy:v1.20.3', 'a:v1.20.3', {}, undefined],
  ['there is none', '', 'a:v1.20.3', {}, undefined],
  ['an image without a version', 'kube-proxy:lab', 'a:v1.20.3', {}, undefined],
  ['an image by its sum', 'kube-proxy:v1.20.2@sha256:00', 'a:v1.20.3', {}, undefined],
  ['a build was left behind', 'p:v1.20.2_a', 'a:v1.20.3_a b:v1.20.3_a', { kubeVersion: 'v1.20.3+a' }, 'v1.20.2_a'],
  ['a build is there', 'p:v1.20.3_a', 'a:v1.20.3_a', { kubeVersion: 'v1.20.3+a' }, undefined],
  ["it is not kubeadm's", 'kube-proxy:v1.20.2', 'a:v1.20.3', { initPhasesSkip: ['addon/kube-proxy'] }, undefined],
]
for (const [name, proxy, servers, more, expected] of versions)
  test(`the version of kube-proxy: ${name}`, () => assert.is(olderProxy(params(more), proxy, servers), expected))
test('its image comes from where it came', async () => {
  const made = remote(command => (command.includes('jsonpath') ? 'host:5000/kube-proxy:v1.20.2' : ''))
  assert.is((await kubeProxyHasVersion(params()).run(at(made)))?.summary, 'host:5000/kube-proxy:v1.20.3')
  assert.ok(
    made.commands.some(({ text }) => text.endsWith('daemonset/kube-proxy kube-proxy=host:5000/kube-proxy:v1.20.3')),
  )
})

test('the tag of a build has no plus', async () => {
  const made = remote(command => (command.includes('jsonpath') ? 'kube-proxy:v1.20.2_a' : ''))
  assert.is(
    (await kubeProxyHasVersion(params({ kubeVersion: 'v1.20.3+a' })).run(at(made)))?.summary,
    'kube-proxy:v1.20.3_a',
  )
})

for (const [name, server, expected] of [
  ['the master that left', 'https://10.0.0.1:6443', 'https://10.0.0.2:6443'],
  ['another one', 'https://10.0.0.3:6443', undefined],
  ['the proxy of each node', 'https://127.0.0.1:6443', undefined],
] as const)
  test(`kube-proxy that leads to ${name}, when that leaves`, async () => {
    const made = clusterWith(server)
    const [forget] = forgetLeaving(params({ leaving: 'm1' }), cluster)
    assert.ok(forget)
    const values = [
      { exitCode: 0, stdout: 'controlPlaneEndpoint: 10.0.0.100:8443\n', stderr: '' },
      { exitCode: 0, stdout: kubeconfig(server), stderr: '' },
    ]
    const facts = Object.values(forget.facts).map((request, index) => [request, values[index]] as const)
    assert.is(forget.needed(factTable(...facts)), expected !== undefined && 'the server of kube-proxy is in it')
    await forget.run(at(made))
    assert.is(written(made), expected)
    assert.is(restarts(made), expected === undefined ? 0 : 1)
  })

test.run()
