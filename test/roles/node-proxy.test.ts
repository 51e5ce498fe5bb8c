import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FactRequest, Task } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { hasHaproxy } from '../../roles/haproxy-proxy/place.ts'
import { makeWay } from '../../roles/lib/cluster/index.ts'
import { artefactOf, judge, type Source } from '../../roles/nginx-build/artefact.ts'
import { nginxBuild } from '../../roles/nginx-build/role.ts'
import { binaryCache, installBinary } from '../../roles/nginx-proxy/binary.ts'
import { hasProxy } from '../../roles/nginx-proxy/place.ts'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { mayServe } from '../../roles/nginx-proxy/selinux.ts'
import { nginxVipAbsent } from '../../roles/nginx-vip/absent.ts'
import { nginxVip } from '../../roles/nginx-vip/role.ts'
import { nodeProxyAbsent } from '../../roles/node-proxy/absent.ts'
import { absentConfig } from '../../roles/node-proxy/absent-config.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { remote } from './support/remote.ts'
import { paramsOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const cluster = smallCluster()
const node = cluster.host('n1')
const plan = (task: Task, facts: readonly (readonly [FactRequest, unknown])[]) =>
  task.kind.plan(task.args, factTable(...facts), { changed: false, diff: false })
const requestOf = (task: Task): FactRequest => {
  const [request] = task.kind.facts(task.args, { diff: false })
  assert.ok(request)
  return request
}

// What is taken off a host, by what is chosen.
const system = ['no unit nginx-proxy', 'no proxy to API servers in /etc/nginx/kube-nginx.conf']
const docker = ['no unit nginx-lb', 'no container nginx-lb']
const nginxPod = ['absent /etc/kubernetes/manifests/nginx-proxy.yml', 'the pod nginx-proxy is gone']
const contained = ['no proxy to API servers in /etc/nginx/nginx.conf']
const source = [
  'no unit kube-nginx',
  'no proxy to API servers in /opt/kubernetes/kube-nginx/conf/kube-nginx.conf',
  'absent /opt/kubernetes/kube-nginx',
]
const haproxyPod = ['absent /etc/kubernetes/manifests/haproxy.yml', 'the pod haproxy is gone']
const haproxyConfig = ['no proxy to API servers in /etc/haproxy/haproxy.cfg']
const haproxy = [...haproxyPod, ...haproxyConfig]
type Params = NonNullable<Parameters<typeof nodeProxyAbsent>[0]>
const vipParams = {
  vipLoadBalancer: 'haproxy',
  kubeVip: false,
  haproxyPort: 8443,
  nginxVipProtocol: 'tcp',
  apiserverPort: 6443,
} as const
const choices: readonly (readonly [Params, readonly string[]])[] = [
  [{}, [...system, ...docker, ...source, ...haproxy]],
  [{ variant: 'system' }, [...docker, ...nginxPod, ...contained, ...source, ...haproxy]],
  [{ variant: 'docker' }, [...system, ...nginxPod, ...source, ...haproxy]],
  [{ variant: 'static-pod' }, [...system, ...docker, ...source, ...haproxy]],
  [{ variant: 'source' }, [...system, ...docker, ...nginxPod, ...contained, ...haproxy]],
  [{ type: 'haproxy' }, [...system, ...docker, ...nginxPod, ...contained, ...source]],
  [{ wanted: false }, [...system, ...docker, ...nginxPod, ...contained, ...source, ...haproxy]],
]
for (const [params, removed] of choices) {
  test(`what is not chosen goes: ${JSON.stringify(params)}`, () => {
    const titles = titlesOf(nodeProxyAbsent(params), node, cluster)
    assert.equal(titles.filter(title => !/ listens on \d+$/.test(title)).sort(), [...removed].sort())
  })
}
test('a unit with a name of its own goes too', () => {
  const titles = titlesOf(nodeProxyAbsent({ type: 'haproxy', unit: 'my-proxy' }), node, cluster)
  assert.ok(titles.includes('no unit my-proxy') && titles.includes('no container my-proxy'))
  assert.not.ok(
    titlesOf(nodeProxyAbsent({ variant: 'system', unit: 'my-proxy' }), node, cluster).includes('no unit my-proxy'),
  )
})
test('not before the chosen one serves', () => {
  const first = (params: Params) => titlesOf(nodeProxyAbsent(params), node, cluster)[0]
  assert.is(first({}), 'nginx (static-pod) listens on 6443')
  assert.is(first({ variant: 'docker' }), 'nginx (docker) listens on 8443')
  assert.is(first({ type: 'haproxy' }), 'the static pod haproxy listens on 6443')
  assert.is(first({ type: 'haproxy', port: 7443 }), 'the static pod haproxy listens on 7443')
})
test('whoever else has the port is not the chosen one', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [guard] = unitsOf(nodeProxyAbsent({ type: 'haproxy', port }), node, cluster)
  assert.ok(guard !== undefined && 'kind' in guard)
  const { check } = guard.args as { readonly check: { readonly run: string } }
  const dir = mkdtempSync(join(tmpdir(), 'rota-holds-'))
  const other = spawn('sleep', ['60'])
  try {
    writeFileSync(join(dir, 'docker'), '#!/bin/sh\ncase $1 in ps) echo abc ;; inspect) echo "$holder" ;; esac\n')
    chmodSync(join(dir, 'docker'), 0o755)
    const holds = (holder: number) =>
      spawnSync('sh', ['-c', check.run], { env: { PATH: `${dir}:${process.env.PATH}`, holder: `${holder}` } }).status
    assert.is(holds(process.pid), 0)
    assert.is.not(holds(other.pid ?? 0), 0)
  } finally {
    other.kill()
    server.close()
    rmSync(dir, { recursive: true })
  }
})
test('a route reflector of the cluster has a proxy, whichever is chosen; a master that is no node has none', () => {
  const view = inventory([
    ...cluster.hosts,
    host('r1', '10.0.4.1', ['calico_rr', 'k8s_cluster']),
    host('x1', '10.0.5.1', ['elsewhere']),
  ])
  const placed = { ...vipParams, port: 7443, leaving: [] }
  const has = (name: string) => [
    hasProxy({ ...placed, type: 'nginx', masters: false }, view.host(name), view),
    hasHaproxy({ ...placed, type: 'haproxy' }, view.host(name), view),
  ]
  for (const [name, expected] of [
    ['n1', true],
    ['r1', true],
    ['m1', false],
    ['x1', false],
  ] as const)
    assert.equal(has(name), [expected, expected], name)
})
test('the haproxy of a host that shall have none goes too', () => {
  const titles = titlesOf(nodeProxyAbsent({ type: 'haproxy' }), cluster.host('m1'), cluster)
  assert.ok(titles.includes('the pod haproxy is gone'))
  assert.not.ok(titles.some(title => title.includes('listens on')))
})
test('on a master whose API server has the port every proxy goes, but not its load balancer', () => {
  const titles = titlesOf(nodeProxyAbsent({}), cluster.host('m1'), cluster)
  assert.equal([...titles].sort(), [...system, ...docker, ...nginxPod, ...contained, ...source, ...haproxyPod].sort())
})

