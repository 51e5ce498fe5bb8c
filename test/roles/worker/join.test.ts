import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../engine/facts/fact.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { inventoryView, workOn } from '../../../engine/plan/index.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { workersJoin } from '../../../playbooks/parts/hosts.mjs'
import { workerJoin } from '../../../roles/worker/join-role.ts'
import { readyPlays } from '../../ready-plays.ts'
import { contextOn, host, inventory, withGiven } from '../support/inventory.ts'
import { remote } from '../support/remote.ts'
import { titlesOf, unitsOf } from '../support/role.ts'

const hosts = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane']),
  host('n1', '10.0.1.1', ['kube_node']),
  host('n2', '10.0.1.2', ['kube_node']),
])
const call = workerJoin({ kubeVersion: '1.33.4' })

// What a host says: it is a node, its join was cut short, it has kubespray's files.
const seen = (isNode: boolean, { begun = false, files = '' } = {}) => ({
  kubelet: { type: isNode ? 'file' : 'absent' },
  marker: { type: begun ? 'file' : 'absent' },
  files: { stdout: `\n# entries\n${files}` },
})
const sum = 'a'.repeat(64)
const kubesprays = [
  ['/etc/kubernetes/kubelet.env', '600'],
  ['/etc/kubernetes/kubelet-config.yaml', '644'],
  ['/etc/systemd/system/kubelet.service', '644'],
  ['/etc/systemd/system/k8s-certs-renew.timer', '644'],
]
  .map(([path, mode]) => `file ${mode} 0 0 root root 100 ${sum} ${path} ${path}`)
  .join('\n')
const titles = (name: string, peers: Readonly<Record<string, unknown>>, made = call) =>
  titlesOf(made, hosts.host(name), hosts, { peers: new Map(Object.entries(peers)) })

const joins = 'be a node of the cluster'
for (const [name, on, peers, made, expected] of [
  ['a new one', 'n2', { n2: seen(false), n1: seen(true), m1: seen(true) }, call, true],
  ['a node', 'n1', { n1: seen(true), m1: seen(true) }, call, false],
  ['one whose join was cut short', 'n2', { n2: seen(true, { begun: true }), m1: seen(true) }, call, true],
  ['a master', 'm1', { m1: seen(true) }, call, false],
  ['where it shall not', 'n2', {}, workerJoin({ kubeVersion: '1.33.4', join: false }), false],
] as const)
  test(`who joins: ${name}`, () => assert.is(titles(on, peers, made).includes(joins), expected))

/** What a step says that it is needed for, by what its host has. */
const neededBy = (step: Step, isThere: (key: string) => boolean): string | false =>
  step.needed(
    factTable(
      ...Object.entries(step.facts).map(
        ([key, request]) => [request, { type: isThere(key) ? 'file' : 'absent' }] as const,
      ),
    ),
  )
const stepOf = (title: string, peers: Readonly<Record<string, unknown>>): Step => {
  const units = unitsOf(call, hosts.host('n2'), hosts, { peers: new Map(Object.entries(peers)) })
  const unit = units.find((item): item is Step => item.title === title)
  assert.ok(unit)
  return unit
}
for (const [name, there, expected] of [
  ['no node', [], 'this host is no node yet'],
  ['a node', ['kubelet'], false],
  ['one whose join was cut short', ['kubelet', 'marker'], 'an earlier run has not ended'],
] as const)
  test(`who is joined, as the host itself says then: ${name}`, () =>
    assert.is(
      neededBy(stepOf(joins, {}), key => there.some(item => item === key)),
      expected,
    ))
test('files that the host has itself it keeps', () => {
  const files = stepOf('what the kubelets of others read is there', { n1: seen(true, { files: kubesprays }) })
  assert.is(
    neededBy(files, path => !path.endsWith('.yaml')),
    '/etc/kubernetes/kubelet-config.yaml of n1',
  )
  assert.is(
    neededBy(files, () => true),
    false,
  )
})

