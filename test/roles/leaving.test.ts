import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { drainNode } from '../../roles/control-plane/drain/node.ts'
import { isGone } from '../../roles/control-plane/gate/gone.ts'
import { kubectlOn } from '../../roles/control-plane/kubectl.ts'
import { controlPlane } from '../../roles/control-plane/role.ts'
import { etcdAbsent } from '../../roles/etcd/absent.ts'
import { etcdForget } from '../../roles/etcd/forget.ts'
import { etcd } from '../../roles/etcd/role.ts'
import { unknownLeaving, unknownLeavingMember } from '../../roles/lib/cluster/index.ts'
import { nodeAbsent } from '../../roles/node/absent.ts'
import { contextOn, host, inventory, smallCluster, withGiven } from './support/inventory.ts'
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
  assert.is(problemsOf(nodeAbsent({ leaving: 'n1' }), named.host('m2'), named).length, 1)
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

test('a master that takes connections is not gone', () => {
  const [task] = isGone('m1')({ inventory: cluster })
  assert.ok(task)
  const verdict = (api: string, etcd: string) =>
    task.kind.plan(
      task.args,
      factTable(
        [facts.tcp({ host: '10.0.0.1', port: 6443 }), { type: api, reason: '' }],
        [facts.tcp({ host: '10.0.0.1', port: 2379 }), { type: etcd, reason: '' }],
      ),
      { changed: false, diff: false },
    )
  assert.is(verdict('closed', 'unavailable'), undefined)
  assert.match(verdict('closed', 'open')?.refused ?? '', /^its etcd member still takes connections at 10.0.0.1/)
  assert.match(verdict('open', 'open')?.refused ?? '', /^its API server and its etcd member still/)
})

const m1 = (vars: Readonly<Record<string, unknown>> = {}) => host('m1', '10.0.0.1', ['kube_control_plane'], vars)
const node = (unschedulable: boolean, mark?: string) =>
  JSON.stringify({
    metadata: { name: 'm1', annotations: mark === undefined ? {} : { 'rota/cordoned': mark } },
    spec: { unschedulable },
  })
const drained = (json: string, vars: Readonly<Record<string, unknown>>, answer = true) => {
  const questions: string[] = []
  const made = remote(
    command => (command.includes(' get node ') ? json : command.includes(' drain ') && vars.fails ? undefined : ''),
    async question => {
      questions.push(question)
      return answer
    },
  )
  const view = m1(vars)
  const context = { ...made.context, ...contextOn(view, inventory([view])) } as never
  return { ...made, context, questions }
}
const patches = (commands: readonly { readonly text: string }[]): readonly string[] =>
  commands.flatMap(({ text }) => (text.includes(' patch node ') ? [text.replace(/.* -p /, '')] : []))

test('the operator is asked before a node is cordoned, and before it is uncordoned', async () => {
  const before = drained(node(false), { upgrade_node_confirm: true })
  await drainNode().enter(before.context)
  assert.equal(before.questions, ['Ready to change m1?'])
  const after = drained(node(true, '2024-01-01'), { upgrade_node_post_upgrade_confirm: 'yes' })
  await drainNode().leave(after.context)
  assert.equal(after.questions, ['Ready to uncordon m1?'])
  assert.is(patches(after.commands).length, 1)
})
test('a no changes nothing', async () => {
  const { context, commands } = drained(node(false), { upgrade_node_confirm: true }, false)
  assert.match(
    await drainNode()
      .enter(context)
      .then(() => '', String),
    'the operator said no',
  )
  assert.equal(commands, [])
})
test('nobody is asked by default', async () => {
  const { context, questions } = drained(node(false), {})
  await drainNode().enter(context)
  assert.equal(questions, [])
})
test('after a failed drain the node goes back at once, or stays and says so', async () => {
  const last = async (vars: Readonly<Record<string, unknown>>) => {
    const { context, commands } = drained(node(false), { fails: true, drain_retries: 0, ...vars })
    assert.match(
      await drainNode()
        .enter(context)
        .then(() => '', String),
      'could not be drained',
    )
    return patches(commands).at(-1) ?? ''
  }
  assert.match(await last({}), '"unschedulable":null')
  assert.match(await last({ upgrade_node_uncordon_after_drain_failure: false }), 'drain failed')
})
test('where nobody answers, a node that may be cordoned is not taken for one that is back', async () => {
  const { context } = remote(() => undefined)
  const silent = (vars = {}) => ({ ...context, ...contextOn(m1(vars), inventory([m1(vars)])) }) as never
  assert.match(
    await drainNode()
      .leave(silent())
      .then(() => '', String),
    'whether m1 is cordoned is not known',
  )
  // There it is no hindrance: a master that is down is to be brought back.
  await drainNode().enter(silent())
  await drainNode().leave(silent({ leaving_masters: 'm1' }))
})
test('a master that leaves stays cordoned', async () => {
  const { context, commands } = drained(node(true, '2024-01-01'), { leaving_masters: 'm1' })
  await drainNode().leave(context)
  assert.equal(commands, [])
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
