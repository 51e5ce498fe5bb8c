import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { initialCluster, knowsLearners, parseMembers } from '../../roles/etcd/etcdctl.ts'
import { isLearner } from '../../roles/etcd/promote.ts'
import { etcd } from '../../roles/etcd/role.ts'
import { isLeader } from '../../roles/etcd-absent/leave.ts'
import { etcdAbsent } from '../../roles/etcd-absent/role.ts'
import { golden } from './support/golden.ts'
import { smallCluster } from './support/inventory.ts'
import { contentOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const cluster = smallCluster()
const prepared = {
  pair: () => ({ certificate: 'CERTIFICATE', key: 'KEY' }),
  serviceAccount: { key: 'KEY', publicKey: 'PUBLIC' },
}
const units = unitsOf(etcd(), cluster.host('m1'), cluster, { prepared })

test('the environment', () => golden('etcd/etcd.env', contentOf(units, '/etc/kube-etcd/etcd.env')))
test('the unit', () => golden('etcd/kube-etcd.service', contentOf(units, 'kube-etcd.service')))
test('a new member changes no file of the others', () => {
  const later = unitsOf(etcd(), cluster.host('m1'), smallCluster(4), { prepared })
  for (const path of ['/etc/kube-etcd/etcd.env', 'kube-etcd.service'])
    assert.is(contentOf(later, path), contentOf(units, path))
})
test('keys are secret', () => {
  const keys = units.filter(unit => /\.key$/.test(unit.title))
  assert.is(keys.length, 3)
  for (const unit of keys) assert.ok('secret' in unit && unit.secret, unit.title)
})
test('nothing on a leaving member, everything on it by the counterpart', () => {
  assert.equal(titlesOf(etcd({ leaving: 'm1' }), cluster.host('m1'), cluster, { prepared }), [])
  assert.equal(titlesOf(etcdAbsent({ leaving: 'm1' }), cluster.host('m2'), cluster), [])
  assert.is(titlesOf(etcdAbsent({ leaving: 'm1' }), cluster.host('m1'), cluster)[0], 'leave the etcd cluster')
  assert.match(
    problemsOf(etcdAbsent({ leaving: 'm1,m2,m3' }), cluster.host('m1'), cluster)[0] ?? '',
    'no etcd member would be left',
  )
})

const list = `8e9e05c52164694d, started, m1, https://10.0.0.1:2380, https://10.0.0.1:2379, false
91bc3c398fb3c146, unstarted, , https://10.0.0.2:2380, , true
`
test('members as etcdctl lists them', () => {
  assert.equal(parseMembers(list), [
    { id: '8e9e05c52164694d', started: true, name: 'm1', peerUrls: ['https://10.0.0.1:2380'], learner: false },
    { id: '91bc3c398fb3c146', started: false, name: '', peerUrls: ['https://10.0.0.2:2380'], learner: true },
  ])
  assert.is(
    parseMembers('8e9e05c52164694d, started, m1, https://10.0.0.1:2380, https://10.0.0.1:2379\n')[0]?.learner,
    false,
  )
})
test('a member that has not started is named by itself', () =>
  assert.equal(initialCluster(parseMembers(list), { name: 'm2', url: 'https://10.0.0.2:2380' }), [
    'm1=https://10.0.0.1:2380',
    'm2=https://10.0.0.2:2380',
  ]))
test('versions with learners', () => {
  assert.is(knowsLearners('etcdctl version: 3.4.23\nAPI version: 3.4'), true)
  assert.is(knowsLearners('etcdctl version: 3.3.25\nAPI version: 3.3'), false)
})
test('numbers beyond those of JavaScript are compared', () => {
  const status = (own: string, leader: string) =>
    `[{"Status":{"header":{"member_id":${own}},"leader":${leader},"isLearner":true}}]`
  assert.is(isLeader(status('17317828908066029107', '17317828908066029107')), true)
  assert.is(isLeader(status('17317828908066029107', '17317828908066029108')), false)
  assert.is(isLearner(status('1', '2')), true)
})

test.run()