test('files of a kubelet come from another worker, from a master where there is none; those of a master are not taken', () => {
  const files = 'what the kubelets of others read is there'
  const needed = (peers: Readonly<Record<string, unknown>>): string => {
    const steps = unitsOf(call, hosts.host('n2'), hosts, { peers: new Map(Object.entries(peers)) })
    const unit = steps.find((item): item is Step => item.title === files)
    return unit === undefined ? '' : Object.keys(unit.facts).join(' ')
  }
  const with_ = seen(true, { files: kubesprays })
  const expected = [
    '/etc/kubernetes/kubelet.env',
    '/etc/kubernetes/kubelet-config.yaml',
    '/etc/systemd/system/kubelet.service',
  ]
  for (const peers of [
    { n2: seen(false), n1: with_, m1: seen(true) },
    { n2: seen(false), n1: seen(false), m1: with_ },
  ])
    assert.equal(needed(peers).split(' ').sort(), [...expected].sort())
  assert.is(needed({ n2: seen(false), n1: seen(true), m1: seen(true) }), '')
})

for (const [name, sockets, expected] of [
  ['all have one runtime', {}, 'of n1'],
  ['another worker has its runtime', { n2: '/run/c.sock', n3: 'unix:///var/run/c.sock' }, 'of n2'],
  ['a master alone has its runtime', { m1: '/run/c.sock', n3: '/run/c.sock' }, 'of m1'],
  ['nobody has its runtime: it is as kubeadm makes it', { n3: '/run/c.sock' }, undefined],
] as const)
  test(`files of a kubelet come from a node with the same container runtime: ${name}`, () => {
    const socketOf = (item: string) => (sockets as Readonly<Record<string, string>>)[item] ?? '/run/docker.sock'
    const groupOf = (item: string) => [item.startsWith('m') ? 'kube_control_plane' : 'kube_node']
    const view = inventory(
      ['m1', 'n1', 'n2', 'n3'].map((item, index) =>
        host(item, `10.0.0.${index + 1}`, groupOf(item), { cri_socket: socketOf(item) }),
      ),
    )
    const answers = ['m1', 'n1', 'n2'].map(item => [item, seen(true, { files: kubesprays })] as const)
    const units = unitsOf(call, view.host('n3'), view, {
      peers: new Map<string, unknown>([...answers, ['n3', seen(false)]]),
    })
    const files = units.find((item): item is Step => item.title === 'what the kubelets of others read is there')
    assert.is(files && /of \w+$/.exec(String(neededBy(files, () => false)))?.[0], expected)
  })

/** What the playbooks' play comes to on each host, as it is made before anybody is asked, and then. */
async function played(vars = '') {
  const dir = mkdtempSync(join(tmpdir(), 'rota-worker-join-'))
  const ini = join(dir, 'hosts.ini')
  writeFileSync(
    ini,
    `[kube_control_plane]
m1 ip=10.0.0.1
[kube_node]
m1
n1 ip=10.0.1.1
n2 ip=10.0.1.2
[all:vars]
kube_version=1.33.4
${vars}
`,
  )
  const loaded = await loadInventory({ sources: [ini] })
  rmSync(dir, { recursive: true })
  const tags = { only: [], skip: [] }
  const { plays, problems } = await readyPlays([workersJoin], loaded, { tags, redactor: newRedactor() })
  assert.equal(problems, [])
  const [ready] = plays
  assert.ok(ready)
  const answers = new Map(Object.entries({ m1: seen(true), n1: seen(true), n2: seen(false) }))
  const works = ready.hosts.map(made => {
    const { work } = workOn(ready, made, inventoryView(loaded), tags, () => answers)
    return [made.name, work.items.some(({ unit }) => unit.title === joins)] as const
  })
  return { works, notRun: ready.notRun }
}

test('a worker is asked whether it is new: nobody knows before, and a play without work asks nobody', async () => {
  assert.equal((await played()).works, [
    ['n1', false],
    ['n2', true],
  ])
  for (const vars of ['kube_nodes_join=false', 'control_plane_method=static-pods'])
    assert.equal(await played(vars), { works: [], notRun: 'there is nothing to do on any of its 2 hosts' })
})

test('no kubelet joins that is newer than an API server', () =>
  assert.equal(
    workersJoin.around?.map(({ name }) => name),
    ['the API servers come first'],
  ))

const token = 'abcdef.0123456789abcdef'
const ca = String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }))