const kept: readonly (readonly [string, boolean])[] = [
  ['stream { upstream kube_apiserver {\n server 10.0.0.1:6443;\n } }', false],
  ['stream {\n  upstream kube_apiserver {\n server 10.0.0.1:6443;\n } }', true],
  ['stream {\n\tupstream kube-servers {\n', true],
  ['user www-data;\nhttp {\n  include /etc/nginx/conf.d/*.conf;\n}\n', false],
  ['http {\n  upstream shop {\n  }\n}\n', false],
  ['listen kube-master\n    bind 0.0.0.0:8443\n', true],
  ['frontend kube_api_frontend\n', true],
  ['frontend shop\n', false],
]
for (const [content, goes] of kept) {
  test(`${goes ? 'a proxy is removed' : 'what is somebody else’s stays'}: ${JSON.stringify(content)}`, () => {
    const task = absentConfig({ path: '/etc/nginx/nginx.conf' })
    const entry = { type: 'file', content: { base64: Buffer.from(content).toString('base64') } }
    assert.is(plan(task, [[requestOf(task), entry]]) !== undefined, goes)
    assert.is(plan(task, [[requestOf(task), { type: 'absent' }]]), undefined)
  })
}

test('only who has the port makes way for the new one', () => {
  const task = makeWay(6443, [
    { name: 'one', unit: 'one' },
    { name: 'pod', pod: { pod: 'p', container: 'c', manifest: '/etc/kubernetes/manifests/p.yml' } },
  ])
  const held = (stdout: string) => plan(task, [[requestOf(task), { exitCode: 0, stdout, stderr: '' }]])
  assert.is(held(''), undefined)
  assert.is(held('pod')?.summary, 'stop pod')
  assert.not.match(held('pod')?.apply.text ?? '', /stop -- one/)
  assert.match(held('pod')?.apply.text ?? '', /rota_backup \/etc\/kubernetes\/manifests\/p\.yml/)
  assert.match(held('one')?.apply.text ?? '', /systemctl --no-block stop -- one/)
})

