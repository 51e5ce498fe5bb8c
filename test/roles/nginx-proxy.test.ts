import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { accepts, has } from './support/checker.ts'
import { golden } from './support/golden.ts'
import { smallCluster } from './support/inventory.ts'
import { contentOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

type Params = NonNullable<Parameters<typeof nginxProxy>[0]>

const config = '/etc/nginx/kube-nginx.conf'
const cluster = smallCluster()
const node = cluster.host('n1')
const ready = { ready: { type: 'answered', status: 200, body: 'ok', expected: true } }
const starting = { ready: { type: 'answered', status: 500, body: '', expected: false } }
const everyoneReady = new Map(['m1', 'm2', 'm3'].map(name => [name, ready]))
const existing = (text: string) => ({
  type: 'file',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  mode: '0644',
  size: text.length,
  modified: 0,
  content: { base64: Buffer.from(text).toString('base64') },
})
const rendered = (
  params: Parameters<typeof nginxProxy>[0],
  peers: ReadonlyMap<string, unknown> = everyoneReady,
  current: unknown = { type: 'absent' },
  view = cluster,
  manager: 'apt' | 'dnf' = 'apt',
): string =>
  contentOf(unitsOf(nginxProxy({ variant: 'system', ...params }), node, view, { peers }), config, [
    [facts.path({ path: config, content: true }), current],
    [facts.packageState({ name: 'nginx' }), { type: 'absent', manager }],
  ])
const servers = (text: string): readonly string[] =>
  [...text.matchAll(/server ([\d.]+):6443/g)].map(match => match[1] ?? '')

// The directives of the source documents' configurations, as params of today's variant.
const variants: Readonly<Record<string, Parameters<typeof nginxProxy>[0]>> = {
  default: {},
  'all-addresses-8443': { listen: ['0.0.0.0'], port: 8443, workerConnections: 1024 },
  'static-pod-document': { workerConnections: 1024 },
  'hash-max-fails': {
    port: 8443,
    balance: 'hash $remote_addr consistent',
    maxFails: 3,
    failTimeout: '30s',
    proxyTimeout: '30s',
    multiAccept: false,
    workerConnections: 10240,
    errorLog: '/var/log/nginx_error.log info',
  },
  health: { healthPort: 8081, listen: ['127.0.0.1', '::1'] },
}
for (const [name, params] of Object.entries(variants)) {
  test(`configuration: ${name}`, () => {
    const text = rendered(params)
    golden(`nginx-proxy/${name}.conf`, text)
    if (has('nginx')) accepts(text, file => ['nginx', '-t', '-q', '-c', file])
  })
}

test('the unit', () =>
  golden(
    'nginx-proxy/nginx-proxy.service',
    contentOf(unitsOf(nginxProxy({ variant: 'system' }), node, cluster), 'nginx-proxy.service'),
  ))

test('where dnf installs nginx its modules are elsewhere', () => {
  const text = rendered({}, everyoneReady, { type: 'absent' }, cluster, 'dnf')
  assert.match(text, 'load_module /usr/lib64/nginx/modules/ngx_stream_module.so;')
})
test('a master that is not ready yet is not listed', () =>
  assert.equal(servers(rendered({}, new Map([...everyoneReady, ['m3', starting]]))), ['10.0.0.1', '10.0.0.2']))
test('a master that can not be reached is not listed', () =>
  assert.equal(
    servers(
      rendered(
        {},
        new Map([
          ['m1', ready],
          ['m2', ready],
          ['m3', undefined],
        ]),
      ),
    ),
    ['10.0.0.1', '10.0.0.2'],
  ))
test('one that is listed stays while it is down', () =>
  assert.equal(
    servers(
      rendered(
        {},
        new Map([
          ['m1', ready],
          ['m2', undefined],
          ['m3', starting],
        ]),
        existing('server 10.0.0.2:6443;\n server 10.0.0.3:6443 max_fails=3;'),
      ),
    ),
    ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  ))
test('one that has left is taken out, though it is listed and ready', () =>
  assert.equal(servers(rendered({ leaving: ['m1'] }, everyoneReady, existing('server 10.0.0.1:6443;'))), [
    '10.0.0.2',
    '10.0.0.3',
  ]))
test('where nobody is ready and nothing is listed yet, all are', () =>
  assert.equal(servers(rendered({}, new Map())), ['10.0.0.1', '10.0.0.2', '10.0.0.3']))

test('nothing on a master, whose API server has the port', () =>
  assert.equal(titlesOf(nginxProxy(), cluster.host('m1'), cluster), []))
test('on a master with another port there is a proxy where masters shall have one', () => {
  assert.equal(titlesOf(nginxProxy({ port: 8443 }), cluster.host('m1'), cluster), [])
  assert.ok(titlesOf(nginxProxy({ port: 8443, masters: true }), cluster.host('m1'), cluster).length > 0)
})
test('document 003 has one on every host, but where the load balancer behind the virtual address has the port', () => {
  const source: Params = { variant: 'source' }
  assert.ok(titlesOf(nginxProxy(source), cluster.host('m1'), cluster).length > 0)
  assert.equal(titlesOf(nginxProxy({ ...source, vipAddress: '10.0.0.99' }), cluster.host('m1'), cluster), [])
  assert.ok(titlesOf(nginxProxy({ ...source, vipAddress: '10.0.0.99' }), node, cluster).length > 0)
})
const notChosen: readonly Params[] = [{ wanted: false }, { type: 'haproxy' }, { wanted: false, variant: 'docker' }]
for (const params of notChosen) {
  test(`nothing where another proxy or none is chosen: ${JSON.stringify(params)}`, () => {
    assert.equal(titlesOf(nginxProxy(params), node, cluster), [])
    // What would be wrong with it is nobody's business then.
    assert.equal(problemsOf(nginxProxy({ ...params, protocol: 'http' }), node, cluster), [])
  })
}

const refused: readonly (readonly [Params, string | undefined])[] = [
  [{ protocol: 'http' }, 'everybody who reaches the proxy is an administrator of the cluster'],
  [{ protocol: 'http' }, 'set nginx_proxy_allow_insecure_upstream: true'],
  [{ protocol: 'http', allowInsecureUpstream: true }, undefined],
  [{ protocol: 'http', allowInsecureUpstream: true, insecurePort: 0 }, 'the insecure port is off'],
  [{ insecurePort: 0 }, undefined],
  [{ protocol: 'http', allowInsecureUpstream: true, kubeVersion: 'v1.18.20' }, undefined],
  [{ protocol: 'http', allowInsecureUpstream: true, kubeVersion: 'v1.20.2' }, 'from Kubernetes 1.20 on'],
  [{ variant: 'source', protocol: 'http', allowInsecureUpstream: true }, '--without-http leaves out'],
  [{ variant: 'source', healthPort: 8081 }, '--without-http leaves out'],
  [{ variant: 'source', configureFlags: ['--without-http'] }, 'without --with-stream'],
  [{ variant: 'source', version: '1.22.1' }, 'the checksum of nginx 1.22.1 is not known here'],
  [{ variant: 'source', version: '1.22.1', sha256: 'a'.repeat(64) }, undefined],
  [{ variant: 'source', buildHost: 'n9' }, 'nginx_build_host: n9 is no host of the inventory'],
  [{ variant: 'static-pod', healthPort: 6443 }, 'the port of the proxy itself'],
  [{ variant: 'docker' }, undefined],
  [{ variant: 'static-pod', healthPort: 8081 }, undefined],
  [{ variant: 'source' }, undefined],
]
for (const [params, problem] of refused) {
  test(`${problem === undefined ? 'accepted' : 'refused'}: ${JSON.stringify(params)}`, () => {
    const problems = problemsOf(nginxProxy(params), node, cluster)
    if (problem === undefined) assert.equal(problems, [])
    else assert.ok(problems.join('; ').includes(problem), problems.join('; '))
  })
}
test('a leaving master that nobody knows is a mistake', () =>
  assert.equal(problemsOf(nginxProxy({ leaving: 'm1,m9' }), node, cluster), [
    'leaving_masters: m9 is no host of the group kube_control_plane: did you mean m1?',
  ]))
test('the last master can not leave', () =>
  assert.match(problemsOf(nginxProxy({ leaving: 'm1,m2,m3' }), node, cluster)[0] ?? '', 'no master to proxy to'))

test.run()
