import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addMaster, addToGroup, hostsIni, removeMaster, setVariable } from '../../../scripts/lab/inventory.mjs'
import { defaultSizes, planHosts } from '../../../scripts/lab/plan.mjs'

const ini = hostsIni({
  name: 'lab',
  hosts: planHosts({ ...defaultSizes, nodes: 1 }, '10.77.0.0/24'),
  vip: '10.77.0.5',
  key: '/state/id',
  knownHosts: '/state/known_hosts',
  kubeVersion: 'v1.20.2',
  kubeBinCache: '/cache/kube',
})

const group = (text: string, name: string) => {
  const lines = text.split('\n')
  const start = lines.indexOf(`[${name}]`) + 1
  return lines.slice(start, lines.indexOf('', start))
}

test('the groups hold the masters, the nodes and the spares', () => {
  assert.equal(group(ini, 'kube_control_plane'), ['master-1', 'master-2', 'master-3'])
  assert.equal(group(ini, 'etcd'), ['master-1', 'master-2', 'master-3'])
  assert.equal(group(ini, 'kube_node'), ['node-1'])
  assert.equal(group(ini, 'spare_masters'), ['master-4'])
  assert.ok(ini.includes('master-1 ansible_host=10.77.0.11 ip=10.77.0.11\n'))
  assert.ok(
    ini.includes("ansible_ssh_common_args='-o UserKnownHostsFile=/state/known_hosts -o StrictHostKeyChecking=yes'\n"),
  )
})

test('a spare becomes the last master, and nothing else in the text changes', () => {
  const grown = addMaster(ini, 'master-4')
  assert.equal(group(grown, 'kube_control_plane'), ['master-1', 'master-2', 'master-3', 'master-4'])
  assert.equal(group(grown, 'spare_masters'), [])
  assert.equal(group(grown, 'etcd'), group(ini, 'etcd'))
  assert.is(removeMaster(grown, 'master-4'), ini)
})

test('the first master can be taken out too', () => {
  const shrunk = removeMaster(ini, 'master-1')
  assert.equal(group(shrunk, 'kube_control_plane'), ['master-2', 'master-3'])
  assert.equal(group(shrunk, 'spare_masters'), ['master-4', 'master-1'])
})

test('an unknown host or group is an error, a host that is there already is not', () => {
  assert.throws(() => addMaster(ini, 'master-9'), /master-9 is not in \[spare_masters\]/)
  assert.throws(() => addToGroup(ini, 'master-4', 'kube-master'), /no group \[kube-master\]/)
  assert.is(addToGroup(ini, 'master-1', 'etcd'), ini)
})

test('a variable gets another value as it stands, dollar signs included', () => {
  assert.ok(setVariable(ini, 'kube_version', "v1.20.3$&$'").includes("\nkube_version=v1.20.3$&$'\nkube_vip"))
})

test.run()
