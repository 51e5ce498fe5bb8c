import type { Step, Task } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../engine/facts/fact.ts'
import { whyNot } from '../../../roles/control-plane/kubeadm/kubelet-refused.ts'
import { behind, readSeen, type Seen } from '../../../roles/control-plane/kubeadm/kubelet-seen.ts'
import { readPods } from '../../../roles/lib/drain/restart-on.ts'
import { apiServersAreNew } from '../../../roles/worker/masters-first.ts'
import { worker } from '../../../roles/worker/role.ts'
import { contextOn, host, inventory, withGiven } from '../support/inventory.ts'
import { remote } from '../support/remote.ts'
import { titlesOf, unitsOf } from '../support/role.ts'

const hosts = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'kube_node']),
  host('m2', '10.0.0.2', ['kube_control_plane']),
  host('n1', '10.0.1.1', ['kube_node']),
  host('r1', '10.0.2.1', ['calico_rr']),
])
const call = worker({ kubeVersion: '1.33.4' })
const titles = (name: string, made = call) => titlesOf(made, hosts.host(name), hosts)

test('nodes that are no masters, as kubespray counts them', () => {
  assert.equal(
    ['m1', 'm2', 'n1', 'r1'].map(name => titles(name).length > 0),
    [false, false, true, true],
  )
  assert.equal(titles('n1', worker({ kubeVersion: '1.33.4', method: 'binaries' })), [])
})

// What a host says of its kubelet: version of the program, of what runs, whose files.
const seen = (file: string, runs: string, ...more: readonly string[]): string =>
  ['node', `file ${file}`, `runs ${runs}`, 'path /usr/local/bin/kubelet', ...more].join('\n')

const states: readonly (readonly [string, string, readonly string[]])[] = [
  ['of the version', seen('v1.33.4', 'v1.33.4'), []],
  ['no node', 'file \nruns ', []],
  [
    'older, with the files of kubeadm',
    seen('v1.32.9', 'v1.32.9'),
    ['kubelet v1.33.4 is there', 'kubeadm upgrade node', 'the kubelet is v1.33.4'],
  ],
  [
    "older, with kubespray's",
    seen('v1.32.9', 'v1.32.9', 'env'),
    ['kubelet v1.33.4 is there', 'the kubelet is v1.33.4'],
  ],
  ['replaced, and not started anew: a run was cut short', seen('v1.33.4', 'v1.32.9'), ['the kubelet is v1.33.4']],
  ['stopped', seen('v1.33.4', '').replace(/\npath .*/, ''), ['the kubelet is v1.33.4']],
]
for (const [name, said, expected] of states)
  test(`what is done with a kubelet that is ${name}`, () => {
    const steps = unitsOf(call, hosts.host('n1'), hosts).filter((unit): unit is Step => 'run' in unit)
    const needed = steps.filter(step =>
      step.needed(
        factTable(
          ...Object.entries(step.facts).map(
            ([key, request]) =>
              [request, key === 'kubelet' ? { exitCode: 0, stdout: said, stderr: '' } : { type: 'absent' }] as const,
          ),
        ),
      ),
    )
    assert.equal(
      needed.map(({ title }) => title),
      expected,
    )
  })

test('programs are exchanged with the kubelet, and none of them by itself', () => {
  const programs = unitsOf(call, hosts.host('n1'), hosts).filter((unit): unit is Task =>
    unit.title.startsWith('program '),
  )
  assert.equal(
    programs.map(({ title }) => title),
    ['kubeadm', 'kubectl', 'kubelet'].map(name => `program /usr/local/bin/${name}`),
  )
  assert.equal(
    programs.map(({ args }) => (args as { readonly why: string }).why),
    [
      'it is not v1.33.4, and the kubelet of the node is not yet either',
      'it is not v1.33.4, and the kubelet of the node is not yet either',
      'it is not v1.33.4',
    ],
  )
  for (const { args } of programs) {
    const { onlyIf } = args as { readonly onlyIf: string }
    assert.match(onlyIf, '/etc/kubernetes/kubelet.conf')
    assert.match(onlyIf, /"\$\(runs\)" != v1\.33\.4/)
  }
})