const built: Source = {
  version: '1.22.1',
  sha256: 'a'.repeat(64),
  prefix: '/opt/kubernetes/kube-nginx',
  configureFlags: ['--with-stream', '--without-http'],
  workDir: '/usr/local/src/kube-nginx',
}
const target = '/opt/kubernetes/kube-nginx/sbin/nginx'
const file = (sha256: string) => ({ type: 'file', sha256 }) as never
const says = (version: string, flags: string) => `nginx version: nginx/${version}\nconfigure arguments: ${flags}`
const flags = '--prefix=/opt/kubernetes/kube-nginx --with-stream --without-http'
const needs: readonly (readonly [string, unknown, unknown, string, string | false])[] = [
  ['it is there', file('b'), file('b'), '', false],
  ['it is missing', file('b'), { type: 'absent' }, '', 'it does not exist'],
  ['another one was built', file('b'), file('c'), '', 'it is another one than was built'],
  ['nothing is built yet', { type: 'absent' }, file('c'), '', 'it is not built yet on n1'],
  ['the builder is away, it is the right one', undefined, file('c'), says('1.22.1', flags), false],
  [
    'the builder is away, another version',
    undefined,
    file('c'),
    says('1.22.10', flags),
    'it is another one, and n1 can not be reached',
  ],
  [
    'the builder is away, other flags',
    undefined,
    file('c'),
    says('1.22.1', '--with-stream'),
    'it is another one, and n1 can not be reached',
  ],
]
for (const [name, fact, own, said, wanted] of needs) {
  test(`the program is sent when it has to be: ${name}`, () => {
    const step = installBinary({ source: built, target, builder: node, built: fact as never, binary: binaryCache() })
    const { own: ownRequest, said: saidRequest } = step.facts
    assert.ok(ownRequest && saidRequest)
    const facts = factTable([ownRequest, own], [saidRequest, { exitCode: 0, stdout: '', stderr: said }])
    assert.is(step.needed(facts), wanted)
  })
}
test('the program is fetched once for all hosts, and again where that failed', async () => {
  const binary = binaryCache()
  const install = installBinary({ source: built, target, builder: node, built: file('b'), binary })
  const at = (context: ReturnType<typeof remote>['context']) =>
    install.run({ ...context, host: node, inventory: cluster })
  const without = remote(command => (command.startsWith('base64') ? undefined : ''))
  try {
    await at(without.context)
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), /the role nginx-build has to run there first/)
  }
  const first = remote(command => (command.startsWith('base64') ? Buffer.from('elf').toString('base64') : ''))
  assert.equal(await at(first.context), { summary: '3 bytes from n1' })
  assert.is(first.commands[0]?.text, `base64 < ${artefactOf(built)}`)
  const second = remote(() => '')
  await at(second.context)
  assert.not.ok(second.commands.some(({ text }) => text.startsWith('base64')))
})
test('other sources and flags are other files, so each is built once', () => {
  const same = artefactOf({ ...built, buildHost: 'n2' })
  assert.is(same, artefactOf(built))
  const others = [
    { ...built, version: '1.24.0' },
    { ...built, sha256: 'b'.repeat(64) },
    { ...built, configureFlags: ['--with-stream'] },
    { ...built, prefix: '/opt/nginx' },
  ].map(artefactOf)
  assert.is(new Set([same, ...others]).size, 5)
})

