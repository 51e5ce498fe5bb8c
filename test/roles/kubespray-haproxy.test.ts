import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { haproxyProxy } from '../../roles/haproxy-proxy/role.ts'
import { accepts, has } from './support/checker.ts'
import { smallCluster } from './support/inventory.ts'
import { kubesprayHaproxy, kubesprayPod, releases } from './support/kubespray-proxy.ts'
import { contentOf, unitsOf } from './support/role.ts'

// A node of a kubespray cluster with loadbalancer_apiserver_type haproxy, taken over: what its files become.
type Params = NonNullable<Parameters<typeof haproxyProxy>[0]>

const config = '/etc/haproxy/haproxy.cfg'
const manifest = '/etc/kubernetes/manifests/haproxy.yml'
const ready = { ready: { type: 'answered', status: 200, body: 'ok', expected: true } }
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}`)
const present = (text: string) => ({ type: 'file', content: { base64: Buffer.from(text).toString('base64') } })

const left = (path: string, text: string, params: Params = {}, masters = 3): string => {
  const view = smallCluster(masters)
  const peers = new Map(view.group('kube_control_plane').map(({ name }) => [name, ready]))
  return contentOf(unitsOf(haproxyProxy({ type: 'haproxy', ...params }), view.host('n1'), view, { peers }), path, [
    [facts.path({ path, content: true }), present(text)],
  ])
}

const three = kubesprayHaproxy({ masters: addresses(3) })
test('the configuration of an untouched node stays, byte for byte', () => {
  assert.is(left(config, three), three)
  for (const semicolon of ['', ';']) {
    const both = kubesprayHaproxy({ masters: addresses(3), dualStack: true, semicolon })
    assert.is(left(config, both), both)
  }
})
for (const count of [1, 2, 4])
  test(`with ${count} masters it is what kubespray would write`, () =>
    assert.is(left(config, three, {}, count), kubesprayHaproxy({ masters: addresses(count) })))
for (const [release, { haproxy }] of Object.entries(releases))
  test(`${release}: the pod stays, byte for byte, whatever image this role would take`, () => {
    const text = kubesprayPod({ image: `docker.io/library/haproxy:${haproxy}`, app: 'haproxy' })
    assert.is(left(manifest, text), text)
    assert.is(
      left(manifest, text, { imageTag: '9-alpine', image: 'a/haproxy' }),
      text.replace(/image: \S+/, 'image: a/haproxy:9-alpine'),
    )
  })

const changes: readonly (readonly [Params, string, string])[] = [
  [{ clientTimeout: '5m' }, '', ''],
  [{ clientTimeout: '7m' }, 'timeout client          5m', 'timeout client 7m'],
  [{ check: 'readyz' }, 'GET /healthz', 'GET /readyz'],
  [{ resilient: false }, '', ''],
  [{ anonymousAuth: true }, '', ''],
  [{ anonymousAuth: false }, 'expect status 200', 'expect rstatus ^(200|401|403)$'],
]
for (const [params, from, to] of changes)
  test(`what the operator has set is changed, and nothing else: ${JSON.stringify(params)}`, () =>
    assert.is(left(config, three, params), three.replace(from, to)))
test('resilient, where it is asked for', () => {
  const text = left(config, three, { resilient: true })
  assert.match(text, 'option redispatch 1\n')
  assert.match(text, 'downinter 15s fastinter 2s rise')
  if (has('haproxy')) accepts(text, file => ['haproxy', '-c', '-q', '-f', file])
})

const otherwise: Readonly<Record<string, string>> = {
  'another port': three.replace('127.0.0.1:6443', '127.0.0.1:7443'),
  'no health port': three.replace('0.0.0.0:8081', '0.0.0.0:8082'),
  'another backend': three.replace('default_backend kube_api_backend', 'default_backend other'),
  nothing: '',
}
for (const [name, text] of Object.entries(otherwise))
  test(`is written whole: ${name}`, () => assert.match(left(config, text), 'option redispatch 1'))

test.run()
