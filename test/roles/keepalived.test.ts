import { addresses, route } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { interfaceOf } from '../../roles/keepalived/interface.ts'
import { keepalived } from '../../roles/keepalived/role.ts'
import { validate } from '../../roles/keepalived/validate.ts'
import { accepts, has, someInterface } from './support/checker.ts'
import { golden } from './support/golden.ts'
import { smallCluster } from './support/inventory.ts'
import { contentOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const config = '/etc/keepalived/keepalived.conf'
const cluster = smallCluster()
type Params = NonNullable<Parameters<typeof keepalived>[0]>
const vip = { virtualAddress: '10.0.0.100' } as const
const rendered = (params: Params, name = 'm1'): string =>
  contentOf(unitsOf(keepalived({ ...vip, ...params }), cluster.host(name), cluster), config)

const device = someInterface()
const primary: Params = {
  interface: 'eth0',
  election: 'primary',
  primary: 'm1',
  priority: 110,
  checkScript: 'killall -0 haproxy',
  checkInterval: 5,
  dontTrackPrimary: true,
  virtualRouterId: 68,
  advertInterval: 3,
}
const variants: Readonly<Record<string, readonly [Params, string]>> = {
  default: [{ interface: 'eth0' }, 'm1'],
  'pidof-weight': [
    {
      interface: 'em1',
      checkScript: 'pidof haproxy',
      checkWeight: -5,
      trackInterface: true,
      authPassword: '1111',
      routerId: 'LVS_DEVEL',
      scriptUser: '',
      scriptSecurity: false,
    },
    'm1',
  ],
  'primary-master': [{ ...primary, routerId: 'lb-master-105' }, 'm1'],
  'primary-backup': [{ ...primary, routerId: 'lb-backup-105' }, 'm2'],
  unicast: [{ interface: 'eth0', unicast: true, authPassword: 'eightch8' }, 'm2'],
}
for (const [name, [params, host]] of Object.entries(variants)) {
  test(`configuration: ${name}`, () => {
    golden(`keepalived/${name}.conf`, rendered(params, host))
    if (device === undefined || !has('keepalived')) return
    // The daemon looks for the interface, and for the script's security where a user was left out.
    const here = rendered(
      { ...params, interface: device, ...(params.scriptUser === '' ? { scriptUser: 'root' } : {}) },
      host,
    )
    accepts(here, file => ['sh', '-c', validate.replace('%s', file)])
  })
}

test('adding a master changes nobody', () => {
  const before = rendered({ interface: 'eth0' })
  const after = contentOf(
    unitsOf(keepalived({ ...vip, interface: 'eth0' }), cluster.host('m1'), smallCluster(4)),
    config,
  )
  assert.is(after, before)
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
    'no route',
    { route: { type: 'none', reason: 'Network is unreachable' }, addresses: [] },
    { reason: 'Network is unreachable' },
  ],
]
for (const [title, facts, expected] of table)
  test(`interface: ${title}`, () => assert.equal(interfaceOf('10.0.0.100', facts), expected))

test('the interface that was found is in the configuration', () => {
  const text = contentOf(unitsOf(keepalived(vip), cluster.host('m1'), cluster), config, [
    [route({ to: '10.0.0.100' }), { type: 'route', interface: 'bond0', source: '10.0.0.1' }],
    [addresses({}), []],
  ])
  assert.match(text, 'interface bond0')
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
]
for (const [title, params, message] of wrong)
  test(`refused: ${title}`, () =>
    assert.match(problemsOf(keepalived({ ...vip, ...params }), cluster.host('m1'), cluster).join('; '), message))

test('nothing changes on a leaving master', () =>
  assert.equal(titlesOf(keepalived({ ...vip, leaving: 'm1' }), cluster.host('m1'), cluster), []))

test.run()