/** Joins a made-up host; `fails` times kubeadm does not. `said`: what some commands say instead, nothing: they fail. */
async function joined(fails: number, said: readonly (readonly [command: RegExp, answer: string | undefined])[] = []) {
  let left = fails
  const made = remote(command => {
    const own = said.find(([of]) => of.test(command))
    if (own !== undefined) return own[1]
    if (command.includes('token create')) return token
    if (command.includes('pki/ca.crt') && command.startsWith('cat ')) return ca
    if (command.includes('.data.ClusterConfiguration')) return 'kubernetesVersion: v1.33.4\n'
    if (command.includes('get node n2') && command.includes('Ready')) return 'True'
    if (command.includes('kubeadm join')) {
      left -= 1
      return left >= 0 ? undefined : 'joined'
    }
    return ''
  })
  const peers = new Map(Object.entries({ n2: seen(false), m1: seen(true) }))
  const unit = unitsOf(call, hosts.host('n2'), hosts, { peers }).find((item): item is Step => item.title === joins)
  assert.ok(unit)
  const context = { ...made.context, ...contextOn(hosts.host('n2'), withGiven(hosts, [call])) }
  const result = await unit.run(context as never).then(done => done?.summary ?? '', String)
  return { ...made, result }
}

test('the token goes by stdin alone, and is taken back', async () => {
  for (const fails of [0, 1, 3]) {
    const { commands, result, said } = await joined(fails)
    assert.match(result, fails === 3 ? /kubeadm join failed[\s\S]*the cluster is as it was/ : /^joined through m1$/)
    const join = commands.find(({ text }) => text.includes('kubeadm join'))
    assert.match(join?.stdin ?? '', token)
    assert.not.match(join?.stdin ?? '', 'controlPlane')
    for (const { text } of commands) assert.not(text.includes(token), text)
    for (const line of [...said, result]) assert.not(line.includes(token))
    assert.ok(commands.some(({ text, on }) => on === 'm1' && /token delete abcdef\b/.test(text)))
    assert.is(
      commands.some(({ text }) => text.includes('delete node n2')),
      fails === 3,
    )
  }
})

const isReset = /kubeadm reset/
const isJoin = /kubeadm join/
const isMarked = /^\[ -e \/etc\/kubernetes\/\.rota-kubeadm \]$/
/** Which of these commands there were, in their order. */
const orderOf = ({ commands }: Awaited<ReturnType<typeof joined>>, ...kinds: readonly RegExp[]) =>
  commands.flatMap(({ text }) => kinds.find(kind => kind.test(text))?.source ?? [])

test('what an earlier attempt of ours has left is reset before each one, and nothing else is', async () => {
  const [reset, join] = [isReset.source, isJoin.source]
  assert.equal(orderOf(await joined(1), isReset, isJoin), [reset, join, reset, join])
  assert.equal(orderOf(await joined(0, [[isMarked, undefined]]), isReset, isJoin), [join])
})

test('where that can not be reset nothing joins, and the token is taken back', async () => {
  const made = await joined(0, [[isReset, undefined]])
  assert.match(made.result, 'kubeadm reset failed')
  assert.equal(orderOf(made, isJoin, /token delete/), ['token delete'])
})

test('a node that was there before its host joined stays when it does not', async () => {
  const made = await joined(9, [[/get node n2 .*-o name/, 'node/n2']])
  assert.match(made.result, 'the cluster is as it was')
  assert.equal(orderOf(made, /delete node/), [])
})

test('where nobody is told without credentials where the cluster is, a file that only root reads says so, and goes', async () => {
  const made = await joined(0, [[/--kubeconfig \/dev\/null/, undefined]])
  const file = '/run/rota-kubeadm-discovery.conf'
  const written = made.commands.find(({ text }) => text === `umask 077; cat >${file}`)
  assert.match(written?.stdin ?? '', token)
  assert.match(made.commands.find(({ text }) => isJoin.test(text))?.stdin ?? '', file)
  for (const { text } of made.commands) assert.not(text.includes(token), text)
  assert.equal(orderOf(made, isJoin, /^rm -f \/run/), [isJoin.source, '^rm -f \\/run'])
})

test("the cluster's directory of certificates is the host's before it joins", async () => {
  const made = await joined(0, [[/\.data\.ClusterConfiguration/, 'certificatesDir: /etc/kubernetes/ssl\n']])
  const link = /ln -s \/etc\/kubernetes\/ssl \/etc\/kubernetes\/pki/
  assert.equal(orderOf(made, link, isJoin), [link.source, isJoin.source])
})

test('without an API server nothing is begun', async () => {
  const made = await joined(0, [[/^/, undefined]])
  assert.match(made.result, 'no API server answers')
  assert.equal(orderOf(made, isJoin, isReset), [])
})

test.run()
