import { facts, type HostView, type InventoryView } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { foreignSections } from '../../roles/haproxy/foreign.ts'
import { haproxy } from '../../roles/haproxy/role.ts'
import { hasProcesses, readVersion, versionFacts } from '../../roles/haproxy/version.ts'
import { haproxyProxy } from '../../roles/haproxy-proxy/role.ts'
import { endpointsIn } from '../../roles/lib/cluster/ready.ts'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { accepts, has } from './support/checker.ts'
import { documentText } from './support/document.ts'
import { golden } from './support/golden.ts'
import { haproxyMeaning } from './support/haproxy-meaning.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { contentOf, paramsOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const config = '/etc/haproxy/haproxy.cfg'
const cluster = smallCluster()
const master = cluster.host('m1')
const ready = { ready: { type: 'answered', status: 200, body: 'ok', expected: true } }
const peersOf = (names: readonly string[]) => new Map(names.map(name => [name, ready]))
const units = (params: Parameters<typeof haproxy>[0], on = master, view = cluster) =>
  unitsOf(haproxy(params), on, view, { peers: peersOf(view.hosts.map(({ name }) => name)) })
const versions: Readonly<Record<string, string>> = {
  none: '',
  '1.8': 'HA-Proxy version 1.8.8 2018/04/19\nCopyright 2000-2018 Willy Tarreau\n',
  '2.4': 'HAProxy version 2.4.22-f8e3218 2023/02/14 - https://haproxy.org/\n',
  '2.6': 'HAProxy version 2.6.12-1+deb12u3 2025/10/03 - https://haproxy.org/\n',
  '2.8': 'HAProxy version 2.8.3-86e346-22 2023/09/07 - https://haproxy.org/\n',
}
const said = (version: string) => {
  const stdout = versions[version] ?? ''
  return { exitCode: stdout === '' ? 127 : 0, stdout, stderr: '' }
}
const rendered = (params: Parameters<typeof haproxy>[0], version = '2.6', on = master, view = cluster): string =>
  contentOf(units(params, on, view), config, [
    [facts.path({ path: config, content: true }), { type: 'absent' }],
    [versionFacts.version, said(version)],
  ])

/** The set-up of document 001: masters with those addresses, and these params. */
const document = inventory(
  ['172.27.129.105', '172.27.129.111', '172.27.129.112'].map((address, index) =>
    host(`m${index + 1}`, address, ['kube_control_plane'], { kube_vip_address: '172.27.128.254' }),
  ),
)
const asInDocument: Parameters<typeof haproxy>[0] = {
  balance: 'source',
  check: 'tcp',
  checkInterval: '2000',
  weight: 1,
  connectTimeout: '5000',
  resilient: false,
  processes: 1,
  statsPassword: '123456',
  statsRealm: 'welcome login Haproxy',
  statsLog: '127.0.0.1 local0 err',
  statsAdmin: true,
}
for (const version of ['1.8', '2.4', '2.6', '2.8']) {
  test(`document 001 on haproxy ${version}: the same directives`, () => {
    const text = rendered(asInDocument, version, document.host('m1'), document)
    golden(`haproxy/document-${version}.cfg`, text)
    const original = documentText('001-haproxy.cfg')
    const known = hasProcesses(readVersion({ version: said(version) }))
    assert.equal(haproxyMeaning(text), haproxyMeaning(known ? original : original.replace('    nbproc 1\n', '')))
    if (!known && has('haproxy')) accepts(text, file => ['haproxy', '-c', '-q', '-f', file])
  })
}
test('its meaning is told apart', () => {
  const original = documentText('001-haproxy.cfg')
  const other = (from: string, to: string) =>
    assert.not.equal(haproxyMeaning(original.replace(from, to)), haproxyMeaning(original))
  other('balance source', 'balance leastconn')
  other('111:6443 check inter 2000', '111:6443 check inter 1000')
  other('    nbproc 1\n', '')
  other('level admin', 'level user')
  other('welcome login', 'welcome')
})

const variants: Readonly<Record<string, Parameters<typeof haproxy>[0]>> = {
  default: {},
  'source-tcp-stats': { balance: 'source', check: 'tcp', statsPassword: 'swordfish', statsAdmin: true, processes: 1 },
  'without-credentials': { anonymousAuth: false },
  'both-families-slowstart': { bind: ['::'], check: 'healthz', checkInterval: '15s', slowStart: '60s', chroot: 'none' },
}
for (const [name, params] of Object.entries(variants)) {
  test(`configuration: ${name}`, () => {
    const text = rendered(params)
    golden(`haproxy/${name}.cfg`, text)
    if (has('haproxy')) accepts(text, file => ['haproxy', '-c', '-q', '-f', file])
  })
}

test('where nothing is told without credentials, to want to know who asks is an answer; every version has the word', () => {
  const expect = (version: string) => /http-check expect (.*)/.exec(rendered({ anonymousAuth: false }, version))?.[1]
  assert.equal(Object.keys(versions).map(expect), Array(5).fill('rstatus ^(200|401|403)$'))
})

test('a master that is listed once more for when none is ready is still one master; the rest never are', () => {
  assert.equal([...endpointsIn(rendered({}))], ['10.0.0.1:6443', '10.0.0.2:6443', '10.0.0.3:6443'])
  for (const params of [{ check: 'tcp' }, { resilient: false }] as const) assert.not.match(rendered(params), 'backup')
})

