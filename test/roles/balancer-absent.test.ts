import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { haproxyAbsent } from '../../roles/haproxy-absent/role.ts'
import { keepalivedAbsent } from '../../roles/keepalived-absent/role.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { titlesOf } from './support/role.ts'

const cluster = smallCluster()
const apart = inventory([...cluster.hosts, host('lb1', '10.0.2.1', ['load_balancer', 'all'])])
const vip = { virtualAddress: '10.0.0.100' }
const noHaproxy = 'no haproxy in front of the API servers'
const noAddress = 'no virtual address of the API servers'
const m1 = cluster.host('m1')

test('nothing is taken down where it is the set-up', () => {
  assert.equal(titlesOf(haproxyAbsent({}), m1, cluster), [])
  assert.equal(titlesOf(keepalivedAbsent(vip), m1, cluster), [])
  assert.equal(titlesOf(haproxyAbsent({}), apart.host('lb1'), apart), [])
})
test('another load balancer is chosen: haproxy goes, the address stays', () => {
  assert.equal(titlesOf(haproxyAbsent({ vipLoadBalancer: 'nginx' }), m1, cluster), [noHaproxy])
  assert.equal(titlesOf(keepalivedAbsent(vip), m1, cluster), [])
})
test('other hosts balance now: the address is handed over to them', () => {
  assert.equal(titlesOf(haproxyAbsent({}), apart.host('m1'), apart), [noHaproxy])
  assert.equal(titlesOf(keepalivedAbsent(vip), apart.host('m1'), apart), ['hand over 10.0.0.100', noAddress])
})
test('the whole set-up: nobody is there to take the address', () => {
  assert.equal(titlesOf(haproxyAbsent({ everywhere: true }), m1, cluster), [noHaproxy])
  assert.equal(titlesOf(keepalivedAbsent({ ...vip, everywhere: true }), m1, cluster), [noAddress])
})
test('a master that leaves', () => {
  assert.equal(titlesOf(keepalivedAbsent({ ...vip, leaving: 'm1' }), m1, cluster), [
    'hand over 10.0.0.100',
    'service keepalived',
    'absent /etc/keepalived/keepalived.conf',
  ])
  assert.equal(titlesOf(haproxyAbsent({ leaving: 'm1' }), m1, cluster).length, 2)
})

test.run()
