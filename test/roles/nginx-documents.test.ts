import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { nginxBuild } from '../../roles/nginx-build/role.ts'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { nginxVip } from '../../roles/nginx-vip/role.ts'
import { accepts, has } from './support/checker.ts'
import { golden } from './support/golden.ts'
import { host, inventory } from './support/inventory.ts'
import { inside, nginxMeaning, parseNginx } from './support/nginx-meaning.ts'
import { clusterOf, configOf, documentText, type NginxParams } from './support/nginx-proxy.ts'
import { contentOf, unitsOf } from './support/role.ts'
import { unitMeaning } from './support/unit-meaning.ts'

// Every set-up says what its document says, directive by directive, with the fewest settings.
interface Document {
  readonly file: string
  readonly masters: readonly string[]
  readonly params: NginxParams
}
const documents: Readonly<Record<string, Document>> = {
  docker: {
    file: '000-nginx.conf',
    masters: ['192.168.10.80', '192.168.10.81', '192.168.10.82'],
    params: { variant: 'docker' },
  },
  'static-pod': {
    file: '002-nginx.conf',
    masters: ['10.4.6.11', '10.4.6.12', '10.4.6.14'],
    params: { variant: 'static-pod' },
  },
  source: {
    file: '003-kube-nginx.conf',
    masters: ['192.168.150.141', '192.168.150.142', '192.168.150.143'],
    params: { variant: 'source' },
  },
}
for (const [name, { file, masters, params }] of Object.entries(documents)) {
  test(`${name}: the configuration of document ${file.slice(0, 3)}`, () => {
    const text = configOf(params, clusterOf(masters))
    golden(`nginx-proxy/${name}.conf`, text)
    // Debian's nginx has stream as a module; the images' and the one that is built have it built in.
    const stream = 'load_module /usr/lib/nginx/modules/ngx_stream_module.so;'
    if (has('nginx')) accepts(`${stream}\n${text}`, file => ['nginx', '-t', '-q', '-c', file])
    assert.equal(nginxMeaning(parseNginx(text)), nginxMeaning(parseNginx(documentText(file))))
  })
}

test('http: the proxy of document 004, on a load balancer of its own', () => {
  const view = inventory([
    ...['10.0.1.10', '10.0.1.11', '10.0.1.12'].map((address, index) =>
      host(`m${index + 1}`, address, ['kube_control_plane']),
    ),
    host('lb', '10.0.1.13', ['load_balancer']),
  ])
  const call = nginxVip({ vipLoadBalancer: 'nginx', protocol: 'http', allowInsecureUpstream: true })
  const config = '/etc/nginx/nginx-vip.conf'
  const text = contentOf(unitsOf(call, view.host('lb'), view), config, [
    [facts.path({ path: config, content: true }), { type: 'absent' }],
    [facts.packageState({ name: 'nginx' }), { type: 'absent', manager: 'apt' }],
  ])
  golden('nginx-vip/http.conf', text)
  if (has('nginx')) accepts(text, file => ['nginx', '-t', '-q', '-c', file])
  const http = inside(parseNginx(text), 'http').filter(({ name }) => name !== 'access_log')
  assert.equal(nginxMeaning(http), nginxMeaning(parseNginx(documentText('004-nginx.conf'))))
})

test('the meaning of a configuration is not its layout, and not less than its directives', () => {
  const [one, other, same] = [
    'stream { upstream a { server 1.1.1.1:1; server 2.2.2.2:2; } server { listen 80; proxy_pass a; } }',
    'stream { upstream a { server 1.1.1.1:1; } server { listen 80; proxy_pass a; } }',
    'stream {\n upstream b { # two\n server 2.2.2.2:2; server 1.1.1.1:1; }\n server { proxy_pass b; listen 0.0.0.0:80; } }',
  ].map(text => nginxMeaning(parseNginx(text)))
  assert.equal(one, same)
  assert.not.equal(one, other)
  assert.throws(() => parseNginx('stream { server { }'), /not closed/)
  assert.throws(() => parseNginx('events { use epoll }'), /not ended/)
})

const units: readonly (readonly [NginxParams, string, string])[] = [
  [{ variant: 'docker' }, 'nginx-lb.service', '000-nginx-lb.service'],
  [{ variant: 'source' }, 'kube-nginx.service', '003-kube-nginx.service'],
]
for (const [params, unit, file] of units) {
  test(`${params.variant}: the unit of document ${file.slice(0, 3)}`, () => {
    const view = clusterOf(['10.0.0.1'])
    const text = contentOf(unitsOf(nginxProxy(params), view.host('n1'), view), unit)
    golden(`nginx-proxy/${unit}`, text)
    assert.equal(unitMeaning(text), unitMeaning(documentText(file)))
  })
}

test('static-pod: the pod of kubespray, but for its checksum of the configuration', () => {
  const view = clusterOf(['10.0.0.1'])
  const manifest = (params: NginxParams) =>
    contentOf(
      unitsOf(nginxProxy({ variant: 'static-pod', ...params }), view.host('n1'), view),
      '/etc/kubernetes/manifests/nginx-proxy.yml',
      [[facts.path({ path: '/etc/kubernetes/manifests/nginx-proxy.yml', content: true }), { type: 'absent' }]],
    )
  golden('nginx-proxy/nginx-proxy.yml', manifest({}))
  golden('nginx-proxy/nginx-proxy-probes.yml', manifest({ healthPort: 8081 }))
  const wanted = parse(documentText('kubespray-nginx-proxy.yml'))
  // With it a new list of masters would be a new pod.
  delete wanted.metadata.annotations
  const [container] = wanted.spec.containers
  assert.equal(parse(manifest({ healthPort: 8081 })), wanted)
  delete container.livenessProbe
  delete container.readinessProbe
  assert.equal(parse(manifest({})), wanted)
})

test('source: the flags of document 003, on the first node', () => {
  const view = clusterOf(['10.0.0.1'])
  const units = unitsOf(nginxBuild({ variant: 'source' }), view.host('n1'), view)
  const build = units.find(unit => unit.title === 'build nginx-1.15.3')
  assert.ok(build && 'args' in build)
  const { run } = build.args as { readonly run: string }
  const flags = /\.\/configure (.*) >build\.log/.exec(run)?.[1] ?? ''
  assert.equal(new Set(flags.split(' ')), new Set(documentText('003-configure').trim().split(' ')))
  assert.equal(unitsOf(nginxBuild({ variant: 'source' }), view.host('m1'), view), [])
})

test.run()
