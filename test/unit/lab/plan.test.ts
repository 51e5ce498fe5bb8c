import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultSizes, freeSubnet, planHosts, readRuntimes, refuseUnknown, vipOf } from '../../../scripts/lab/plan.mjs'

const subnet = '10.77.3.0/24'

test('spares go on with the numbers where masters and nodes end', () => {
  const hosts = planHosts({ ...defaultSizes, nodes: 1 }, subnet)
  assert.equal(
    hosts.map(({ name, ip, group }) => `${name} ${ip} ${group}`),
    [
      'master-1 10.77.3.11 master',
      'master-2 10.77.3.12 master',
      'master-3 10.77.3.13 master',
      'master-4 10.77.3.14 spare-master',
      'node-1 10.77.3.101 node',
      'node-2 10.77.3.102 spare-node',
    ],
  )
})

test('the addresses of the largest lab are all different, and none is the VIP', () => {
  const hosts = planHosts({ masters: 80, nodes: 140, spareMasters: 0, spareNodes: 0 }, subnet)
  assert.is(new Set([...hosts.map(host => host.ip), vipOf(subnet)]).size, 221)
  assert.ok(hosts.every(host => Number(host.ip.split('.')[3]) < 255))
  assert.throws(() => planHosts({ ...defaultSizes, masters: 80 }, subnet), /at most 80 masters/)
})

test('a subnet that overlaps a route, wider or narrower, is not taken', () => {
  assert.is(freeSubnet(['172.17.0.0/16']), '10.77.0.0/24')
  assert.is(freeSubnet(['10.77.0.0/24', '10.77.1.128/25', '10.77.2.9']), '10.77.3.0/24')
  assert.throws(() => freeSubnet(['10.0.0.0/8']), /no free subnet/)
})

test('a container runtime is that of all hosts, or of one that is named; what nobody knows is refused', () => {
  assert.equal(readRuntimes(['docker', 'node-3=containerd', 'node-4=containerd']), {
    runtime: 'docker',
    runtimes: { 'node-3': 'containerd', 'node-4': 'containerd' },
  })
  assert.equal(readRuntimes([]), { runtimes: {} })
  assert.throws(() => readRuntimes(['node-3=podman']), /no container runtime podman; there are docker, containerd/)
  assert.throws(() => refuseUnknown([{ name: 'node-1' }], ['node-9']), /the lab has no host node-9; it has node-1/)
})

test.run()
