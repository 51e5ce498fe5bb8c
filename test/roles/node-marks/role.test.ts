import { execaSync } from 'execa'
import type { Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../engine/facts/fact.ts'
import { openChannel } from '../../../engine/transport/channel.ts'
import { memoryOf } from '../../../roles/node-marks/marks.ts'
import { type Node, nodesFact } from '../../../roles/node-marks/nodes.ts'
import { nodeLabel, nodeTaint } from '../../../roles/node-marks/role.ts'
import { contextOn, host, inventory } from '../support/inventory.ts'
import { remote } from '../support/remote.ts'
import { paramsOf, problemsOf, unitsOf } from '../support/role.ts'

const hosts = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'k8s_cluster']),
  host('m2', '10.0.0.2', ['kube_control_plane', 'k8s_cluster'], { leaving_masters: 'm2' }),
  host('N1', '10.0.1.1', ['kube_node', 'k8s_cluster']),
])

const empty: Node = { labels: {}, annotations: {}, taints: [] }

type Listed = ReadonlyMap<string, Node> | undefined

const asked = (nodes: Listed) =>
  new Map([
    ['m1', { nodes }],
    ['m2', undefined],
  ])

const stepOn = (name: string, call: ReturnType<typeof nodeLabel>, peers: ReturnType<typeof asked>) =>
  unitsOf(call, hosts.host(name), hosts, { peers })[0] as Step | undefined

const call = nodeLabel({ labels: { zone: 'a' } })
/** Nothing where there is no step: then nobody connects to the host. */
const why = (made: typeof call, nodes: Listed) => stepOn('N1', made, asked(nodes))?.needed(factTable())

test('what is to be changed is known from the list of all nodes, before anything is', () => {
  assert.is(why(call, new Map([['n1', empty]])), 'zone=a')
  assert.is(why(call, new Map([['n1', { ...empty, labels: { zone: 'a' } }]])), undefined)
  assert.is(why(call, new Map([['n1', { ...empty, labels: { zone: 'b' } }]])), 'zone=a (was zone=b)')
  assert.is(why(call, new Map()), 'n1 is no node yet')
  assert.is(why(call, undefined), 'the nodes are not known')
  assert.is(why(nodeLabel(), new Map()), undefined)
  assert.is(why(nodeLabel(), undefined), undefined)
  assert.is(why(nodeTaint({ taints: ['a:NoSchedule'] }), new Map([['n1', empty]])), 'a:NoSchedule')
})

test('before masters are asked there is something to do, also where nothing is wanted: it is what to ask for', () => {
  for (const made of [call, nodeLabel(), nodeTaint()])
    assert.is(stepOn('N1', made, new Map())?.needed(factTable()), 'the nodes are not asked for yet')
})

test('where nothing is wanted only nodes are asked for on which something is ours', () => {
  const words = (made: typeof call) => {
    const context = {
      ...contextOn(hosts.host('N1'), hosts),
      params: paramsOf(made, hosts.host('N1')),
      inventory: hosts,
    }
    const wanted = made.role.peers?.(context as never)
    return Object.values(wanted?.facts(hosts.host('m1')) ?? {}).map(({ args }) => (args as string[]).slice(4, -2))
  }
  assert.equal(words(call), [['get', 'nodes']])
  assert.equal(words(nodeLabel()), [['get', 'nodes', '-l', 'node-restriction.kubernetes.io/rota-labels']])
  assert.equal(words(nodeTaint()), [['get', 'nodes', '-l', 'node-restriction.kubernetes.io/rota-taints']])
})

test('a host that leaves is left alone', () => {
  assert.is(unitsOf(call, hosts.host('m2'), hosts).length, 0)
})

test('what is wrong with labels is said before any host is touched, with the variable', () => {
  const problems = problemsOf(nodeLabel({ labels: { 'kubernetes.io/os': 'x', a: 'b-' } }), hosts.host('N1'), hosts)
  assert.is(problems.length, 2)
  for (const problem of problems) assert.match(problem, /^node_labels: /)
  const taints = nodeTaint({ taints: ['a=b'] })
  assert.match(problemsOf(taints, hosts.host('N1'), hosts).join(), /^node_taints: a=b: /)
})