test('kubeadm is asked before the program of the kubelet is exchanged: that tells whether it has been', () => {
  const all = titles('n1')
  assert.ok(all.indexOf('kubeadm upgrade node') < all.indexOf('program /usr/local/bin/kubelet'))
  assert.ok(all.indexOf('program /usr/local/bin/kubeadm') < all.indexOf('kubeadm upgrade node'))
})

test('what a host says is read, and nothing else of it', () => {
  assert.equal(readSeen({ stdout: seen('v1.32.9', 'v1.31.0', 'env') }), {
    isNode: true,
    isKubesprays: true,
    file: 'v1.32.9',
    runs: 'v1.31.0',
    path: '/usr/local/bin/kubelet',
  })
  assert.equal(readSeen({ stdout: 'file $(rm)\nruns v1.2\npath relative\nnodes' }), {
    isNode: false,
    isKubesprays: false,
  })
})

const node = (file: string, more: Partial<Seen> = {}): Seen => ({
  isNode: true,
  isKubesprays: true,
  file,
  runs: file,
  path: '/usr/local/bin/kubelet',
  ...more,
})
for (const [name, state, flags, expected] of [
  ['a minor version older', node('v1.32.9'), '', undefined],
  ['three minor versions older', node('v1.30.0'), '', undefined],
  ['a patch newer', node('v1.33.9'), '', undefined],
  ['a minor version newer', node('v1.34.0'), '', /it is v1\.34\.0, which is newer/],
  ['a newer one that runs', node('v1.32.0', { runs: 'v1.34.1' }), '', /it is v1\.34\.1/],
  ['no node', { ...node('v1.34.0'), isNode: false }, '', undefined],
  ['one that is what it shall be', node('v1.33.4'), 'unknown flag: --x', undefined],
  [
    'a flag that is gone',
    node('v1.23.9'),
    'unknown flag: --network-plugin',
    /kubelet v1\.33\.4 does not start with.*unknown flag: --network-plugin\. Take it out of \/etc\/kubernetes\/kubelet\.env/,
  ],
  [
    "a package's program",
    node('v1.32.9', { path: '/usr/bin/kubelet' }),
    '',
    /kubelet\.service starts \/usr\/bin\/kubelet, not \/usr\/local\/bin\/kubelet/,
  ],
  ['a link to an older one of ours', node('v1.32.9', { path: '/opt/kubernetes/v1.32.9/bin/kubelet' }), '', undefined],
  ['a stopped one', { isNode: true, isKubesprays: true, file: 'v1.32.9' }, '', undefined],
] as readonly (readonly [string, Seen, string, RegExp | undefined])[])
  test(`what is refused before a node is drained: ${name}`, () => {
    const at = {
      kubeVersion: '1.33.4',
      binDir: '/usr/local/bin',
      installDir: '/opt/kubernetes',
      kubeConfigDir: '/etc/kubernetes',
    }
    const problem = whyNot(at, state, flags)
    if (expected) assert.match(problem ?? '', expected)
    else assert.is(problem, undefined)
  })

test('why a kubelet is changed', () => {
  assert.is(behind(node('v1.32.9'), '1.33.4'), 'the kubelet is v1.32.9')
  assert.is(behind(node('v1.32.9', { runs: 'v1.33.4' }), 'v1.33.4'), 'its program is v1.32.9')
})

test('pods that are ready are those that have to be so again', () =>
  assert.equal(
    [
      ...readPods(
        'a/proxy\t\tRunning\tTrue\na/broken\t\tRunning\tFalse\na/job\t\tSucceeded\tFalse\na/ends\t2024-01-01T00:00:00Z\tRunning\tTrue\n',
      ),
    ],
    [
      ['a/proxy', true],
      ['a/broken', false],
    ],
  ))

