import type { PathFact } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../../engine/facts/fact.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { forgetLeaving } from '../../../../roles/control-plane/kubeadm/forget.ts'
import { kubeProxyLeadsBack, serverIn } from '../../../../roles/control-plane/kubeadm/kube-proxy.ts'
import { upgradeMaster } from '../../../../roles/control-plane/kubeadm/upgrade.ts'
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
function clusterWith(server: string | undefined, note = '') {
  const proxy = server === undefined ? '' : kubeconfig(server)
  return remote(command => {
    if (command.includes('cat /etc/kubernetes/.rota-kube-proxy')) return note
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

test('where kube-proxy leads is noted before apply, and never over what was noted before', async () => {
  const made = clusterWith('https://127.0.0.1:6443')
  await upgradeMaster(params()).run(at(made))
  const texts = made.commands.map(({ text }) => text)
  const note = texts.indexOf(
    '[ -s /etc/kubernetes/.rota-kube-proxy ] || echo https://127.0.0.1:6443 >/etc/kubernetes/.rota-kube-proxy',
  )
  assert.ok(note >= 0 && note < texts.findIndex(text => text.includes('upgrade apply')))
})
test('a cluster without kube-proxy has nothing to note', async () => {
  const made = clusterWith(undefined)
  await upgradeMaster(params()).run(at(made))
  assert.not(made.commands.some(({ text }) => text.includes('.rota-kube-proxy')))
})

const absent: PathFact = { type: 'absent' }
const there: PathFact = {
  type: 'file',
  mode: '0644',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  size: 23,
  modified: 1,
}
const step = kubeProxyLeadsBack(params())
const needed = (note: PathFact) =>
  step.needed(factTable(...Object.values(step.facts).map(request => [request, note] as const)))
test('a run that was cut short after apply is continued', () => {
  assert.is(needed(absent), false)
  assert.is(needed(there), 'the cluster was upgraded')
})
test('it is led back, and its pods start anew; not where nothing has changed', async () => {
  const moved = clusterWith('https://10.0.0.1:6443', 'https://127.0.0.1:6443')
  assert.is((await step.run(at(moved)))?.summary, 'to https://127.0.0.1:6443')
  assert.is(written(moved), 'https://127.0.0.1:6443')
  assert.is(restarts(moved), 1)
  assert.is(moved.commands.at(-1)?.text, 'rm -f /etc/kubernetes/.rota-kube-proxy')
  const same = clusterWith('https://127.0.0.1:6443', 'https://127.0.0.1:6443')
  await step.run(at(same))
  assert.is(restarts(same), 0)
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
