import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { etcdAbsent } from '../../roles/etcd/absent.ts'
import { initialCluster, knowsLearners, parseMembers } from '../../roles/etcd/etcdctl.ts'
import { etcdForget } from '../../roles/etcd/forget.ts'
import { etcdHealthy } from '../../roles/etcd/gate.ts'
import { isLeader } from '../../roles/etcd/leave.ts'
import { etcdIsOurs } from '../../roles/etcd/nobody-elses.ts'
import { isLearner } from '../../roles/etcd/promote.ts'
import { etcd } from '../../roles/etcd/role.ts'
import { golden } from './support/golden.ts'
import { contextOn, host, inventory, smallCluster } from './support/inventory.ts'
import { remote } from './support/remote.ts'
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
  assert.equal(
    initialCluster(parseMembers(list), {
      name: 'm2',
      isOwn: ({ peerUrls }) => peerUrls.includes('https://10.0.0.2:2380'),
    }),
    ['m1=https://10.0.0.1:2380', 'm2=https://10.0.0.2:2380'],
  ))
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

test("the gate asks the member where the cluster's values say", () => {
  const set = host('m1', '10.0.0.1', ['etcd'], { etcd_config_dir: '/etc/ssl/etcd', etcd_client_port: '12379' })
  const words = JSON.stringify(etcdHealthy().facts(contextOn(set, inventory([set])) as never))
  assert.match(words, '/etc/ssl/etcd/pki/client.crt')
  assert.match(words, 'https://127.0.0.1:12379')
})

const removed = (params: Parameters<typeof etcdAbsent>[0]): readonly string[] =>
  unitsOf(etcdAbsent({ leaving: 'm1', ...params }), cluster.host('m1'), cluster).flatMap(unit => {
    if (!('kind' in unit) || unit.kind.name !== 'absent') return []
    assert.equal(unit.kind.check?.(unit.args) ?? [], [])
    return [(unit.args as { readonly path: string | readonly string[] }).path].flat()
  })
test('directories of our own go whole, of others only what is ours', () => {
  const ours = removed({})
  assert.ok(ours.includes('/var/lib/kube-etcd') && ours.includes('/etc/kube-etcd'))
  const theirs = removed({ dataDir: '/var/lib/etcd', configDir: '/etc/kubernetes' })
  assert.ok(theirs.includes('/var/lib/etcd/member') && theirs.includes('/etc/kubernetes/pki/client.key'))
  assert.not.ok(theirs.some(path => ['/var/lib/etcd', '/etc/kubernetes', '/etc/kubernetes/pki'].includes(path)))
})

test('a dead member is removed by those that stay', async () => {
  const [forget] = unitsOf(etcdForget({ leaving: 'm2' }), cluster.host('m1'), cluster)
  assert.ok(forget !== undefined && 'run' in forget)
  const [request] = Object.values(forget.facts)
  assert.ok(request)
  const needed = (exitCode: number, stdout: string) =>
    forget.needed(factTable([request, { exitCode, stdout, stderr: '' }]))
  const three = `${list}d2bc3c398fb3c146, started, m3, https://10.0.0.3:2380, https://10.0.0.3:2379, false\n`
  const members = three.replace('unstarted, ,', 'started, m2,').replace(', , true', ', https://10.0.0.2:2379, false')
  assert.is(needed(0, members), 'it is still a member')
  assert.is(needed(0, members.replace(/.*m2.*\n/, '')), false)
  assert.is(needed(1, ''), 'the members are not known')
  const { context, commands } = remote(command => (command.includes('member list') ? members : ''))
  await forget.run({ ...context, host: cluster.host('m1'), inventory: cluster })
  assert.equal(
    commands
      .filter(({ text }) => !/member list|echo kept$/.test(text))
      .map(({ on, text }) => `${on} ${text.includes('snapshot save') ? 'snapshot' : text.replace(/.*10s /s, '')}`),
    ['m1 endpoint health', 'm3 endpoint health', 'm1 snapshot', 'm1 member remove 91bc3c398fb3c146'],
  )
  const ill = remote((command, on) =>
    command.includes('member list') ? members : command.includes('health') && on === 'm3' ? undefined : '',
  )
  const failure = await forget
    .run({ ...ill.context, host: cluster.host('m1'), inventory: cluster })
    .then(() => undefined, String)
  assert.match(
    failure ?? '',
    'without m2 etcd would have 2 member(s), of which 2 must be healthy, and 1 are: see to m3',
  )
  assert.not.ok(ill.commands.some(({ text }) => text.includes('remove')))
})
test('the dead host itself, and those that were no members, have nothing to do', () => {
  assert.equal(titlesOf(etcdForget({ leaving: 'm2' }), cluster.host('m2'), cluster), [])
  const apart = inventory([host('m1', '10.0.0.1', ['kube_control_plane']), host('e1', '10.0.2.1', ['etcd'])])
  assert.equal(titlesOf(etcdForget({ leaving: 'm1' }), apart.host('e1'), apart), [])
  assert.equal(problemsOf(etcdForget({ leaving: 'm1' }), apart.host('e1'), apart), [])
})
test('a worker is no member, and the nearest one is named', () =>
  assert.equal(problemsOf(etcdAbsent({ leaving: 'n1' }), cluster.host('m1'), cluster), [
    'leaving_masters: n1 is no host of the group etcd: did you mean m1?',
  ]))

const other = (activeState: string, fragmentPath: string) => ({ type: 'unit', activeState, fragmentPath })
const members: readonly (readonly [string, Readonly<Record<string, unknown>>, unknown, RegExp | undefined])[] = [
  ['ours', {}, { type: 'absent' }, undefined],
  ["the package's, which is switched off", {}, other('inactive', '/lib/systemd/system/etcd.service'), undefined],
]
for (const [name, vars, fact, refusal] of members)
  test(`before a master is taken out, its etcd is looked at: ${name}`, () => {
    const member = host('m1', '10.0.0.1', ['kube_control_plane', 'etcd'], vars)
    const [task] = etcdIsOurs({ host: member, inventory: inventory([member]) })
    assert.ok(task)
    const facts = factTable(...task.kind.facts(task.args, { diff: false }).map(request => [request, fact] as const))
    const refused = task.kind.plan(task.args, facts, { changed: false, diff: false })?.refused
    if (refusal === undefined) assert.is(refused, undefined)
    else assert.match(refused ?? '', refusal)
  })
test("but not where it is said to be somebody else's, nor on a host that has none", () => {
  const external = host('m1', '10.0.0.1', ['kube_control_plane', 'etcd'], { etcd_deployment_type: 'external' })
  const none = host('m2', '10.0.0.2', ['kube_control_plane'])
  for (const view of [external, none])
    assert.equal(etcdIsOurs({ host: view, inventory: inventory([external, none]) }), [])
})

test.run()
