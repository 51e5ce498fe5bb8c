import { type Facts, facts, type Step, type Task } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factKey, factsFrom } from '../../engine/facts/fact.ts'
import { closeAtBoot } from '../../roles/control-plane/drain/over-boot.ts'
import { memberOn, membersDoWithout } from '../../roles/system-upgrade/members.ts'
import { neverRemoved, notHere } from '../../roles/system-upgrade/packages.ts'
import { systemUpgrade } from '../../roles/system-upgrade/role.ts'
import { contextOn, host, inventory, withGiven } from './support/inventory.ts'
import { remote } from './support/remote.ts'
import { titlesOf, unitsOf } from './support/role.ts'

const masters = ['m1', 'm2', 'm3'].map((name, index) =>
  host(name, `10.0.0.${index + 1}`, ['kube_control_plane', 'etcd']),
)
const hosts = inventory([...masters, host('n1', '10.0.1.1', ['kube_node']), host('e1', '10.0.2.1', ['etcd'])])
const three = inventory([...masters, host('n1', '10.0.1.1', ['kube_node'])])
type Params = Parameters<typeof systemUpgrade>[0]

const moves = 'hand over 10.0.0.9'
const upgrades = 'upgrade all packages but those that stay'
const boots = 'reboot, and be back with all that it does'
const asserts = 'assert that packages can be upgraded'
for (const [what, params, on, expected] of [
  ['off by default', {}, 'm1', []],
  ['a node', { wanted: true }, 'n1', [asserts, upgrades, boots]],
  ['a master', { wanted: true }, 'm1', [asserts, upgrades, boots]],
  [
    'one that may have the virtual address',
    { wanted: true, virtualAddress: '10.0.0.9' },
    'm1',
    [asserts, moves, upgrades, boots],
  ],
  ['one that leaves', { wanted: true, leaving: ['m2'] }, 'm2', []],
  [
    'never rebooted',
    { wanted: true, reboot: 'never' },
    'n1',
    [asserts, upgrades, boots, 'the reboot that is owed is left to the operator'],
  ],
] as const)
  test(`tasks: ${what}`, () => assert.equal(titlesOf(systemUpgrade(params as Params), hosts.host(on), hosts), expected))

/** Facts of a host by the name of their kind. */
const seen = (unit: Step | Task, values: Readonly<Record<string, unknown>>): Facts => {
  const requests = 'kind' in unit ? unit.kind.facts(unit.args, { diff: false }) : Object.values(unit.facts)
  return factsFrom(new Map(requests.map(request => [factKey(request), values[request.kind.name]])))
}
const known = { type: 'known', manager: 'apt', upgrades: [], removals: [], keptBack: [], unfinished: [] }
const due = { ...known, due: true, upgrades: [{ name: 'a', to: '1' }] }
const nothing = { ...known, due: false }
const unit = (params: Params, title: string, on = 'm1'): Step | Task => {
  const found = unitsOf(systemUpgrade({ wanted: true, ...params }), hosts.host(on), hosts).find(
    one => one.title === title,
  )
  assert.ok(found, title)
  return found as Step | Task
}
const neededBy = (one: Step | Task, values: Readonly<Record<string, unknown>>): string | false =>
  'needed' in one ? one.needed(seen(one, values)) : (assert.unreachable() ?? false)

for (const [mode, reason, expected] of [
  ['on-upgrade', undefined, false],
  ['on-upgrade', '/run/reboot-required', '/run/reboot-required'],
  ['always', undefined, 'system_upgrade_reboot: always'],
  ['never', '/run/reboot-required', false],
] as const)
  test(`reboot: ${mode}, ${reason}`, () => {
    const fact = reason === undefined ? {} : { reason }
    assert.is(neededBy(unit({ reboot: mode }, boots), { rebootRequired: fact }), expected)
  })

const holds = { addresses: [{ address: '10.0.0.9' }], unit: { type: 'unit', activeState: 'active' } }
for (const [what, values, expected] of [
  ['packages are to be upgraded', { ...holds, upgradable: due, rebootRequired: {} }, 'this host holds it'],
  ['a reboot', { ...holds, upgradable: nothing, rebootRequired: { reason: 'x' } }, 'this host holds it'],
  ['nothing to do', { ...holds, upgradable: nothing, rebootRequired: {} }, false],
  ['another one holds it', { ...holds, addresses: [], upgradable: due, rebootRequired: {} }, false],
] as const)
  test(`the virtual address goes first: ${what}`, () =>
    assert.is(neededBy(unit({ virtualAddress: '10.0.0.9' }, moves), values), expected))

for (const [what, fact, expected] of [
  ['all is well', due, undefined],
  ['lists can not be fetched', { type: 'unknown', reason: 'no lists' }, 'no lists'],
  ['a kubelet would go', { ...due, removals: ['kubelet'] }, /would remove what has to stay: kubelet/],
  ['a balancer would go', { ...due, removals: ['haproxy'] }, /would remove what has to stay: haproxy/],
] as const)
  test(`before the host is drained: ${what}`, () => {
    const task = unit({}, asserts) as Task
    const change = task.kind.plan(task.args, seen(task, { upgradable: fact }), { changed: false, diff: false })
    if (expected === undefined) assert.is(change, undefined)
    else assert.match(change?.refused ?? '', expected)
  })