test('a host without haproxy yet gets what every version accepts', () =>
  assert.not.match(rendered({ processes: 4 }, 'none'), 'nbproc'))

test('the page needs a password, and a file with one is secret', () => {
  assert.not.match(rendered({}), 'stats auth')
  const file = units({ statsPassword: 'swordfish' }).find(unit => 'kind' in unit && unit.kind.name === 'file')
  assert.ok(file !== undefined && 'secret' in file && file.secret)
})
test("not on the API server's own port, unless it has hosts of its own", () => {
  assert.match(problemsOf(haproxy({ bindPort: 6443 }), master, cluster)[0] ?? '', 'choose another')
  assert.equal(problemsOf(haproxy({ bindPort: 6443 }), apart.host('lb1'), apart), [])
  assert.equal(problemsOf(haproxy({ bindPort: 6443, vipLoadBalancer: 'nginx' }), master, cluster), [])
})
test('a leaving master keeps its configuration to the end', () =>
  assert.equal(titlesOf(haproxy({ leaving: 'm1' }), master, cluster), []))

const apart = inventory([...cluster.hosts, host('lb1', '10.0.2.1', ['load_balancer', 'all'])])
test('on the hosts of load_balancer where there are any', () => {
  assert.equal(titlesOf(haproxy({}), apart.host('m1'), apart), [])
  assert.match(rendered({}, '2.6', apart.host('lb1'), apart), 'server m3 10.0.0.3:6443')
})
test('nowhere when it is not chosen', () =>
  assert.equal(titlesOf(haproxy({ vipLoadBalancer: 'lvs' }), master, cluster), []))

test('no load balancer on masters without a virtual address, or with that of kube-vip; on hosts that are there for it always', () => {
  const masters = (vars: Readonly<Record<string, unknown>>, more: readonly HostView[] = []) =>
    inventory([host('m1', '10.0.0.1', ['kube_control_plane'], vars), ...more])
  const tasksOn = (name: string, view: InventoryView) => titlesOf(haproxy(), view.host(name), view).length
  assert.is(tasksOn('m1', masters({})), 0)
  assert.is(tasksOn('m1', masters({ kube_vip_address: '10.0.0.100', kube_vip_enabled: true })), 0)
  assert.ok(tasksOn('m1', masters({ kube_vip_address: '10.0.0.100' })) > 0)
  assert.ok(tasksOn('lb', masters({}, [host('lb', '10.0.0.9', ['load_balancer'])])) > 0)
})

const others: readonly (readonly [string, string, readonly string[]])[] = [
  ["the package's own in Debian", 'global\n\tdaemon\ndefaults\n\tmode http\n', []],
  ["the package's own in RHEL", 'frontend main\n    bind *:5000\nbackend static\nbackend app\n', []],
  ['ours', 'listen stats\nlisten kube-apiserver\n    bind 0.0.0.0:8443\n', []],
  ["a document's", 'listen admin_stats\nlisten kube-master\n', []],
  ["somebody else's", 'frontend shop\n  bind *:80\nbackend shop_servers\n', ['shop', 'shop_servers']],
]
for (const [title, text, sections] of others)
  test(`what a haproxy serves that is there already: ${title}`, () => assert.equal(foreignSections(text), sections))
test('without a virtual address another haproxy is not taken over', () => {
  const apart = inventory([host('m1', '10.0.0.1', ['kube_control_plane']), host('lb', '10.0.0.9', ['load_balancer'])])
  const first = (params: object) => unitsOf(haproxy(params), apart.host('lb'), apart)[0]
  const task = first({})
  assert.ok(task !== undefined && 'kind' in task)
  const [request] = task.kind.facts(task.args, { diff: false })
  assert.ok(request)
  const entry = { type: 'file', content: { base64: Buffer.from('frontend shop\n').toString('base64') } }
  const context = { changed: false, diff: false }
  assert.match(
    task.kind.plan(task.args, factTable([request, entry]), context)?.refused ?? '',
    /serves something else \(shop\).*Name that group otherwise/,
  )
  assert.is(task.kind.plan(task.args, factTable([request, { type: 'absent' }]), context), undefined)
  assert.not.match(first({ virtualAddress: '10.0.0.100' })?.title ?? '', /nobody else/)
})
test('words of the configuration are words', () => {
  for (const params of [
    { bind: ['0.0.0.0\nlisten x'] },
    { bind: ['0.0.0.0 ssl'] },
    { checkCa: '/etc/a b' },
    { socket: '/run/a\nb' },
    { chroot: '/var lib' },
  ])
    assert.throws(() => paramsOf(haproxy(params)), / is not | has control characters|match/, JSON.stringify(params))
  assert.is(paramsOf<{ chroot: string }>(haproxy({ chroot: 'none' })).chroot, 'none')
  assert.throws(() => paramsOf(haproxyProxy({ healthBind: '0.0.0.0 x' })), /is not an address to listen on/)
  assert.throws(() => paramsOf(nginxProxy({ listen: ['0.0.0.0;x'] })), /is not an address to listen on/)
})

test.run()