/** Starts a made-up kubelet anew; what its node and its pods say at each look, the last of them for ever. */
async function restarted(states: readonly string[], pods: readonly string[]) {
  const next = (list: readonly string[], look: number): string => list[Math.min(look, list.length - 1)] ?? ''
  let [looks, podLooks] = [0, 0]
  const made = remote(command => {
    if (command.includes(' get pods ')) return next(pods, podLooks++)
    if (command.includes('kubeletVersion')) return next(states, looks++)
    return command.includes('is-active') ? 'failed\nE0101 no such flag' : ''
  })
  const quick = worker({ kubeVersion: '1.33.4', readyTimeout: 1 })
  const unit = unitsOf(quick, hosts.host('n1'), hosts).find(
    (item): item is Step => item.title === 'the kubelet is v1.33.4',
  )
  assert.ok(unit)
  const context = { ...made.context, ...contextOn(hosts.host('n1'), withGiven(hosts, [quick])) }
  return { ...made, result: await unit.run(context as never).then(done => done?.summary, String) }
}
const podOf = (ready: string): string => `default/web\t\tRunning\t${ready}\n`
for (const [name, states, pods, expected] of [
  ['it is new at the second look', ['v1.32.9 True', 'v1.33.4 True'], [podOf('True')], /^n1 is Ready with it$/],
  [
    'not Ready with the new version',
    ['v1.33.4 False'],
    [podOf('True')],
    /n1 is not Ready with kubelet v1\.33\.4.*kubelet\.service is failed\)\nkubelet: E0101 no such flag/,
  ],
  ['Ready with the old one', ['v1.32.9 True'], [podOf('True')], /n1 is Ready with kubelet v1\.32\.9, not v1\.33\.4/],
  [
    'a pod does not come back',
    ['v1.33.4 True'],
    [podOf('True'), podOf('False')],
    /default\/web on n1 is not ready any more/,
  ],
  ['a pod was not ready before either', ['v1.33.4 True'], [podOf('False')], /^n1 is Ready with it$/],
] as const)
  test(`after its restart: ${name}`, async () => {
    const { result, commands } = await restarted(states, pods)
    assert.match(result ?? '', expected)
    assert.ok(commands.some(({ text }) => text === 'systemctl restart kubelet'))
  })
test('no kubelet is started anew that nobody could be asked about', async () => {
  const { context, commands } = remote(() => undefined)
  const unit = unitsOf(call, hosts.host('n1'), hosts).find((item): item is Step =>
    item.title.startsWith('the kubelet is'),
  )
  const given = { ...context, ...contextOn(hosts.host('n1'), withGiven(hosts, [call])) }
  assert.ok(unit)
  assert.match(await unit.run(given as never).then(() => '', String), 'nothing is restarted')
  assert.not(commands.some(({ text }) => text.includes('restart')))
})

const masters = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane'], { kube_version: '1.33.4' }),
  host('m2', '10.0.0.2', ['kube_control_plane']),
  host('n1', '10.0.1.1', ['kube_node'], { kube_version: '1.33.4' }),
])
for (const [name, versions, expected] of [
  ['all are', { m1: 'v1.33.4', m2: 'v1.34.0' }, undefined],
  [
    'one is older',
    { m1: 'v1.33.4', m2: 'v1.32.9' },
    /the API server of m2 is v1\.32\.9: a kubelet may not be newer.*--tags master/,
  ],
  ['one is silent', { m1: 'v1.33.4' }, undefined],
  ['nobody answers', {}, /no API server answers/],
] as readonly (readonly [string, Readonly<Record<string, string>>, RegExp | undefined])[])
  test(`the API servers come first: ${name}`, async () => {
    const { context, commands, said } = remote((command, on) => {
      const version = command.includes('/version') ? versions[on] : undefined
      return version === undefined ? undefined : JSON.stringify({ gitVersion: version })
    })
    const hook = apiServersAreNew()
    const given = { ...context, ...contextOn(masters.host('n1'), withGiven(masters, [])) } as never
    const problem = await hook.announce?.(given).then(() => '', String)
    if (expected) assert.match(problem ?? '', expected)
    else assert.is(problem, '')
    assert.is(said.length, name === 'one is silent' ? 1 : 0)
    // Of the next node nobody is asked again.
    const asked = commands.length
    await hook.announce?.(given).catch(() => {})
    assert.is(commands.length, asked)
  })

test.run()
