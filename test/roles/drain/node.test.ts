import type { Around } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { drainNode } from '../../../roles/lib/drain/node.ts'
import { halfOfNodes, readNodes, tooFew } from '../../../roles/lib/drain/ready.ts'
import { contextOn, host, inventory } from '../support/inventory.ts'
import { remote } from '../support/remote.ts'

const m1 = (vars: Readonly<Record<string, unknown>> = {}) => host('m1', '10.0.0.1', ['kube_control_plane'], vars)

/** A node of the API, cordoned or not, with the mark of a run that has done it. */
const node = (unschedulable: boolean, mark?: string, ready = 'True') => ({
  metadata: { name: 'm1', annotations: mark === undefined ? {} : { 'rota/cordoned': mark } },
  spec: { unschedulable },
  status: { conditions: [{ type: 'Ready', status: ready, message: 'PLEG is not healthy' }] },
})

/**
 * A hook on one host; the node is what patches make of it. `fails`: pods do not go. `looks`: what each look at the node
 * after `changes` finds of Ready; the last one lasts.
 */
function drained(
  seen: ReturnType<typeof node>,
  vars: Readonly<Record<string, unknown>> = {},
  {
    fails = false,
    answer = true,
    nodes = '',
    pods = '',
    leases = (): string => '',
    looks = [] as readonly string[],
    renewals = [''],
  } = {},
) {
  const questions: string[] = []
  let now = seen
  let left: readonly string[] = []
  const look = (): void => {
    const [next, ...rest] = left
    if (next === undefined) return
    now = { ...now, status: { conditions: [{ type: 'Ready', status: next, message: 'PLEG is not healthy' }] } }
    left = rest
  }
  const made = remote(
    command => {
      const change = / patch node m1 .* -p '(.*)'/.exec(command)?.[1]
      if (change !== undefined) {
        const { metadata, spec } = JSON.parse(change)
        const mark = metadata.annotations['rota/cordoned'] ?? undefined
        now = { ...node(spec.unschedulable === true, mark), status: now.status }
      }
      if (command.includes(' get node ')) {
        look()
        return JSON.stringify(now)
      }
      if (command.includes(' get nodes ')) return nodes
      if (command.includes(' get leases ')) return leases()
      if (/ get pods .*jsonpath/.test(command)) return pods
      if (command.includes(' get lease m1 ')) return (renewals.length > 1 ? renewals.shift() : renewals[0]) ?? ''
      return command.includes(' drain ') && fails ? undefined : ''
    },
    async question => {
      questions.push(question)
      return answer
    },
  )
  const view = m1(vars)
  const context = { ...made.context, ...contextOn(view, inventory([view])) } as never
  const changes = () => {
    left = looks
  }
  return { ...made, context, questions, changes }
}

/** As a run does it. */
async function enter(hook: Around, context: never): Promise<void> {
  await hook.announce?.(context)
  await hook.enter(context)
}
const messageOf = (work: Promise<void>): Promise<string> => work.then(() => '', String)

const patches = (commands: readonly { readonly text: string }[]): readonly string[] =>
  commands.flatMap(({ text }) => (text.includes(' patch node ') ? [text.replace(/.* -p /, '')] : []))
const drains = (commands: readonly { readonly text: string }[]): readonly string[] =>
  commands.flatMap(({ text }) => (text.includes(' drain m1 ') ? [text] : []))

