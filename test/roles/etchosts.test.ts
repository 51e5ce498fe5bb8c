import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { etchosts } from '../../roles/etchosts/role.ts'
import { golden } from './support/golden.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { contentOf, problemsOf, unitsOf } from './support/role.ts'

const cluster = smallCluster()
const on = cluster.host('n1')
const inFile = (text: string) =>
  [
    facts.path({ path: '/etc/hosts', sha256: true, content: true }),
    { type: 'file', content: { base64: Buffer.from(text).toString('base64') } },
  ] as const
const block = (params: Parameters<typeof etchosts>[0], view = cluster, there = '127.0.0.1 localhost\n'): string =>
  contentOf(unitsOf(etchosts(params), on, view), '/etc/hosts', [inFile(there)])

test('every host of the cluster, then the virtual address', () =>
  golden('etchosts/with-vip', block({ virtualAddress: '10.0.0.100' })))
test('no line for a virtual address that there is not', () => assert.not.match(block({}), 'lb-apiserver'))
test('no line for a virtual address that is not wanted', () =>
  assert.not.match(block({ virtualAddress: '10.0.0.100', virtualAddressLine: false }), 'lb-apiserver'))
test('the external load balancer has that name, where there is one and it is an address', () => {
  const line = (address: string) =>
    block({ virtualAddress: '10.0.0.100', externalLoadBalancer: { address } })
      .split('\n')
      .filter(text => text.includes('lb-apiserver'))
  assert.equal(line('10.0.9.9'), ['10.0.9.9 lb-apiserver.kubernetes.local'])
  assert.equal(line('lb.example'), [])
})
test('the name localhost is given to no address', () =>
  assert.not.match(block({ virtualAddress: '10.0.0.100', loadBalancerName: 'localhost' }), '10.0.0.100'))
test('nothing at all removes the block', () => assert.is(block({ populate: false }), ''))
test('a leaving master is left out', () => assert.not.match(block({ leaving: 'm1' }), 'm1'))
test('a host in several groups has one line, hosts outside the cluster have none', () => {
  const view = inventory([
    host('m1', '10.0.0.1', ['k8s_cluster', 'etcd']),
    host('other', '10.0.9.9', ['all']),
    host('e1', '10.0.2.1', ['etcd']),
  ])
  assert.is(block({}, view), '10.0.0.1 m1.cluster.local m1\n10.0.2.1 e1.cluster.local e1')
})
test('a full name keeps its domain once', () => {
  const view = inventory([host('m1.cluster.local', '10.0.0.1', ['k8s_cluster'])])
  assert.is(block({}, view), '10.0.0.1 m1.cluster.local m1')
})
test('a removed name elsewhere in the roles is known', () => assert.equal(problemsOf(etchosts({}), on, cluster), []))

// What kubespray's releases write: v2.25 with a blank at the end of each line, v2.28 an address of either family, and
// the balancer behind the block.
const small = inventory([host('m1', '10.0.0.1', ['k8s_cluster']), host('n1', '10.0.1.1', ['k8s_cluster'])])
const [m1, n1] = ['10.0.0.1 m1.cluster.local m1', '10.0.1.1 n1.cluster.local n1']
const m1v6 = 'fd00::1 m1.cluster.local m1'
const n1v6 = 'FD00:0::2 n1.cluster.local n1'
const lb = '10.0.9.9 lb-apiserver.kubernetes.local'
const balanced = { externalLoadBalancer: { address: '10.0.9.9' } }
const table: readonly (readonly [
  string,
  { readonly present: readonly string[]; readonly outside?: string; readonly params?: Parameters<typeof etchosts>[0] },
  readonly string[],
])[] = [
  ['another order', { present: [n1, m1] }, [n1, m1]],
  ['blanks at the ends of lines', { present: [`${m1} `, `${n1} `] }, [`${m1} `, `${n1} `]],
  ['addresses of both families', { present: [m1, m1v6, n1, n1v6] }, [m1, m1v6, n1, n1v6]],
  ['the balancer behind the block', { present: [m1, n1], outside: lb, params: balanced }, [m1, n1]],
  ['the balancer in the block', { present: [m1, n1, lb], params: balanced }, [m1, n1, lb]],
  ['a host that lacks', { present: [`${n1} `] }, [`${n1} `, m1]],
  ['another address of a host', { present: ['10.0.0.7 m1.cluster.local m1', n1] }, [n1, m1]],
  ['a host that is none of the cluster', { present: [m1, '10.0.7.7 gone.cluster.local gone', n1] }, [m1, n1]],
  ['a master that leaves, by both addresses', { present: [m1, m1v6, n1], params: { leaving: 'm1' } }, [n1]],
  [
    'another balancer behind the block',
    { present: [m1, n1], outside: '10.0.9.8 other', params: balanced },
    [m1, n1, lb],
  ],
  ['an address with a zone', { present: ['fe80::1%eth0 m1.cluster.local m1', m1, n1] }, [m1, n1]],
  ['what is no line', { present: ['', '# by hand', m1, n1] }, [m1, n1]],
]
for (const [title, { present, outside = '', params = {} }, expected] of table)
  test(`a block that is there: ${title}`, () => {
    const text = `127.0.0.1 localhost\n# Ansible inventory hosts BEGIN\n${present.join('\n')}\n# Ansible inventory hosts END\n${outside}\n`
    assert.equal(block(params, small, text).split('\n'), expected)
  })
test('what a file that is no text says is not looked at', () =>
  assert.is(block({}, small, '\0\xff# Ansible inventory hosts END\n# Ansible inventory hosts BEGIN'), `${m1}\n${n1}`))

test.run()
