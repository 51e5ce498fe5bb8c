import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { isGone } from '../../roles/control-plane/gate/gone.ts'
import { controlPlane } from '../../roles/control-plane/role.ts'
import { etcdAbsent } from '../../roles/etcd/absent.ts'
import { etcdForget } from '../../roles/etcd/forget.ts'
import { etcd } from '../../roles/etcd/role.ts'
import { unknownLeaving, unknownLeavingMember } from '../../roles/lib/cluster/index.ts'
import { kubectlOn } from '../../roles/lib/cluster/kubectl.ts'
import { nodeAbsent } from '../../roles/node/absent.ts'
import { host, inventory, smallCluster, withGiven } from './support/inventory.ts'
import { remote } from './support/remote.ts'
import { problemsOf, titlesOf, unitsOf } from './support/role.ts'

const cluster = smallCluster()

test('who leaves must be a master: a worker would be taken apart', () => {
  assert.equal(unknownLeaving(cluster, 'm1,m2'), [])
  assert.equal(unknownLeaving(cluster, ['n1']), [
    'leaving_masters: n1 is no host of the group kube_control_plane: did you mean m1?',
  ])
  assert.equal(unknownLeaving(inventory([]), 'm1'), ['leaving_masters: m1 is no host of the group kube_control_plane'])
})
test('or, for etcd, a member on a host of its own', () => {
  const apart = inventory([host('m1', '10.0.0.1', ['kube_control_plane']), host('e1', '10.0.2.1', ['etcd'])])
  assert.equal(unknownLeavingMember(apart, 'm1,e1'), [])
  assert.is(unknownLeaving(apart, 'e1').length, 1)
})

test("somebody else's etcd is left as it is, and that is said", async () => {
  const external = { deployment: 'external', leaving: 'm1' } as const
  for (const { name } of cluster.group('etcd')) {
    assert.equal(titlesOf(etcd({ deployment: 'external' }), cluster.host(name), cluster), [])
    // Of those that stay, one says it.
    assert.equal(
      titlesOf(etcdForget(external), cluster.host(name), cluster),
      name === 'm2' ? ['the etcd member of m1'] : [],
    )
  }
  assert.equal(titlesOf(etcdAbsent(external), cluster.host('m2'), cluster), [])
  const [unit] = unitsOf(etcdAbsent(external), cluster.host('m1'), cluster)
  assert.ok(unit !== undefined && 'run' in unit)
  const { context, said, commands } = remote(() => '')
  await unit.run({ ...context, host: cluster.host('m1'), inventory: cluster })
  assert.match(said.join(), /member of m1.*remove it by hand/)
  assert.equal(commands, [])
})

test('the node of a master that left is deleted by one that stays', async () => {
  const named = inventory([
    host('m1', '10.0.0.1', ['kube_control_plane'], { kube_override_hostname: 'Master-One' }),
    host('m2', '10.0.0.2', ['kube_control_plane']),
    host('n1', '10.0.1.1', ['kube_node']),
  ])
  const call = nodeAbsent({ leaving: 'm1' })
  assert.equal(titlesOf(call, named.host('m1'), named), [])
  assert.equal(titlesOf(call, named.host('n1'), named), [])
  assert.is(problemsOf(nodeAbsent({ leaving: 'n9' }), named.host('m2'), named).length, 1)
  const [unit] = unitsOf(call, named.host('m2'), named)
  assert.ok(unit !== undefined && 'run' in unit)
  assert.is(unit.title, 'master-one is no node of the cluster')
  const [request] = Object.values(unit.facts)
  assert.ok(request)
  const needed = (exitCode: number, stdout: string) =>
    unit.needed(factTable([request, { exitCode, stdout, stderr: '' }]))
  assert.equal([needed(0, ''), needed(0, 'node/master-one')], [false, 'it is still a node'])
  assert.is(needed(1, ''), 'the nodes are not known')
  const { context, commands } = remote(command => (command.includes(' get node ') ? 'node/master-one' : ''))
  assert.equal(await unit.run({ ...context, host: named.host('m2'), inventory: named }), { summary: 'deleted' })
  assert.match(commands.at(-1)?.text ?? '', /delete node master-one/)
})

test('a master that takes connections is not gone, its etcd member where clients reach that', () => {
  const away = inventory([
    host('m1', '10.0.0.1', ['kube_control_plane', 'etcd'], { etcd_access_address: '10.9.0.1' }),
    host('m2', '10.0.0.2', ['kube_control_plane', 'etcd']),
  ])
  for (const [view, etcdAddress] of [
    [cluster, '10.0.0.1'],
    [away, '10.9.0.1'],
  ] as const) {
    const [task] = isGone('m1')({ inventory: view })
    assert.ok(task)
    const verdict = (api: string, etcd: string) =>
      task.kind.plan(
        task.args,
        factTable(
          [facts.tcp({ host: '10.0.0.1', port: 6443 }), { type: api, reason: '' }],
          [facts.tcp({ host: etcdAddress, port: 2379 }), { type: etcd, reason: '' }],
        ),
        { changed: false, diff: false },
      )?.refused
    assert.is(verdict('closed', 'unavailable'), undefined)
    const etcdSays = `its etcd member still takes connections at ${etcdAddress}`
    assert.match(verdict('closed', 'open') ?? '', new RegExp(`^${etcdSays}: remove it without`))
    assert.match(verdict('open', 'open') ?? '', new RegExp(`^its API server still .* at 10.0.0.1, ${etcdSays}:`))
  }
})

test('a master that leaves is not asked about others, only about itself when nobody else answers', async () => {
  const asked = async (name: string) => {
    const { context, commands } = remote(() => undefined)
    const view = withGiven(cluster, [controlPlane({ leaving: 'm1' })])
    await kubectlOn({ ...context, host: cluster.host(name), inventory: view })
    return commands.map(({ on }) => on)
  }
  assert.equal(await asked('m2'), ['m3', 'm2'])
  assert.equal(await asked('m1'), ['m2', 'm3', 'm1'])
})

test.run()