// What is found, what the variables say, and what is done: cordoned by this run, drained, uncordoned at the end.
const always = { upgrade_node_always_cordon: true }
const cases: readonly (readonly [
  string,
  ReturnType<typeof node>,
  Readonly<Record<string, unknown>>,
  { readonly cordoned: boolean; readonly drained: boolean; readonly back: boolean },
])[] = [
  ['a node at work', node(false), {}, { cordoned: true, drained: true, back: true }],
  ['no drain is wanted', node(false), { drain_nodes: 'false' }, { cordoned: true, drained: false, back: true }],
  ['one that the operator has cordoned', node(true), {}, { cordoned: false, drained: false, back: false }],
  ['the same, and it shall be drained', node(true), always, { cordoned: false, drained: true, back: false }],
  ['one that a run has left cordoned', node(true, '2024'), {}, { cordoned: true, drained: true, back: true }],
  [
    'one whose drain had failed, and it had to stay',
    node(true, 'drain failed'),
    {},
    { cordoned: true, drained: true, back: true },
  ],
  ['one that is not Ready', node(false, undefined, 'Unknown'), {}, { cordoned: false, drained: false, back: false }],
  [
    'the same, and it shall be drained',
    node(false, undefined, 'False'),
    always,
    { cordoned: true, drained: true, back: true },
  ],
]
for (const [name, seen, vars, expected] of cases)
  test(`what is done with ${name}`, async () => {
    const { context, commands } = drained(seen, vars)
    const hook = drainNode()
    await enter(hook, context)
    const cordoned = patches(commands).some(change => change.includes('"unschedulable":true'))
    const before = patches(commands).length
    await hook.leave(context)
    const back = patches(commands).slice(before)
    assert.equal({ cordoned, drained: drains(commands).length > 0, back: back.length > 0 }, expected)
    for (const change of back) assert.match(change, '"unschedulable":null')
  })

test('pods are moved only while controllers act on it', async () => {
  let looks = 0
  const leases = () => {
    looks += 1
    return `kube-scheduler\tm2\t2026-01-01T00:00:00Z\t2026-01-01T00:10:0${looks}Z\n`
  }
  const { context, commands } = drained(node(false), {}, { pods: '\tReplicaSet\tRunning\n', leases })
  await enter(drainNode(), context)
  const order = commands.flatMap(({ text }) => / get (?:leases|pods)| drain m1 /.exec(text)?.[0].trim() ?? [])
  assert.equal(order, ['get pods', 'get leases', 'get leases', 'drain m1'])
})

// How the node is before and after its changes, and whether it is waited for and taken back.
const short = { upgrade_node_ready_timeout: 0 }
const comingBack: readonly (readonly [
  string,
  ReturnType<typeof node>,
  Readonly<Record<string, unknown>>,
  readonly string[],
  'is back' | 'stays cordoned' | 'was never out',
])[] = [
  ['one that was Ready, and is', node(false), {}, ['True'], 'is back'],
  ['one that was Ready, and is a moment later', node(false), {}, ['Unknown', 'False', 'True'], 'is back'],
  ['one that was Ready, and is not', node(false), short, ['False'], 'stays cordoned'],
  ['one that was Ready, and whose kubelet says nothing', node(false), short, ['Unknown'], 'stays cordoned'],
  ['one that was not Ready', node(false, undefined, 'False'), short, ['False'], 'was never out'],
  ['the same, drained all the same', node(false, undefined, 'False'), { ...short, ...always }, ['False'], 'is back'],
  [
    'one that an earlier run has left, and that broke under it',
    node(true, '2024', 'False'),
    short,
    ['False'],
    'stays cordoned',
  ],
  ['the same, drained anew', node(true, '2024', 'False'), { ...short, ...always }, ['False'], 'stays cordoned'],
  [
    'one that was not Ready for an earlier run',
    node(true, '2024 not Ready', 'False'),
    { ...short, ...always },
    ['False'],
    'is back',
  ],
  [
    'one that somebody else has cordoned',
    node(true, undefined, 'True'),
    { ...short, ...always },
    ['False'],
    'was never out',
  ],
]
for (const [name, seen, vars, looks, expected] of comingBack)
  test(`before it takes pods again, ${name}: ${expected}`, async () => {
    const { context, commands, changes } = drained(seen, vars, { looks })
    const hook = drainNode()
    await enter(hook, context)
    const before = patches(commands).length
    changes()
    const failed = await messageOf(hook.leave(context))
    const back = patches(commands).slice(before).length
    assert.is(back, expected === 'is back' ? 1 : 0)
    if (expected !== 'stays cordoned') return assert.is(failed, '')
    assert.match(failed, /m1 was Ready before its changes and is not so 0 s after them \(PLEG is not healthy\)/)
    assert.match(failed, /stays cordoned.*run again.*upgrade_node_ready_timeout/)
  })
