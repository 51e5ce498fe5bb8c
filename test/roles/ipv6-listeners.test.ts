import { spawnSync } from 'node:child_process'
import { type FactRequest, facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoleCall } from '../../engine/role/role.ts'
import { haproxy } from '../../roles/haproxy/role.ts'
import { versionFacts } from '../../roles/haproxy/version.ts'
import { haproxyProxy } from '../../roles/haproxy-proxy/role.ts'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { nginxVip } from '../../roles/nginx-vip/role.ts'
import { accepts, has, refusal } from './support/checker.ts'
import { host, inventory } from './support/inventory.ts'
import { kubesprayHaproxy, kubesprayNginx } from './support/kubespray-proxy.ts'
import { contentOf, unitsOf } from './support/role.ts'

// Where a proxy listens, of IPv6 too: as kubespray's templates have it, and only where the kernel has IPv6.

const loopback = (interfaces: readonly string[]) =>
  interfaces.map(address => ({ interface: 'lo', family: 'inet', address, prefix: 8, scope: 'host' }))
const withV6 = loopback(['127.0.0.1', '::1'])
const withoutV6 = loopback(['127.0.0.1'])
const ready = { ready: { type: 'answered', status: 200, body: 'ok', expected: true }, built: { type: 'absent' } }
const present = (text: string) => ({ type: 'file', content: { base64: Buffer.from(text).toString('base64') } })

const clusterOf = (prefix: string) =>
  inventory([
    ...['1', '2'].map(end => host(`m${end}`, prefix + end, ['kube_control_plane', 'k8s_cluster', 'all'])),
    host('n1', `${prefix}9`, ['kube_node', 'k8s_cluster', 'all']),
  ])
const v4 = clusterOf('10.0.0.')
const v6 = clusterOf('fd00::')

/** The configuration that a host gets; `current` is what it has. */
function configOf(
  call: RoleCall,
  path: string,
  { view = v4, on = 'n1', addresses = withV6 as unknown, current = '' } = {},
): string {
  const peers = new Map(view.hosts.map(({ name }) => [name, ready]))
  const known: (readonly [FactRequest, unknown])[] = [
    [facts.path({ path, content: true }), current === '' ? { type: 'absent' } : present(current)],
    [facts.packageState({ name: 'nginx' }), { type: 'absent', manager: 'apt' }],
    [versionFacts.version, { exitCode: 127, stdout: '', stderr: '' }],
    [facts.addresses({}), addresses],
  ]
  return contentOf(unitsOf(call, view.host(on), view, { peers }), path, known)
}

const nginxConfig = '/etc/nginx/nginx.conf'
const haproxyConfig = '/etc/haproxy/haproxy.cfg'
const listens = (text: string): readonly string[] =>
  [...text.matchAll(/^[ \t]+(?:listen|bind) (.+?);?$/gm)].map(([, where = '']) => where)
const takes = (text: string) => {
  if (/^global$/m.test(text)) {
    if (has('haproxy')) accepts(text, file => ['haproxy', '-c', '-q', '-f', file])
  } else if (has('nginx')) {
    const modules = 'load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n'
    accepts(text.includes('load_module') ? text : modules + text, file => ['nginx', '-t', '-q', '-c', file])
  }
}

type Nginx = NonNullable<Parameters<typeof nginxProxy>[0]>
const vip = { ipv6Stack: true, virtualAddress: '10.0.0.100' }
const both: readonly (readonly [string, RoleCall, string, string, readonly string[], readonly string[]])[] = [
  ...(
    [
      ['system', '/etc/nginx/kube-nginx.conf', ['127.0.0.1:6443'], ['127.0.0.1:6443', '[::1]:6443']],
      ['docker', nginxConfig, ['0.0.0.0:8443'], ['0.0.0.0:8443', '[::]:8443']],
      [
        'source',
        '/opt/kubernetes/kube-nginx/conf/kube-nginx.conf',
        ['127.0.0.1:8443'],
        ['127.0.0.1:8443', '[::1]:8443'],
      ],
      ['static-pod', nginxConfig, ['127.0.0.1:6443', '8081'], ['127.0.0.1:6443', '[::1]:6443', '8081', '[::]:8081']],
    ] as const
  ).map(([variant, path, alone, all]) => {
    const given: Nginx = { variant, ipv6Stack: true, ...(variant === 'static-pod' ? { healthPort: 8081 } : {}) }
    return [`nginx (${variant})`, nginxProxy(given), path, 'n1', alone, all] as const
  }),
  [
    'haproxy in a static pod',
    haproxyProxy({ type: 'haproxy', ipv6Stack: true }),
    haproxyConfig,
    'n1',
    ['0.0.0.0:8081', '127.0.0.1:6443'],
    ['0.0.0.0:8081', ':::8081 v6only', '127.0.0.1:6443', '[::1]:6443'],
  ],
  [
    'haproxy behind the virtual address',
    haproxy(vip),
    haproxyConfig,
    'm1',
    ['0.0.0.0:8443'],
    ['0.0.0.0:8443', ':::8443 v6only'],
  ],
  [
    'nginx behind the virtual address',
    nginxVip({ ...vip, vipLoadBalancer: 'nginx' }),
    '/etc/nginx/nginx-vip.conf',
    'm1',
    ['0.0.0.0:8443'],
    ['0.0.0.0:8443', '[::]:8443'],
  ],
]
for (const [name, call, path, on, alone, all] of both) {
  test(`${name}: of both families where the kernel has them`, () => {
    const text = configOf(call, path, { on })
    assert.equal(listens(text), all)
    takes(text)
  })
  test(`${name}: without IPv6 in the kernel it starts, and listens on IPv4`, () => {
    const text = configOf(call, path, { on, addresses: withoutV6 })
    assert.equal(listens(text), alone)
    takes(text)
  })
}