test('packages of Kubernetes, engines and etcd stay, by the names of all who make them; what only sounds like them moves', () => {
  const stays = (name: string) => notHere.some(glob => new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(name))
  for (const name of [
    'kubelet',
    'kubernetes-cni',
    'cri-tools',
    'cri-o',
    'cri-o-1.30',
    'containerd.io',
    'containerd',
    'docker-ce',
    'docker.io',
    'docker-ce-cli',
    'runc',
    'etcd-server',
    'etcd',
  ])
    assert.ok(stays(name), name)
  for (const name of ['haproxy', 'keepalived', 'nginx', 'openssl', 'linux-image-amd64', 'cryptsetup', 'libc6'])
    assert.not.ok(stays(name), name)
  assert.ok(['haproxy', 'keepalived', 'openssh-server'].every(name => neverRemoved.includes(name)))
})

// Members of etcd: who answers, and what of it.
const list = (names: readonly string[], learner = '') =>
  names
    .map(
      (name, index) =>
        `${index + 1}a, started, ${name}, https://10.0.0.${index + 1}:2380, https://10.0.0.${index + 1}:2379, ${name === learner}`,
    )
    .join('\n')
async function leaves(world: {
  readonly ill?: readonly string[]
  readonly silent?: readonly string[]
  readonly members?: string
  readonly heals?: boolean
}) {
  const { ill = [], silent = [], members = list(['m1', 'm2', 'm3']) } = world
  let looks = 0
  const made = remote((command, on) => {
    if (silent.includes(on)) return undefined
    if (command.includes('member list')) return members
    if (command.includes('endpoint health')) {
      looks += 1
      return ill.includes(on) && !(world.heals === true && looks > 3) ? undefined : 'is healthy'
    }
    if (command.includes('endpoint status')) return '[{"Status":{"header":{"member_id":26},"leader":26}}]'
    return ''
  })
  const context = { ...made.context, ...contextOn(hosts.host('m1'), withGiven(three, [systemUpgrade({})])) }
  const member = memberOn(context as never, context.cluster as never)
  assert.ok(member)
  const result = await membersDoWithout(context as never, member, {
    timeout: world.heals === true ? 10 : 0,
    peerPort: 2380,
    masters,
  }).then(() => 'goes', String)
  return { result, moved: made.commands.some(({ text }) => text.includes('move-leader 2a')) }
}
for (const [what, world, expected] of [
  ['both others are healthy, and the leader names one of them', {}, 'goes'],
  [
    'another one is ill',
    { ill: ['m2'] },
    /of 3 etcd members 2 others must be healthy meanwhile, and 1 are: not m2\. See to them/,
  ],
  ['its host can not be asked', { silent: ['m3'] }, /and 1 are: not m3/],
  ['nobody answers', { silent: ['m2', 'm3'] }, /no other etcd member answers \(m2, m3\)/],
  ['one that is ill comes back', { ill: ['m2'], heals: true }, 'goes'],
  ['a learner has no vote', { ill: ['m3'], members: list(['m1', 'm2', 'm3'], 'm3') }, 'goes'],
  [
    'members that the inventory does not know',
    { members: list(['m1', 'm2', 'm3', 'x', 'y']) },
    /of 5 etcd members 3 others must be healthy meanwhile, and 2 are: not one that the inventory does not have/,
  ],
] as const)
  test(`a member goes down: ${what}`, async () => {
    const { result, moved } = await leaves(world)
    if (typeof expected === 'string') assert.equal([result, moved], [expected, true])
    else {
      assert.match(result, expected)
      assert.not.ok(moved)
    }
  })

test('who has a member', () => {
  const of = (name: string, deployment: 'host' | 'kubeadm' | 'external') => {
    const context = contextOn(hosts.host(name), hosts)
    return memberOn(context as never, { ...context.cluster, etcdDeployment: deployment, leaving: [] } as never)
  }
  assert.equal(
    of('e1', 'host')?.others.map(({ name }) => name),
    ['m1', 'm2', 'm3'],
  )
  assert.is(of('n1', 'host'), undefined)
  assert.is(of('m1', 'external'), undefined)
  assert.is(of('e1', 'kubeadm'), undefined)
  assert.is(of('m1', 'kubeadm')?.at.podPki, '/etc/kubernetes/pki/etcd')
})

test('what closes the port at the next boot goes before it does anything, comes before the kubelet, and arms the net', () => {
  const { cluster } = contextOn(hosts.host('m1'), hosts)
  const { text } = closeAtBoot(cluster as never)
  assert.match(text, 'Before=kubelet.service')
  const [gone, armed, closed] = [
    'rm -f /etc/systemd/system/rota-closed-6443.service',
    'systemd-run',
    '--reject-with tcp-reset',
  ].map(part => text.indexOf(part))
  assert.ok(0 < (gone ?? 0) && (gone ?? 0) < (armed ?? 0) && (armed ?? 0) < (closed ?? 0), text)
})

assert.ok(facts.upgradable)
test.run()