const libraries: readonly (readonly [string, boolean])[] = [
  [
    '\tlinux-vdso.so.1 (0x1)\n\tlibcrypt.so.1 => /lib/libcrypt.so.1 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\t/lib64/ld-linux-x86-64.so.2 (0x1)',
    true,
  ],
  ['\tlibpthread.so.0 => /lib64/libpthread.so.0 (0x1)\n\tlibdl.so.2 => /lib64/libdl.so.2 (0x1)', true],
  ['\t/lib/ld-musl-x86_64.so.1 (0x1)\n\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x1)', true],
  ['\tstatically linked', true],
  ['\tlibcrypto.so.3 => /lib/libcrypto.so.3 (0x1)', false],
  ['\tlibz.so.1 => /lib/libz.so.1 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x1)', false],
  ['\tlibcrypt.so.1 => not found\n\tlibpcre.so.3 => not found', false],
]
for (const [ldd, fine] of libraries) {
  test(`${fine ? 'nothing but the C library' : 'more than the C library'}: ${ldd.trim().split('\n').at(-1)?.trim()}`, () => {
    assert.is(judged(says('1.22.1', flags), ldd), fine)
  })
}
test('the program must be the version that was asked for, with stream', () => {
  assert.not.ok(judged(says('1.22.10', flags), '\tlibc.so.6'))
  assert.not.ok(judged(says('1.22.1', '--without-http'), '\tlibc.so.6'))
})

/** Lets the shell judge a program that says this, where `ldd` says that. */
function judged(said: string, ldd: string): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'rota-judge-'))
  try {
    for (const [name, text] of [
      ['nginx', said],
      ['ldd', ldd],
    ] as const) {
      writeFileSync(join(dir, `${name}.txt`), text)
      writeFileSync(join(dir, name), `#!/bin/sh\ncat ${dir}/${name}.txt\n`)
      chmodSync(join(dir, name), 0o755)
    }
    const script = `set -eu\nprogram=${dir}/nginx\n${judge(built)}`
    return spawnSync('sh', ['-c', script], { env: { PATH: `${dir}:${process.env.PATH}` } }).status === 0
  } finally {
    rmSync(dir, { recursive: true })
  }
}

