import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse as yaml } from 'yaml'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { accepts, has } from './support/checker.ts'
import { smallCluster } from './support/inventory.ts'
import { kubesprayNginx, kubesprayPod, releases } from './support/kubespray-proxy.ts'
import { contentOf, unitsOf } from './support/role.ts'

// A node of a kubespray cluster, taken over: what its files become.
type Params = NonNullable<Parameters<typeof nginxProxy>[0]>

const config = '/etc/nginx/nginx.conf'
const manifest = '/etc/kubernetes/manifests/nginx-proxy.yml'
const ready = { ready: { type: 'answered', status: 200, body: 'ok', expected: true } }
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}`)
const present = (text: string) => ({ type: 'file', content: { base64: Buffer.from(text).toString('base64') } })

const left = (path: string, text: string, params: Params = {}, masters = 3): string => {
  const view = smallCluster(masters)
  const peers = new Map(view.group('kube_control_plane').map(({ name }) => [name, ready]))
  // As its sample inventory has it.
  const call = nginxProxy({ healthPort: 8081, ...params })
  return contentOf(unitsOf(call, view.host('n1'), view, { peers }), path, [
    [facts.path({ path, content: true }), present(text)],
  ])
}
const conf = (text: string, params?: Params, masters?: number) => left(config, text, params, masters)
const pod = (text: string, params?: Params) => left(manifest, text, params)

for (const [release, { openFiles, nginx }] of Object.entries(releases)) {
  const theirs = kubesprayNginx({ masters: addresses(3), openFiles })
  test(`${release}: the configuration of an untouched node stays, byte for byte`, () => assert.is(conf(theirs), theirs))
  test(`${release}: dual stack too`, () => {
    const both = kubesprayNginx({ masters: addresses(3), openFiles, dualStack: true })
    assert.is(conf(both), both)
  })
  for (const count of [1, 2, 4])
    test(`${release}: with ${count} masters it is what kubespray would write`, () =>
      assert.is(conf(theirs, {}, count), kubesprayNginx({ masters: addresses(count), openFiles })))
  test(`${release}: the pod stays, byte for byte, whatever image this role would take`, () => {
    const text = kubesprayPod({ image: `docker.io/library/nginx:${nginx}` })
    assert.is(pod(text), text)
  })
}

const three = kubesprayNginx({ masters: addresses(3) })
const changes: readonly (readonly [string, Params, string, string])[] = [
  ['worker_connections', { workerConnections: 1024 }, 'worker_connections 16384;', 'worker_connections 1024;'],
  ['a directive that goes', { workerOpenFiles: 0 }, '\nworker_rlimit_nofile 130048;', ''],
  ['multi_accept off', { multiAccept: false }, '\n  multi_accept on;', ''],
  ['a time', { proxyTimeout: '1h' }, 'proxy_timeout 10m;', 'proxy_timeout 1h;'],
  ['kept connections', { workerShutdownTimeout: '0' }, '\nworker_shutdown_timeout 10s;', ''],
  ['the same time in the inventory', { workerShutdownTimeout: '10s' }, '', ''],
  ['the balance', { balance: 'hash $remote_addr consistent' }, 'least_conn;', ''],
]
for (const [name, params, from, to] of changes) {
  test(`what the operator has set is changed, and nothing else: ${name}`, () => {
    const wanted =
      name === 'the balance'
        ? three.replace('kube_apiserver {\n    least_conn;', 'kube_apiserver {\n    hash $remote_addr consistent;')
        : three.replace(from, to)
    assert.is(conf(three, params), wanted)
  })
}
test('limits of every server, where the operator has set them', () =>
  assert.is(conf(three, { maxFails: 3 }), three.replace(/server (10\S+);/g, 'server $1 max_fails=3;')))
test('comments, tabs and one line for all are no difference', () => {
  const text = three.replace('least_conn;', '# by their number\n\tleast_conn;').replace(/;\n {4}server/g, '; server')
  assert.is(conf(text), text)
  const two = conf(text, {}, 2)
  assert.match(two, 'server 10.0.0.2:6443;')
  assert.not.match(two, '10.0.0.3')
})
test('what nginx takes is what is left', () => {
  if (has('nginx'))
    accepts(
      `load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n${conf(three, { balance: 'round_robin' }, 4)}`,
      file => ['nginx', '-t', '-q', '-c', file],
    )
})

const otherwise: Readonly<Record<string, string>> = {
  'another port': three.replace('127.0.0.1:6443', '127.0.0.1:7443'),
  'no server that says how it is': three.replace('listen 8081', 'listen 8082'),
  'a file of the distribution': 'events {}\nhttp { server { listen 80; } }\n',
  'a brace that is not closed': three.slice(0, -3),
  nothing: '',
}
for (const [name, text] of Object.entries(otherwise)) {
  test(`is written whole: ${name}`, () => {
    const written = conf(text)
    assert.match(written, 'listen 127.0.0.1:6443;')
    assert.match(written, 'listen 8081;')
    assert.not.match(written, 'reset_timedout_connection')
  })
}

const theirDefaults = { keepaliveTimeout: '5m' }
for (const count of [1, 3])
  test(`a new node of a kubespray cluster has what kubespray would write: ${count} masters`, () => {
    assert.is(conf('', theirDefaults, count), kubesprayNginx({ masters: addresses(count) }))
    const both = { ...theirDefaults, listen: ['127.0.0.1', '::1'] }
    assert.is(conf('', both, count), kubesprayNginx({ masters: addresses(count), dualStack: true }))
  })
test('and in it what the operator has set', () => {
  const set = { ...theirDefaults, workerConnections: 4096, proxyTimeout: '1h' }
  const wanted = three
    .replace('worker_connections 16384', 'worker_connections 4096')
    .replace('proxy_timeout 10m', 'proxy_timeout 1h')
  assert.is(conf('', set), wanted)
  assert.match(conf('', { keepaliveTimeout: '90s' }), 'keepalive_timeout 90s;')
})
test('one whose proxy was moved to another port by hand, too', () =>
  assert.is(conf(three.replace('127.0.0.1:6443', '127.0.0.1:7443'), theirDefaults), three))

const image = 'registry.example/nginx:1.27.4-alpine'
const theirs = kubesprayPod({ image })
test('a tag that is set is the only change of the manifest', () => {
  assert.is(pod(theirs, { imageRepo: 'registry.example/nginx', imageTag: '1.27.4-alpine' }), theirs)
  assert.is(
    pod(theirs, { imageRepo: 'registry.example/nginx', imageTag: '1.28.0-alpine' }),
    theirs.replace('1.27.4', '1.28.0'),
  )
})
const samePods: Readonly<Record<string, string>> = {
  'other quotes': theirs.replace(image, `"${image}"`),
  JSON: JSON.stringify(yaml(theirs)),
  'no checksum': theirs.replace(/ {2}annotations:\n.*\n/, ''),
  'probes that name an address': theirs.replaceAll('path: /healthz', 'host: 127.0.0.1\n        path: /healthz'),
}
for (const [name, text] of Object.entries(samePods))
  test(`the same pod, and so left alone: ${name}`, () => assert.is(pod(text), text))

const otherPods: Readonly<Record<string, string>> = {
  'another folder': theirs.replace('path: /etc/nginx', 'path: /srv/nginx'),
  'no network of the host': theirs.replace('hostNetwork: true', 'hostNetwork: false'),
  'another command': theirs.replace('    resources:', '    command: [sleep, "1"]\n    resources:'),
  'other requests': theirs.replace('25m', '50m'),
  'no probes': theirs.replace(/ {4}livenessProbe[\s\S]*(?= {4}volumeMounts)/, ''),
  'two containers': theirs.replace('  volumes:', '  - name: more\n    image: x:1\n  volumes:'),
  'no YAML': ': :\n- }',
}
for (const [name, text] of Object.entries(otherPods)) {
  test(`another pod, and so written: ${name}`, () => {
    const written = pod(text)
    assert.is.not(written, text)
    assert.match(written, 'path: "/etc/nginx"')
    // The image stays all the same, where one can be read.
    assert.is(written.includes(`image: "${image}"`), !['two containers', 'no YAML'].includes(name), written)
  })
}

test.run()
