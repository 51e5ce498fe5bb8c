import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { etchosts } from '../../roles/etchosts/role.ts'
import { golden } from './support/golden.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { contentOf, problemsOf, unitsOf } from './support/role.ts'

const cluster = smallCluster()
const on = cluster.host('n1')
const block = (params: Parameters<typeof etchosts>[0], view = cluster): string =>
  contentOf(unitsOf(etchosts(params), on, view), '/etc/hosts')

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

test.run()