test('nginx behind the virtual address is on the hosts that balance, where it is chosen', () => {
  const chosen = { vipLoadBalancer: 'nginx' } as const
  assert.equal(titlesOf(nginxVip(), cluster.host('m1'), cluster), [])
  assert.ok(titlesOf(nginxVip(chosen), cluster.host('m1'), cluster).includes('port 8443 is free for it'))
  assert.equal(titlesOf(nginxVip(chosen), node, cluster), [])
  assert.equal(titlesOf(nginxVip({ ...chosen, leaving: 'm1' }), cluster.host('m1'), cluster), [])
  const apart = inventory([host('m1', '10.0.0.1', ['kube_control_plane']), host('lb', '10.0.0.9', ['load_balancer'])])
  assert.equal(titlesOf(nginxVip(chosen), apart.host('m1'), apart), [])
  assert.ok(titlesOf(nginxVip(chosen), apart.host('lb'), apart).length > 0)
  const gone = ['no unit nginx-vip', 'absent /etc/nginx/nginx-vip.conf']
  assert.equal(titlesOf(nginxVipAbsent(chosen), cluster.host('m1'), cluster), [])
  assert.equal(titlesOf(nginxVipAbsent({ ...chosen, leaving: 'm1' }), cluster.host('m1'), cluster), gone)
  assert.equal(titlesOf(nginxVipAbsent(), cluster.host('m1'), cluster), ['haproxy listens on 8443', ...gone])
})
const wrong: readonly (readonly [NonNullable<Parameters<typeof nginxVip>[0]>, RegExp])[] = [
  [{ port: 6443 }, /6443 is the API server's own port on this host/],
  [{ protocol: 'http' }, /set nginx_vip_allow_insecure_upstream: true/],
  [{ protocol: 'http', allowInsecureUpstream: true }, /8080 is the API server's own port on this host/],
  [{ leaving: 'm1,m2,m3' }, /no master would be left/],
]
for (const [params, reason] of wrong) {
  test(`nginx-vip refuses ${JSON.stringify(params)}`, () => {
    const who =
      params.leaving === undefined ? cluster : inventory([...cluster.hosts, host('lb', '10.0.0.9', ['load_balancer'])])
    const on = params.leaving === undefined ? 'm1' : 'lb'
    assert.match(problemsOf(nginxVip({ vipLoadBalancer: 'nginx', ...params }), who.host(on), who).join('; '), reason)
  })
}

test('a build host that is no host of the cluster would never build', () => {
  const view = inventory([...cluster.hosts, host('x1', '10.0.5.1', ['elsewhere'])])
  const params = { variant: 'source', buildHost: 'x1' } as const
  for (const call of [nginxBuild(params), nginxProxy(params)])
    assert.match(problemsOf(call, view.host('n1'), view).join(), /nginx_build_host: x1 is no host of the cluster/)
  assert.equal(problemsOf(nginxBuild({ ...params, buildHost: 'n1' }), view.host('n2'), view), [])
})
test('the path of a program is one word to the shell that checks the configuration and to the unit', () => {
  for (const binary of ['/opt/my nginx', '/opt/nginx;id', '/opt/$(id)', '/opt/%n', 'nginx'])
    assert.throws(() => paramsOf(nginxProxy({ variant: 'system', binary })), /is not an absolute path without spaces/)
})
test('a program below a linked folder is the one that runs', () => {
  const task = unitsOf(nginxProxy({ variant: 'source' }), node, cluster).find(({ title }) => title.includes(' runs '))
  assert.ok(task !== undefined && 'kind' in task)
  const dir = mkdtempSync(join(tmpdir(), 'rota-linked-'))
  mkdirSync(join(dir, 'real'))
  symlinkSync('real', join(dir, 'link'))
  copyFileSync('/bin/sleep', join(dir, 'real/nginx'))
  chmodSync(join(dir, 'real/nginx'), 0o755)
  const running = spawn(join(dir, 'real/nginx'), ['60'])
  try {
    writeFileSync(join(dir, 'systemctl'), `#!/bin/sh\necho MainPID=${running.pid}\n`)
    chmodSync(join(dir, 'systemctl'), 0o755)
    const runs = (program: string) => {
      const text = (task.args as { readonly unless: string }).unless.replaceAll(target, join(dir, program))
      return spawnSync('sh', ['-c', text], { env: { PATH: `${dir}:${process.env.PATH}` } }).status === 0
    }
    assert.ok(runs('real/nginx'))
    assert.ok(runs('link/nginx'))
    assert.not.ok(runs('real/other'))
  } finally {
    running.kill()
    rmSync(dir, { recursive: true })
  }
})

test('SELinux lets nginx connect, and listen where a web server may not by itself', () => {
  const titles = (params: Params) => titlesOf(nginxProxy({ variant: 'system', ...params }), node, cluster)
  const at = titles({}).indexOf('SELinux lets nginx listen on 6443')
  assert.ok(at > 0 && at < titles({}).indexOf('port 6443 is free for it'))
  assert.not.ok(titles({ port: 8443 }).some(title => title.includes('listen on')))
  const dir = mkdtempSync(join(tmpdir(), 'rota-selinux-'))
  const program = (name: string, body: string) => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(dir, name), 0o755)
  }
  const [connect, listen] = mayServe([6443, 8443]).map(
    task => task.args as { readonly unless: string; readonly run: string },
  )
  const shell = (text = '') =>
    spawnSync('sh', ['-c', text.replaceAll('/sys/fs/selinux/enforce', join(dir, 'enforce'))], {
      env: { PATH: `${dir}:${process.env.PATH}` },
      encoding: 'utf8',
    })
  try {
    assert.equal([shell(connect?.unless).status, shell(listen?.unless).status], [0, 0], 'no SELinux')
    writeFileSync(join(dir, 'enforce'), '1')
    program('getsebool', 'echo "httpd_can_network_connect --> off"')
    assert.is.not(shell(connect?.unless).status, 0)
    assert.match(shell(listen?.run).stderr, /install policycoreutils-python-utils/)
    program('getsebool', 'echo "httpd_can_network_connect --> on"')
    program('semanage', 'echo "http_port_t                    tcp      16443, 64430, 80, 443"')
    assert.is(shell(connect?.unless).status, 0)
    assert.is.not(shell(listen?.unless).status, 0)
    program('semanage', 'echo "http_port_t                    tcp      6443, 80, 443"')
    assert.is(shell(listen?.unless).status, 0)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