test('where nobody speaks IPv6 nothing of it is asked or written', () => {
  const text = configOf(nginxProxy({ variant: 'system' }), '/etc/nginx/kube-nginx.conf', { addresses: undefined })
  assert.equal(listens(text), ['127.0.0.1:6443'])
})
test('where the operator says where to listen, it is there and nowhere else', () => {
  const listen = ['127.0.0.1']
  assert.equal(listens(configOf(nginxProxy({ listen, ipv6Stack: true }), nginxConfig, { addresses: undefined })), [
    '127.0.0.1:6443',
  ])
  const call = haproxyProxy({ type: 'haproxy', bind: listen, healthPort: 0, ipv6Stack: true })
  assert.equal(listens(configOf(call, haproxyConfig, { addresses: undefined })), ['127.0.0.1:6443'])
})
test('where hosts have addresses of IPv6 it is spoken, and servers are written with brackets', () => {
  const nginx = configOf(nginxProxy({ variant: 'system' }), '/etc/nginx/kube-nginx.conf', { view: v6 })
  assert.equal(listens(nginx), ['127.0.0.1:6443', '[::1]:6443'])
  assert.match(nginx, 'server [fd00::1]:6443;')
  takes(nginx)
  const text = configOf(haproxyProxy({ type: 'haproxy' }), haproxyConfig, { view: v6 })
  assert.match(text, 'server m2 [fd00::2]:6443 check')
  takes(text)
})
test('behind a virtual address of IPv6 both families are listened on', () =>
  assert.equal(listens(configOf(haproxy({ virtualAddress: 'fd00::100' }), haproxyConfig, { on: 'm1' })), [
    '0.0.0.0:8443',
    ':::8443 v6only',
  ]))

const masters = ['10.0.0.1', '10.0.0.2']
for (const dualStack of [true, false]) {
  const has = dualStack ? 'has' : 'has not'
  test(`a proxy of kubespray's that ${has} [::1] stays as it is, with the kernel's IPv6 and without`, () => {
    for (const addresses of [withV6, withoutV6]) {
      const nginx = kubesprayNginx({ masters, dualStack })
      const pod = nginxProxy({ healthPort: 8081, ipv6Stack: true })
      assert.is(configOf(pod, nginxConfig, { addresses, current: nginx }), nginx)
      const text = kubesprayHaproxy({ masters, dualStack })
      const call = haproxyProxy({ type: 'haproxy', ipv6Stack: true })
      assert.is(configOf(call, haproxyConfig, { addresses, current: text }), text)
    }
  })
}

/** A network of its own, with IPv6 and without, in which a daemon binds for real. */
const isolated = spawnSync('unshare', ['-n', 'sh', '-c', 'ip link set lo up && ip addr show lo'])
const networks = isolated.status === 0 && String(isolated.stdout).includes('inet6 ::1')
if (!networks) console.log('  (no daemon is started: no network of its own can be had here)')
const inNetwork = (has6: boolean, command: string) => [
  'unshare',
  '-n',
  'sh',
  '-c',
  `ip link set lo up; ${has6 ? '' : 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1;'} ${command}`,
]
// What does not end has bound its listeners.
const daemons: Readonly<Record<string, readonly [RoleCall, string, string]>> = {
  nginx: [
    nginxProxy({ variant: 'system', ipv6Stack: true, healthPort: 8081 }),
    '/etc/nginx/kube-nginx.conf',
    'nginx -t -q -c',
  ],
  haproxy: [
    haproxyProxy({ type: 'haproxy', ipv6Stack: true }),
    haproxyConfig,
    'timeout --preserve-status 1 haproxy -db -f',
  ],
}
for (const [program, [call, path, command]] of Object.entries(daemons)) {
  test(`${program} starts with what it gets, with the kernel's IPv6 and without; what another host gets it would not`, () => {
    if (!networks || !has(program)) return
    const binds = (text: string, has6: boolean) =>
      refusal(
        text,
        file => inNetwork(has6, `${command} ${file}; code=$?; [ $code -eq 0 ] || [ $code -eq 143 ]`) as never,
      )
    const [of6, of4] = [withV6, withoutV6].map(addresses => configOf(call, path, { addresses }))
    assert.is(binds(of6 ?? '', true), undefined)
    assert.is(binds(of4 ?? '', false), undefined)
    assert.match(binds(of6 ?? '', false) ?? '', /[Cc]annot assign requested address/)
  })
}

test.run()
