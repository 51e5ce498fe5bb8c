import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { interfaceOf } from '../../roles/keepalived/interface.ts'
import { keepalived } from '../../roles/keepalived/role.ts'
import { validate } from '../../roles/keepalived/validate.ts'
import { has, refusal, someInterface } from './support/checker.ts'
import { documentText } from './support/document.ts'
import { golden } from './support/golden.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { keepalivedMeaning } from './support/keepalived-meaning.ts'
import { contentOf, paramsOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const config = '/etc/keepalived/keepalived.conf'
const cluster = smallCluster()
type Params = NonNullable<Parameters<typeof keepalived>[0]>
const vip = { virtualAddress: '10.0.0.100' } as const
const rendered = (params: Params, name = 'm1', view = cluster): string =>
  contentOf(unitsOf(keepalived({ ...vip, ...params }), view.host(name), view), config)

const device = someInterface()
/**
 * What keepalived says of a configuration that the role would not put in place; it looks for the interface, and for the
 * user of scripts.
 */
function refused(params: Params, name: string, render: (params: Params, name: string) => string): string | undefined {
  if (device === undefined) return undefined
  const user = params.scriptUser === 'none' ? { scriptUser: 'root' } : {}
  return refusal(render({ ...params, interface: device, ...user }, name), file => [
    'sh',
    '-c',
    validate.replaceAll('%s', file),
  ])
}
const isAccepted = (...args: Parameters<typeof refused>): void => {
  if (has('keepalived')) assert.is(refused(...args), undefined)
}

/** Nothing that the source documents don't have. */
const bare: Params = { scriptUser: 'none', scriptSecurity: false }
const document001: Params = {
  ...bare,
  interface: 'eth0',
  election: 'primary',
  primary: 'm1',
  priority: 110,
  checkInterval: 5,
  checkFall: 1,
  dontTrackPrimary: true,
  virtualRouterId: 68,
  advertInterval: 3,
}
const documents: Readonly<Record<string, readonly [Params, string, string]>> = {
  '000-keepalived.conf': [
    {
      ...bare,
      interface: 'em1',
      virtualAddress: '192.168.10.99',
      checkWith: 'pidof',
      checkWeight: -5,
      trackInterface: true,
      traps: true,
      authPassword: '1111',
      routerId: 'LVS_DEVEL',
    },
    'm1',
    'pidof-weight',
  ],
  '001-keepalived-master.conf': [{ ...document001, routerId: 'lb-master-105' }, 'm1', 'primary-master'],
  '001-keepalived-backup.conf': [{ ...document001, routerId: 'lb-backup-105' }, 'm2', 'primary-backup'],
}
const original = (name: string): string =>
  documentText(name).replace('${VIP_IF}', 'eth0').replace('${MASTER_VIP}', vip.virtualAddress)
for (const [name, [params, on, file]] of Object.entries(documents)) {
  test(`${name}: the same directives`, () => {
    const text = rendered(params, on)
    golden(`keepalived/${file}.conf`, text)
    assert.equal(keepalivedMeaning(text), keepalivedMeaning(original(name)))
    isAccepted(params, on, rendered)
  })
}
test('what keepalived refuses is refused', () => {
  if (device === undefined || !has('keepalived')) return
  const wrong = { checkScript: '/no/such/program' }
  assert.match(refused(wrong, 'm1', rendered) ?? '', 'Disabling track script')
  assert.match(refused({ ...bare, ...wrong, trackInterface: true }, 'm1', rendered) ?? '', 'Disabling track script')
})
test('their meaning is told apart', () => {
  const text = original('000-keepalived.conf')
  for (const [from, to] of [
    ['weight -5', 'weight -30'],
    ['rise 1', 'rise 2'],
    ['pidof haproxy', 'pidof nginx'],
    ['state BACKUP', 'state MASTER'],
    ['auth_pass 1111', 'auth_pass 1112'],
    ['  enable_traps\n', ''],
    ['192.168.10.99', '192.168.10.99/24'],
  ] as const)
    assert.not.equal(keepalivedMeaning(text.replace(from, to)), keepalivedMeaning(text), from)
})

const variants: Readonly<Record<string, readonly [Params, string]>> = {
  default: [{ interface: 'eth0' }, 'm1'],
  'pidof-nginx': [{ interface: 'eth0', vipLoadBalancer: 'nginx', checkWith: 'pidof' }, 'm1'],
  unicast: [{ interface: 'eth0', unicast: true, authPassword: 'eightch8' }, 'm2'],
}
for (const [name, [params, on]] of Object.entries(variants)) {
  test(`configuration: ${name}`, () => {
    golden(`keepalived/${name}.conf`, rendered(params, on))
    isAccepted(params, on, rendered)
  })
}

const watched: readonly (readonly [Params, string])[] = [
  [{}, '/usr/bin/killall -0 haproxy'],
  [{ vipLoadBalancer: 'nginx' }, '/usr/bin/env systemctl is-active --quiet nginx-vip'],
  [{ vipLoadBalancer: 'nginx', nginxVipUnit: 'vip' }, '/usr/bin/env systemctl is-active --quiet vip'],
  [{ vipLoadBalancer: 'nginx', checkWith: 'killall' }, '/usr/bin/killall -0 nginx'],
  [{ checkWith: 'unit' }, '/usr/bin/env systemctl is-active --quiet haproxy'],
  [{ checkWith: 'pidof' }, '/usr/bin/env pidof haproxy'],
  [{ checkScript: '/opt/alive' }, '/opt/alive'],
]
for (const [params, script] of watched)
  test(`watches ${script}`, () => assert.match(rendered({ interface: 'eth0', ...params }), `script "${script}"`))

test('adding a master changes nobody', () => {
  const before = rendered({ interface: 'eth0' })
  assert.is(rendered({ interface: 'eth0' }, 'm1', smallCluster(4)), before)
})

const eth = { interface: 'eth0', family: 'inet', prefix: 24, scope: 'global' } as const
const table: readonly (readonly [string, Parameters<typeof interfaceOf>[1], ReturnType<typeof interfaceOf>])[] = [
  [
    'by the route',
    { route: { type: 'route', interface: 'eth1', source: '10.0.0.1' }, addresses: [{ ...eth, address: '10.0.0.1' }] },
    { name: 'eth1' },
  ],
  [
    'of the holder',
    {
      route: { type: 'route', interface: 'lo', source: '10.0.0.100' },
      addresses: [{ ...eth, address: '10.0.0.100', prefix: 32 }],
    },
    { name: 'eth0' },
  ],
  [
    'on lo of a master that LVS balanced to',
    {
      route: { type: 'route', interface: 'lo', source: '10.0.0.100' },
      addresses: [
        { ...eth, interface: 'lo', address: '10.0.0.100', prefix: 32 },
        { ...eth, interface: 'docker0', address: '172.17.0.1' },
        { ...eth, address: '10.0.0.1' },
      ],
    },
    { name: 'eth0' },
  ],
  [
    'no route',
    { route: { type: 'none', reason: 'Network is unreachable' }, addresses: [] },
    { reason: 'Network is unreachable' },
  ],
]
for (const [title, facts, expected] of table)
  test(`interface: ${title}`, () => assert.equal(interfaceOf('10.0.0.100', facts), expected))

test('the interface that was found is in the configuration', () => {
  const text = contentOf(unitsOf(keepalived(vip), cluster.host('m1'), cluster), config, [
    [facts.route({ to: '10.0.0.100' }), { type: 'route', interface: 'bond0', source: '10.0.0.1' }],
    [facts.addresses({}), []],
  ])
  assert.match(text, 'interface bond0')
})

// LVS: the directors are hosts of their own.
const lvs: Params = { vipLoadBalancer: 'lvs', interface: 'eth0' }
const apart = inventory([
  ...cluster.hosts,
  ...['lb1', 'lb2'].map((name, index) => host(name, `10.0.2.${index + 1}`, ['load_balancer', 'all'])),
])
const answers = (names: readonly string[]) =>
  new Map(
    ['m1', 'm2', 'm3'].map(name => [
      name,
      {
        ready: { type: 'answered', status: names.includes(name) ? 200 : 500, body: '', expected: names.includes(name) },
      },
    ]),
  )
const balanced = (
  params: Params,
  ready: readonly string[] = ['m1', 'm2', 'm3'],
  current: unknown = { type: 'absent' },
) =>
  contentOf(
    unitsOf(keepalived({ ...vip, ...lvs, ...params }), apart.host('lb1'), apart, { peers: answers(ready) }),
    config,
    [
      [facts.path({ path: config, content: true }), current],
      [facts.route({ to: '10.0.0.100' }), { type: 'route', interface: 'eth0', source: '10.0.2.1' }],
      [facts.addresses({}), []],
    ],
  )
const lvsVariants: Readonly<Record<string, Params>> = {
  'lvs-dr': {},
  'lvs-dr-without-credentials': { anonymousAuth: false },
  'lvs-dr-tcp-persistent': { lvsCheck: 'tcp', lvsPersistence: 300, lvsAlgorithm: 'rr', lvsDelayLoop: 6 },
  'lvs-nat': { lvsKind: 'NAT', lvsPort: 8443, lvsGateway: '10.0.0.101', prefix: 24 },
}
for (const [name, params] of Object.entries(lvsVariants)) {
  test(`configuration: ${name}`, () => {
    golden(`keepalived/${name}.conf`, balanced(params))
    isAccepted(params, 'lb1', here => balanced(here))
  })
}
const listed = (text: string) => [...text.matchAll(/real_server (\S+) 6443/g)].map(match => match[1])
test('LVS: a master is listed once it is ready, and stays listed when it is not', () => {
  assert.equal(listed(balanced({}, ['m1', 'm3'])), ['10.0.0.1', '10.0.0.3'])
  const text = balanced({}, ['m1', 'm2', 'm3'])
  const current = {
    type: 'file',
    owner: 'root',
    group: 'root',
    uid: 0,
    gid: 0,
    mode: '0644',
    size: text.length,
    modified: 0,
    content: { base64: Buffer.from(text).toString('base64') },
  }
  assert.equal(listed(balanced({}, ['m1'], current)), ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
})
test('LVS: a kernel without IPVS is refused with the reason', () => {
  const [assertion] = unitsOf(keepalived({ ...vip, ...lvs }), apart.host('lb1'), apart)
  assert.ok(assertion !== undefined && 'kind' in assertion)
  const verdict = (state: string, type: string) =>
    assertion.kind.plan(
      assertion.args,
      factTable(
        [facts.kernelModule({ name: 'ip_vs' }), { state }],
        [facts.path({ path: '/proc/net/ip_vs' }), { type }],
      ),
      { changed: false, diff: false },
    )?.refused
  assert.match(verdict('missing', 'absent') ?? '', 'this kernel has no IPVS')
  assert.is(verdict('available', 'absent'), undefined)
  assert.is(verdict('missing', 'file'), undefined)
})

const wrong: readonly (readonly [string, Params, RegExp])[] = [
  ['a password that would be cut', { authPassword: 'ninechars' }, /8 characters/],
  ['no such primary', { election: 'primary', primary: 'n1' }, /one of m1, m2, m3/],
  [
    'a primary below the others',
    { election: 'primary', primary: 'm1', priority: 120, primaryPriority: 110 },
    /not above/,
  ],
  ['a weight that moves nothing', { election: 'primary', primary: 'm1', checkWeight: -5 }, /still wins/],
  ['a weight upwards', { checkWeight: 5 }, /negative/],
  ['LVS on the masters themselves', lvs, /would balance and be a master too.*load_balancer/],
]
for (const [title, params, message] of wrong)
  test(`refused: ${title}`, () =>
    assert.match(problemsOf(keepalived({ ...vip, ...params }), cluster.host('m1'), cluster).join('; '), message))
const wrongLvs: readonly (readonly [string, Params, RegExp])[] = [
  ['DR with a port of its own', { lvsPort: 8443 }, /DR does not change the port/],
  ['DR with IPv6', { virtualAddress: 'fd00::1' }, /answers for it all the same/],
  ['NAT without a way back', { lvsKind: 'NAT' }, /lvsGateway/],
]
for (const [title, params, message] of wrongLvs)
  test(`refused: ${title}`, () =>
    assert.match(problemsOf(keepalived({ ...vip, ...lvs, ...params }), apart.host('lb1'), apart).join('; '), message))

const group = (name: string, address: string, vars: Readonly<Record<string, unknown>>) =>
  host(name, address, ['kube_control_plane'], { kube_vip_address: '10.0.0.100', ...vars })
const other = (vars: Readonly<Record<string, unknown>>) => host('x1', '10.0.9.1', ['elsewhere'], vars)
const clash = (params: Params, hosts: Parameters<typeof inventory>[0]) => {
  const view = inventory(hosts)
  const [call, m1] = [keepalived(params), view.host('m1')]
  return problemsOf(call, m1, view, paramsOf(call, m1)).join('; ')
}
test('router_id: two hosts with the same one are refused', () => {
  const both = (id: string) => [
    group('m1', '10.0.0.1', { keepalived_router_id: 'LVS_DEVEL' }),
    group('m2', '10.0.0.2', { keepalived_router_id: id }),
  ]
  assert.match(clash({}, both('LVS_DEVEL')), 'routerId: m2 is LVS_DEVEL too')
  assert.is(clash({}, both('LVS_OTHER')), '')
})
test('virtual_router_id: another group of the same network must have another', () => {
  const hosts = (vars: Readonly<Record<string, unknown>>) => [
    group('m1', '10.0.0.1', {}),
    group('m2', '10.0.0.2', {}),
    other(vars),
  ]
  assert.match(
    clash({}, hosts({ vip_address: '10.0.0.200' })),
    'virtualRouterId: 51 is also that of x1, for 10.0.0.200',
  )
  assert.is(clash({}, hosts({ vip_address: '10.0.0.200', keepalived_virtual_router_id: 52 })), '')
  const [, ...apart] = hosts({ vip_address: '10.0.0.200' })
  assert.is(clash({}, [group('m1', '10.0.0.1', { keepalived_virtual_router_id: 52 }), ...apart]), '')
  assert.is(clash({}, hosts({ vip_address: '10.0.1.200' })), '')
  assert.match(clash({ prefix: 16 }, hosts({ vip_address: '10.0.1.200' })), 'virtualRouterId')
  assert.is(clash({}, hosts({ vip_address: '10.0.0.100' })), '')
})

test('nothing changes on a leaving master', () =>
  assert.equal(titlesOf(keepalived({ ...vip, leaving: 'm1' }), cluster.host('m1'), cluster), []))
test('on the hosts of load_balancer where there are any', () => {
  assert.equal(titlesOf(keepalived(vip), apart.host('m1'), apart), [])
  assert.match(rendered({ interface: 'eth0', unicast: true }, 'lb1', apart), /unicast_peer \{\s+10.0.2.2\s+\}/)
})

const v6Vip = 'fd00::100'
const mixed = (second: readonly (string | undefined)[], first = (number: number) => `10.0.0.${number}`) =>
  inventory(
    second.map((ip6, index) =>
      host(`m${index + 1}`, first(index + 1), ['kube_control_plane', 'k8s_cluster', 'all'], {
        kube_vip_address: v6Vip,
        ...(ip6 === undefined ? {} : { ip6 }),
      }),
    ),
  )
const withSecond = mixed(['fd00::1', 'fd00::2'])

test('a virtual address of IPv6 is taken by keepalived, by multicast and by address', () => {
  const v6 = mixed([undefined, undefined], number => `fd00::${number}`)
  for (const view of [withSecond, v6]) {
    const render = (params: Params, name: string) => rendered({ interface: 'eth0', ...params }, name, view)
    const params: Params = { virtualAddress: v6Vip, prefix: 64 }
    assert.match(render(params, 'm1'), '        fd00::100/64\n')
    isAccepted(params, 'm1', render)
    const byAddress = { ...params, unicast: true }
    assert.match(render(byAddress, 'm1'), 'unicast_src_ip fd00::1\n    unicast_peer {\n        fd00::2\n')
    isAccepted(byAddress, 'm1', render)
  }
})
const refusedFamilies: readonly (readonly [string, Params, readonly (string | undefined)[], RegExp | undefined])[] = [
  ['nothing', { unicast: true }, ['fd00::1', 'fd00::2'], undefined],
  [
    'no address of IPv6 to speak by',
    { unicast: true },
    ['fd00::1', undefined],
    /IPv6, and m2 has no address of it: set ip6/,
  ],
  ['none is needed with multicast', {}, [undefined, undefined], undefined],
  ['a password', { authPassword: 'secret' }, ['fd00::1', 'fd00::2'], /^authPassword: VRRP has none/],
  [
    'a gateway of the other family',
    { lvsGateway: '10.0.0.9' },
    [undefined, undefined],
    /^lvsGateway: 10.0.0.9 is not of/,
  ],
]
for (const [name, params, second, expected] of refusedFamilies)
  test(`what a VRRP instance of IPv6 can not have is refused: ${name}`, () => {
    const view = mixed(second)
    const found = problemsOf(keepalived({ virtualAddress: v6Vip, ...params }), view.host('m1'), view)
    if (expected === undefined) assert.equal(found, [])
    else assert.match(found.join('\n'), expected)
  })
test('a host whose kernel has no IPv6 is told so before it gets a virtual address of IPv6', () => {
  const reason = (addresses: readonly string[]) => {
    const unit = unitsOf(keepalived({ virtualAddress: v6Vip }), withSecond.host('m1'), withSecond).find(({ title }) =>
      title.includes('the kernel can have'),
    )
    if (unit === undefined || !('kind' in unit)) throw new Error('nobody asks')
    const { holds } = unit.args as { readonly holds: { compute: (facts: unknown) => string | undefined } }
    return holds.compute(factTable([facts.addresses({}), addresses.map(address => ({ address }))]))
  }
  assert.is(reason(['127.0.0.1', '::1']), undefined)
  assert.match(reason(['127.0.0.1']) ?? '', 'it has no IPv6')
  assert.not(
    titlesOf(keepalived(vip), cluster.host('m1'), cluster).some(title => title.includes('the kernel can have')),
  )
})

test.run()