test('Ready is what its kubelet says now: its lease is renewed', async () => {
  const alive = drained(node(true, '2024'), {}, { renewals: ['08:00:00', '08:00:00', '08:00:10'] })
  await drainNode().leave(alive.context)
  assert.is(patches(alive.commands).length, 1)
  const dead = drained(node(true, '2024'), short, { renewals: ['08:00:00'] })
  assert.match(await messageOf(drainNode().leave(dead.context)), 'its kubelet does not renew its lease')
  assert.equal(patches(dead.commands), [])
})
test('a node that has no word on being Ready is taken back', async () => {
  const { context, commands } = drained({ ...node(true, '2024'), status: { conditions: [] } } as never, short)
  await drainNode().leave(context)
  assert.is(patches(commands).length, 1)
})

test('hosts that go at the same time are drained one after the other', async () => {
  const log: string[] = []
  let [now, most] = [0, 0]
  const hook = drainNode()
  const contexts = ['a', 'b', 'c'].map(name => {
    const view = host(name, '10.0.0.1', ['kube_node'], {})
    const made = remote(command =>
      command.includes(' get node ')
        ? JSON.stringify({ ...node(false, 'x'), metadata: { name, annotations: { 'rota/cordoned': 'x' } } })
        : '',
    )
    const shell = (...words: Parameters<typeof made.context.$>) => {
      const running = made.context.$(...words)
      const text = made.commands.at(-1)?.text ?? ''
      if (!text.includes(' drain ')) return running
      log.push(name)
      now += 1
      most = Math.max(most, now)
      const later = new Promise(resolve => setTimeout(resolve, 10)).then(() => {
        now -= 1
        return running
      })
      return Object.assign(later, { nothrow: () => later })
    }
    const master = host('m1', '10.0.0.9', ['kube_control_plane'], {})
    return { ...made.context, on: () => shell, ...contextOn(view, inventory([master, view])) } as never
  })
  await Promise.all(contexts.map(context => hook.enter(context)))
  assert.equal(log, ['a', 'b', 'c'])
  assert.is(most, 1)
})

test('the operator is asked before a node is cordoned, and before it is uncordoned', async () => {
  const before = drained(node(false), { upgrade_node_confirm: true })
  await enter(drainNode(), before.context)
  assert.equal(before.questions, ['Ready to change m1?'])
  const after = drained(node(true, '2024-01-01'), { upgrade_node_post_upgrade_confirm: 'yes' })
  await drainNode().leave(after.context)
  assert.equal(after.questions, ['Ready to uncordon m1?'])
  assert.is(patches(after.commands).length, 1)
})
test('a no changes nothing', async () => {
  const { context, commands } = drained(node(false), { upgrade_node_confirm: true }, { answer: false })
  assert.match(await messageOf(enter(drainNode(), context)), 'the operator said no')
  assert.equal(commands, [])
})
test('nobody is asked by default', async () => {
  const { context, questions } = drained(node(false))
  await enter(drainNode(), context)
  assert.equal(questions, [])
})
test('after a failed drain the node goes back at once, or stays and says so', async () => {
  const last = async (vars: Readonly<Record<string, unknown>>) => {
    const { context, commands } = drained(node(false), { drain_retries: 0, ...vars }, { fails: true })
    assert.match(await messageOf(enter(drainNode(), context)), 'could not be drained')
    return patches(commands).at(-1) ?? ''
  }
  assert.match(await last({}), '"unschedulable":null')
  assert.match(await last({ upgrade_node_uncordon_after_drain_failure: false }), 'drain failed')
})
test('or it is changed all the same, and that is said', async () => {
  const vars = { drain_retries: 0, upgrade_node_fail_if_drain_fails: 'no' }
  const { context, said, commands } = drained(node(false), vars, { fails: true })
  const hook = drainNode()
  await enter(hook, context)
  assert.match(said.join(), /could not be drained.*changed all the same \(upgrade_node_fail_if_drain_fails: false\)/)
  await hook.leave(context)
  assert.match(patches(commands).at(-1) ?? '', '"unschedulable":null')
})
test('where nobody answers, a node that may be cordoned is not taken for one that is back', async () => {
  const { context } = remote(() => undefined)
  const silent = (vars = {}) => ({ ...context, ...contextOn(m1(vars), inventory([m1(vars)])) }) as never
  assert.match(await messageOf(drainNode().leave(silent())), 'whether m1 is cordoned is not known')
  // There it is no hindrance: a master that is down is to be brought back.
  await enter(drainNode(), silent())
  await drainNode().leave(silent({ leaving_masters: 'm1' }))
})
test('a master that leaves stays cordoned', async () => {
  const { context, commands } = drained(node(true, '2024-01-01'), { leaving_masters: 'm1' })
  await drainNode().leave(context)
  assert.equal(commands, [])
})

