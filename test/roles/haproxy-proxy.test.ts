import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { haproxyProxy } from '../../roles/haproxy-proxy/role.ts'
import { accepts, has } from './support/checker.ts'
import { golden } from './support/golden.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { contentOf, paramsOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const config = '/etc/haproxy/haproxy.cfg'
const manifest = '/etc/kubernetes/manifests/haproxy.yml'
const cluster = smallCluster()
const node = cluster.host('n1')
const peers = new Map(
  ['m1', 'm2', 'm3'].map(name => [name, { ready: { type: 'answered', status: 200, body: 'ok', expected: true } }]),
)
type Params = NonNullable<Parameters<typeof haproxyProxy>[0]>
const chosen: Params = { type: 'haproxy' }
const units = (params: Params) => unitsOf(haproxyProxy({ ...chosen, ...params }), node, cluster, { peers })
const rendered = (params: Params): string =>
  contentOf(units(params), config, [[facts.path({ path: config, content: true }), { type: 'absent' }]])

const podOf = (all: ReturnType<typeof units>): string =>
  contentOf(all, manifest, [[facts.path({ path: manifest, content: true }), { type: 'absent' }]])

const variants: Readonly<Record<string, Params>> = {
  default: {},
  kubespray: { resilient: false },
  'without-credentials': { anonymousAuth: false },
  'no-health-both-families': { healthPort: 0, bind: ['127.0.0.1', '::1'], port: 8443, check: 'readyz' },
}
for (const [name, params] of Object.entries(variants)) {
  test(`configuration: ${name}`, () => {
    const text = rendered(params)
    golden(`haproxy-proxy/${name}.cfg`, text)
    if (has('haproxy')) accepts(text, file => ['haproxy', '-c', '-q', '-f', file])
  })
}

test('the pod: on the host network, a read-only folder, probes of the health port', () => {
  const text = podOf(units({}))
  golden('haproxy-proxy/haproxy.yml', text)
  const { metadata, spec } = parse(text)
  const [container] = spec.containers
  assert.equal([metadata.name, metadata.namespace, spec.hostNetwork], ['haproxy', 'kube-system', true])
  assert.is(spec.priorityClassName, 'system-node-critical')
  assert.equal(container.volumeMounts, [{ mountPath: '/usr/local/etc/haproxy', name: 'etc-haproxy', readOnly: true }])
  assert.equal(spec.volumes, [{ name: 'etc-haproxy', hostPath: { path: '/etc/haproxy' } }])
  for (const probe of [container.livenessProbe, container.readinessProbe])
    assert.equal(probe.httpGet, { path: '/healthz', port: 8081 })
  assert.is(container.image, 'docker.io/library/haproxy:2.8.3-alpine')
})
test('no health port, no probes', () => assert.not.match(podOf(units({ healthPort: 0 })), 'Probe'))

test('a new list of masters changes the configuration alone, so the pod is not started anew', () => {
  const bigger = smallCluster(4)
  const more = unitsOf(haproxyProxy(chosen), bigger.host('n1'), bigger, {
    peers: new Map([...peers, ['m4', peers.get('m1')]]),
  })
  assert.is(podOf(more), podOf(units({})))
  assert.match(
    contentOf(more, config, [[facts.path({ path: config, content: true }), { type: 'absent' }]]),
    'server m4 10.0.0.4:6443 check check-ssl verify none',
  )
})

test('the port is freed right before the pod is asked for', () => {
  const titles = titlesOf(haproxyProxy(chosen), node, cluster, { peers })
  assert.is(titles[0], 'image docker.io/library/haproxy:2.8.3-alpine')
  assert.equal(titles.slice(4, 7), [
    'port 6443 is free for it',
    'directory /etc/kubernetes/manifests',
    `file ${manifest}`,
  ])
})
test('an nginx whose unit has a name of its own makes way too', () => {
  const way = units({ nginxUnit: 'my-proxy' }).find(({ title }) => title.endsWith('is free for it'))
  assert.ok(way !== undefined && 'kind' in way)
  const { others } = way.args as { readonly others: readonly { readonly unit?: string }[] }
  assert.ok(others.some(({ unit }) => unit === 'my-proxy'))
  assert.ok(others.every(other => !JSON.stringify(other).includes('haproxy')))
})
test('a new manifest is waited for: the pod of before would answer on the port', () => {
  const task = units({}).find(({ title }) => title === `file ${manifest}`)
  assert.ok(task !== undefined && 'kind' in task)
  assert.equal(task.notify, ['pod'])
  const { role } = haproxyProxy(chosen)
  const handlers =
    typeof role.handlers === 'function'
      ? role.handlers({ params: paramsOf(haproxyProxy(chosen)) } as never)
      : role.handlers
  assert.equal(Object.keys(handlers ?? {}), ['reload', 'pod'])
})

test('only on nodes, where it is chosen, wanted, and nobody else has the port', () => {
  const both = host('b1', '10.0.3.1', ['kube_control_plane', 'kube_node'], { kube_vip_address: '10.0.0.100' })
  const view = inventory([...cluster.hosts, both])
  const none = (params: Params, name = 'n1') => titlesOf(haproxyProxy(params), view.host(name), view).length === 0
  assert.ok(none({}))
  assert.ok(none({ ...chosen, wanted: false }))
  assert.ok(none({ ...chosen, port: 8444 }, 'm1'))
  assert.ok(none(chosen, 'b1'))
  assert.not(none({ ...chosen, port: 8444 }, 'b1'))
  assert.not(none({ ...chosen, port: 8444, leaving: 'b1' }, 'b1'))
  assert.ok(none({ ...chosen, port: 8444, leaving: 'm1' }, 'm1'))
  assert.not(none({ ...chosen, port: 8443 }, 'b1'))
  assert.ok(none({ ...chosen, port: 8443, vipAddress: '10.0.0.100' }, 'b1'))
  const problems = (params: Params, on = both) => problemsOf(haproxyProxy({ ...chosen, ...params }), on, view).join()
  assert.match(problems({ port: 8444 }), 'set haproxy_config_dir')
  assert.is(problems({ port: 8444, configDir: '/etc/haproxy-node' }), '')
  assert.is(problems({ port: 8444, vipLoadBalancer: 'nginx' }), '')
  assert.match(problems({ port: 8081 }, node), 'the port of the proxy itself')
})

test.run()