/** An API server with one node; `conflicts`: so many changes find that somebody else was there first. */
async function run(call: ReturnType<typeof nodeLabel>, node: object | undefined, conflicts = 0, why = 'Conflict') {
  let changes = 0
  const made = remote(command => {
    if (command.includes(' get node ')) {
      const metadata = { resourceVersion: `${changes}`, ...(node as { metadata?: object } | undefined)?.metadata }
      return node === undefined ? '' : JSON.stringify({ ...node, metadata })
    }
    if (!command.includes(' patch ')) return 'ok'
    changes += 1
    return changes > conflicts ? 'patched' : { stderr: `Error from server (${why}): no` }
  })
  const view = hosts.host('N1')
  const step = stepOn('N1', call, new Map())
  const result = await step?.run({ ...made.context, ...contextOn(view, hosts) } as never)
  const patches = made.commands.flatMap(({ text }) => / patch node n1 --type merge -p '(.*)'$/.exec(text)?.[1] ?? [])
  return { result, said: made.said, patches: patches.map(text => JSON.parse(text)) }
}

test('one change has all of it: labels, what is remembered, the version it was made for', async () => {
  const { result, patches } = await run(call, { metadata: { labels: { mine: 'x' } } })
  assert.is(result?.summary, 'zone=a')
  const { text, seal } = memoryOf(new Map([['zone', 'a']]))
  assert.equal(patches, [
    {
      metadata: {
        resourceVersion: '0',
        annotations: { 'rota/labels': text },
        labels: { zone: 'a', 'node-restriction.kubernetes.io/rota-labels': seal },
      },
    },
  ])
})

test('a node that is as it shall be by now is not changed', async () => {
  const { result, patches } = await run(call, { metadata: { labels: { zone: 'a' } } })
  assert.is(result?.changed, false)
  assert.equal(patches, [])
})

test('where somebody else has changed the node it is looked at again, and not without end', async () => {
  const { result, patches } = await run(call, {}, 2)
  assert.is(result?.summary, 'zone=a')
  assert.equal(
    patches.map(({ metadata }) => metadata.resourceVersion),
    ['0', '1', '2'],
  )
  assert.match(await run(call, {}, 5).then(String, String), /labels of n1 could not be changed: .*Conflict/)
  const forbidden = await run(call, {}, 1, 'Forbidden').then(String, String)
  assert.match(forbidden, /labels of n1 could not be changed: .*Forbidden/)
})

test('a host that is no node is said, and is no failure', async () => {
  const { result, said } = await run(call, undefined)
  assert.is(result?.changed, false)
  assert.equal(said, ['n1 is no node of the cluster: it has no labels'])
})

test('the list of nodes is read whatever is in them', () => {
  const line = 'n1\t{"a":"x\\ty"}\t{"evil":"\\nn2\\t{}"}\t[{"key":"a","effect":"NoSchedule"}]\nn3\t\t\t\n'
  const answer = `yes\n${Buffer.from(line).toString('base64')}\n.`
  const [nodes] = nodesFact.kind.parse(answer, [['kubectl']])
  assert.equal(
    [...(nodes ?? [])],
    [
      [
        'n1',
        { labels: { a: 'x\ty' }, annotations: { evil: '\nn2\t{}' }, taints: [{ key: 'a', effect: 'NoSchedule' }] },
      ],
      ['n3', empty],
    ],
  )
})

test('a master that has no API server says nothing of the nodes, and one that has says it however long it is', () => {
  const names = Array.from({ length: 3000 }, (_, index) => `a-node-with-a-long-name-${index}`)
  const calls = [['false'], ['printf', names.map(name => `${name}\t\t\t\n`).join('')], ['/no/kubectl'], ['true']]
  const { stdout } = execaSync('sh', ['-uc', nodesFact.kind.probe(calls)])
  const [none, all, missing, nobody] = nodesFact.kind.parse(stdout, calls)
  assert.equal([none, missing, nobody?.size], [undefined, undefined, 0])
  assert.equal([...(all ?? new Map()).keys()], names)
})

test('ten thousand nodes go through a channel, and a list that is too long is not known', async () => {
  const usual = nodesFact(['sh', '-c', `yes 'n\t{"a":"${'x'.repeat(600)}"}\t\t' | head -n 10000`])
  const tooMany = nodesFact(['sh', '-c', "head -c 45000001 /dev/zero | tr '\\0' x"])
  const channel = await openChannel(
    { host: 'here', transport: { kind: 'local' }, shell: ['sh'] },
    { readOnly: true, stateDir: '/nonexistent' },
  )
  try {
    const facts = await channel.probe([usual, tooMany])
    assert.is(facts.get(usual)?.get('n')?.labels.a?.length, 600)
    assert.is(facts.get(tooMany), undefined)
  } finally {
    await channel.close()
  }
})

test.run()