// The nodes of a cluster as kubectl tells them: name, Ready, keys of taints.
const nodesText = (list: Readonly<Record<string, string>>) =>
  Object.entries(list)
    .map(([name, ready]) => `${name}\t${ready}\t\n`)
    .join('')

test('nodes that take pods are counted, and no others', () =>
  assert.equal(
    readNodes(
      'n1\tTrue\t\nn2\tUnknown\tdedicated node.kubernetes.io/unreachable\nm1\tTrue\tnode-role.kubernetes.io/master\nm2\tTrue\tx node-role.kubernetes.io/control-plane\nn3\t\t\n',
    ),
    [
      { name: 'n1', ready: true },
      { name: 'n2', ready: false },
      { name: 'n3', ready: false },
    ],
  ))

const rooms: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[], string | undefined])[] = [
  ['a single node', { n1: 'True' }, [], undefined],
  ['one of two', { n1: 'True', n2: 'True' }, [], undefined],
  ['one of two, and the other is dead', { n1: 'True', n2: 'Unknown' }, [], 'n2 is not'],
  ['one of two, and the other is being worked on', { n1: 'True', n2: 'True' }, ['n2'], 'n2 is not'],
  ['one of three, and one is dead', { n1: 'True', n2: 'False', n3: 'True' }, [], undefined],
  [
    'one of four, and one is dead and one is out',
    { n1: 'True', n2: 'False', n3: 'True', n4: 'True' },
    ['n3'],
    'n2, n3 are not',
  ],
  ['one that is dead itself', { n1: 'False', n2: 'False' }, [], undefined],
  ['one that is no node', { n2: 'False' }, [], undefined],
]
for (const [name, nodes, out, expected] of rooms)
  test(`half of the nodes stay Ready: ${name}`, () => {
    const found = tooFew(readNodes(nodesText(nodes)), { leaves: 'n1', out: new Set(out), atLeast: halfOfNodes })
    if (expected === undefined) assert.is(found, undefined)
    else assert.match(found?.why ?? '', expected)
    assert.is(found?.busy ?? false, expected !== undefined && out.length > 0)
  })
test('a node is not drained before enough others are Ready', async () => {
  const nodes = nodesText({ m1: 'True', n2: 'True' })
  const { context, commands } = drained(node(false), {}, { nodes })
  await enter(drainNode({ ready: halfOfNodes }), context)
  const words = commands.map(({ text }) => /get nodes|drain m1|patch/.exec(text)?.[0]).filter(Boolean)
  assert.equal(words, ['patch', 'get nodes', 'drain m1'])
})

test.run()
