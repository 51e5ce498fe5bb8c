import { createHash } from 'node:crypto'
import type { PathFact, Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../../engine/facts/fact.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import type { Addon } from '../../../../roles/control-plane/kubeadm/addon.ts'
import { becomeMaster } from '../../../../roles/control-plane/kubeadm/become-master.ts'
import { etcdClientIsThere, traditional } from '../../../../roles/control-plane/kubeadm/etcd-client.ts'
import { clusterConfig, manifests, tagIn } from '../../../../roles/control-plane/kubeadm/seen.ts'
import {
  isOlder,
  joinsItsMinor,
  minorMayFollow,
  skewProblem,
  versionMayFollow,
} from '../../../../roles/control-plane/kubeadm/skew.ts'
import { upgradeMaster, upgradeWords } from '../../../../roles/control-plane/kubeadm/upgrade.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { kubeBinaries } from '../../../../roles/kube-binaries/role.ts'
import type { PreparedCertificates } from '../../../../roles/lib/pki/index.ts'
import { newKey } from '../../../../roles/lib/pki/make.ts'
import { smallCluster } from '../../support/inventory.ts'
import { remote } from '../../support/remote.ts'
import { paramsOf, titlesOf } from '../../support/role.ts'

const cluster = smallCluster()
const params = (more: Partial<Params> = {}): Params =>
  paramsOf(controlPlane({ method: 'kubeadm', etcdDeployment: 'kubeadm', kubeVersion: 'v1.20.3', ...more }))

const skews: readonly (readonly [from: string, to: string, problem?: RegExp])[] = [
  ['v1.20.2', 'v1.20.3'],
  ['v1.20.9', 'v1.20.10'],
  ['v1.20.3', '1.20.3'],
  ['v1.20.3', 'v1.21.0'],
  ['v1.20.3', 'v1.22.0', /a minor version is left out: upgrade to v1\.21 first/],
  ['v1.20.10', 'v1.20.9', /does not go back/],
  ['v1.21.0', 'v1.20.3', /does not go back/],
  ['v1.20.0', 'v1.20.0-rc.1', /does not go back/],
  ['v1.33.0', 'v2.0.0', /left out/],
]
for (const [from, to, problem] of skews)
  test(`${from} to ${to}`, () => {
    const found = skewProblem(from, to)
    if (problem === undefined) assert.is(found, undefined)
    else assert.match(found ?? '', problem)
  })
test('versions are compared as numbers', () => {
  assert.ok(isOlder('v1.9.10', 'v1.10.2'))
  assert.not(isOlder('v1.20.3', 'v1.20.3'))
  assert.ok(isOlder('v1.20.0-rc.1', 'v1.20.0'))
  assert.ok(isOlder('v1.20.2+a', 'v1.20.3+a'))
  assert.ok(isOlder('v1.20.2_a-1', 'v1.20.3'))
  assert.not(isOlder('v1.20.3_a-1', 'v1.20.3+b'))
})
for (const [text, tag] of [
  ['    image: k8s.gcr.io/kube-apiserver:v1.20.2\n', 'v1.20.2'],
  ['    image: host:5000/kube-apiserver:v1.31.0-rc.1@sha256:00\n', 'v1.31.0-rc.1'],
  ['    image: k8s.gcr.io/kube-apiserver\n', undefined],
] as const)
  test(`the version in ${text.trim()}`, () => assert.is(tagIn(text), tag))

const absent: PathFact = { type: 'absent' }
const file = (text: string, sha256 = ''): PathFact => ({
  type: 'file',
  mode: '0600',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  size: text.length,
  modified: 1,
  sha256,
  content: { base64: Buffer.from(text).toString('base64') },
})
const manifest = (name: string, version: string) => file(`    image: k8s.gcr.io/${name}:${version}\n`)

const needed = (step: Step, values: Readonly<Record<string, unknown>>) =>
  step.needed(
    factTable(...Object.entries(step.facts).map(([name, request]) => [request, values[name] ?? absent] as const)),
  )
const seen = (versions: readonly [string, string, string], config: string | undefined) => ({
  'kube-apiserver': manifest('kube-apiserver', versions[0]),
  'kube-controller-manager': manifest('kube-controller-manager', versions[1]),
  'kube-scheduler': manifest('kube-scheduler', versions[2]),
  config: { exitCode: config === undefined ? 1 : 0, stdout: config ?? '', stderr: '' },
})
const upgrades: readonly (readonly [string, ReturnType<typeof seen>, string | false])[] = [
  ['all is new', seen(['v1.20.3', 'v1.20.3', 'v1.20.3'], 'kubernetesVersion: v1.20.3'), false],
  ['nothing yet', seen(['v1.20.2', 'v1.20.2', 'v1.20.2'], 'kubernetesVersion: v1.20.2'), 'kube-apiserver is v1.20.2'],
  ['cut short between two pods', seen(['v1.20.3', 'v1.20.3', 'v1.20.2'], undefined), 'kube-scheduler is v1.20.2'],
  [
    'cut short before its end',
    seen(['v1.20.3', 'v1.20.3', 'v1.20.3'], 'kubernetesVersion: v1.20.2'),
    "the cluster's configuration is v1.20.2",
  ],
  ['the API server is down for a moment', seen(['v1.20.3', 'v1.20.3', 'v1.20.3'], undefined), false],
]
test('upgrade: a call that has begun and not ended', () => {
  const values = { ...seen(['v1.20.3', 'v1.20.3', 'v1.20.3'], 'kubernetesVersion: v1.20.3'), begun: file('apply\n') }
  assert.is(needed(upgradeMaster(params()), values), 'an earlier apply has not ended')
  assert.is(needed(upgradeMaster(params()), { ...values, begun: file('') }), 'an earlier upgrade has not ended')
})
for (const [name, values, expected] of upgrades)
  test(`upgrade: ${name}`, () => assert.is(needed(upgradeMaster(params()), values), expected))

const masters: readonly (readonly [string, Readonly<Record<string, PathFact>>, string | false])[] = [
  ['a fresh host', {}, 'this host is no master yet'],
  ['a master', { manifest: file(''), kubelet: file('') }, false],
  ['half a master', { manifest: file('') }, 'this host is half a master'],
  [
    'a join that was cut short',
    { manifest: file(''), kubelet: file(''), marker: file('') },
    'an earlier run has not ended',
  ],
]
for (const [name, values, expected] of masters)
  test(`init or join: ${name}`, () => assert.is(needed(becomeMaster(params()), values), expected))

const key = newKey()
const prepared: PreparedCertificates = {
  pair: name => ({ certificate: `CERTIFICATE ${name}`, key }),
  serviceAccount: { key: '', publicKey: '' },
}
const sum = (content: string): PathFact => file('', createHash('sha256').update(content).digest('hex'))
const ours = {
  ca: sum('CERTIFICATE etcd/ca'),
  crt: sum('CERTIFICATE kubeadm/apiserver-etcd-client'),
  key: sum(traditional(key)),
}
const uses = file('    - --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt\n')
const clients: readonly (readonly [string, Readonly<Record<string, PathFact>>, string | false])[] = [
  ['a fresh host', {}, 'this host is no master yet'],
  ['it is there', { ...ours, manifest: uses }, false],
  ['made anew on the control machine', { ...ours, crt: sum('OLD'), manifest: uses }, 'it was made anew'],
  ['a cluster with an etcd of its own', { ...ours, ca: sum('OTHER'), crt: sum('OTHER'), manifest: uses }, false],
  ['one that has its client elsewhere', { manifest: file('    - --etcd-certfile=/etc/ssl/etcd/node.pem\n') }, false],
]
for (const [name, values, expected] of clients)
  test(`client of etcd: ${name}`, () => assert.is(needed(etcdClientIsThere(params(), prepared), values), expected))

test('kubeadm passes on a key by its kind', () => assert.match(traditional(key), /^-----BEGIN EC PRIVATE KEY-----/))

test('the skew is refused on the host as it is seen there', () => {
  const refused = (from: string, to: string) => {
    const task = versionMayFollow({ manifestDir: '/etc/kubernetes/manifests', kubeVersion: to })
    const facts = Object.values(manifests({ manifestDir: '/etc/kubernetes/manifests' })).map(
      (request, index) => [request, index === 0 ? manifest('kube-apiserver', from) : absent] as const,
    )
    return task.kind.plan(task.args, factTable(...facts), { changed: false, diff: false })?.refused
  }
  assert.is(refused('v1.20.2', 'v1.20.3'), undefined)
  assert.match(
    refused('v1.20.2', 'v1.22.0') ?? '',
    /^kube-apiserver from v1\.20\.2 to v1\.22\.0 a minor version is left out/,
  )
})

const newcomers: readonly (readonly [string, own: PathFact, others: string, wanted: string, refused: boolean])[] = [
  ['a new master and a new minor version', absent, 'v1.20.3', 'v1.21.0', true],
  ['a new master and a new patch', absent, 'v1.20.2', 'v1.20.3', false],
  ['a new master of the same version', absent, 'v1.20.3', 'v1.20.3', false],
  ['a new minor version alone', manifest('kube-apiserver', 'v1.20.3'), 'v1.20.3', 'v1.21.0', false],
]
for (const [name, own, others, wanted, refused] of newcomers)
  test(`what can not begin is refused: ${name}`, () => {
    const peers = new Map([
      ['m1', { apiServer: manifest('kube-apiserver', others) }],
      ['m2', undefined],
      ['m3', { apiServer: own }],
    ])
    const task = joinsItsMinor(params({ kubeVersion: wanted }), cluster.host('m3'), peers)
    const facts = factTable(...task.kind.facts(task.args, { diff: false }).map(request => [request, own] as const))
    const plan = task.kind.plan(task.args, facts, { changed: false, diff: false })
    if (refused) assert.match(plan?.refused ?? '', /^m3 is no master yet, and the cluster is v1\.20\.3: upgrade/)
    else assert.is(plan?.refused, undefined)
  })
test('every master is asked for it', () => {
  const call = controlPlane({ method: 'kubeadm', kubeVersion: 'v1.21.0' })
  const asked = call.role.peers?.({ params: params(), host: cluster.host('m3'), inventory: cluster } as never)
  assert.equal(asked?.hosts, ['m1', 'm2', 'm3'])
  assert.ok(asked && 'apiServer' in asked.facts(cluster.host('m1')))
})

const unitFile = (version: string) => file(`ExecStart=/opt/kubernetes/${version}/bin/kube-apiserver \\\n`)
const followers: readonly (readonly [string, Readonly<Record<string, PathFact>>, string, RegExp | undefined])[] = [
  ['a fresh host', {}, 'v1.22.0', undefined],
  ['units, the next minor version', { unit: unitFile('v1.20.2') }, 'v1.21.0', undefined],
  ['units, back to an older patch', { unit: unitFile('v1.20.3') }, 'v1.20.2', undefined],
  [
    'units, one left out',
    { unit: unitFile('v1.20.2') },
    'v1.22.0',
    /^from v1\.20\.2 to v1\.22\.0 a minor version is left/,
  ],
  ['units, back', { unit: unitFile('v1.21.0') }, 'v1.20.3', /^v1\.21\.0 is newer than v1\.20\.3: a control plane/],
  ['units of somebody else', { unit: file('ExecStart=/usr/bin/kube-apiserver') }, 'v1.22.0', undefined],
  ['static pods, one left out', { pod: manifest('kube-apiserver', 'v1.20.2') }, 'v1.22.0', /left out/],
]
for (const [name, { unit = absent, pod = absent }, to, problem] of followers)
  test(`whoever runs it, the version has to follow: ${name}`, () => {
    const task = minorMayFollow({ manifestDir: '/etc/kubernetes/manifests', kubeVersion: to })
    const of = (args: string) => (args.includes('.service') ? unit : args.includes('kube-apiserver') ? pod : absent)
    const facts = task.kind
      .facts(task.args, { diff: false })
      .map(request => [request, of(JSON.stringify(request.args))] as const)
    const refused = task.kind.plan(task.args, factTable(...facts), { changed: false, diff: false })?.refused
    if (problem === undefined) assert.is(refused, undefined)
    else assert.match(refused ?? '', problem)
  })
for (const method of ['binaries', 'static-pods'] as const)
  test(`the programs are not even brought otherwise: ${method}`, () =>
    assert.is(
      titlesOf(kubeBinaries({ method, kubeVersion: 'v1.20.3', source: '/cache' }), cluster.host('m1'), cluster)[0],
      'assert that the control plane can go to v1.20.3 from here',
    ))

test('a kubelet that would not start is found out before anything of a master moves', () => {
  const call = controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.3' })
  const titles = titlesOf(call, cluster.host('m1'), cluster)
  const asked = titles.indexOf('assert that the kubelet can be v1.20.3')
  assert.ok(asked >= 0, titles.join('\n'))
  // Assertions are made of a stage as a whole, before its first change.
  assert.ok(
    titles.slice(0, asked).every(title => title.startsWith('assert ')),
    titles.join('\n'),
  )
})

const nothing = { skip: [], patches: false } as const
const words: readonly (readonly [string, Partial<Params>, boolean, Parameters<typeof upgradeWords>[2], string])[] = [
  ['apply', {}, true, nothing, 'apply -y v1.20.3 --certificate-renewal=true --etcd-upgrade=true'],
  [
    'node on the others, with what the params say',
    { etcdDeployment: 'host', certificateRenewal: false, ignorePreflightErrors: ['ImagePull'] },
    false,
    { ...nothing, skip: ['addon/coredns'] },
    'node --certificate-renewal=false --etcd-upgrade=false --ignore-preflight-errors=ImagePull',
  ],
  [
    'there is no DNS to migrate where its addon is left out',
    {},
    true,
    { ...nothing, skip: ['addon/coredns'] },
    'apply -y v1.20.3 --certificate-renewal=true --etcd-upgrade=true --ignore-preflight-errors=CoreDNSUnsupportedPlugins,CoreDNSMigration',
  ],
  [
    'all checks are all, whatever else there is: kubeadm refuses a name beside it',
    { ignorePreflightErrors: ['All', 'ImagePull'] },
    true,
    { ...nothing, skip: ['addon/coredns'] },
    'apply -y v1.20.3 --certificate-renewal=true --etcd-upgrade=true --ignore-preflight-errors=all',
  ],
  [
    'an older one can not be told',
    {},
    false,
    { ...nothing, skip: ['addon/kube-proxy'] },
    'node --certificate-renewal=true --etcd-upgrade=true',
  ],
  [
    'a newer one is told, of a node too',
    { kubeVersion: 'v1.32.0' },
    false,
    { ...nothing, skip: ['addon/kube-proxy'] },
    'node --certificate-renewal=true --etcd-upgrade=true --skip-phases=addon/kube-proxy',
  ],
  [
    'patches go on',
    { kubeVersion: 'v1.30.0' },
    false,
    { ...nothing, patches: true },
    'node --certificate-renewal=true --etcd-upgrade=true --patches=/etc/kubernetes/patches',
  ],
]
for (const [name, more, applies, how, expected] of words)
  test(`words of the upgrade: ${name}`, () =>
    assert.is(upgradeWords(params(more), applies, how).join(' '), `upgrade ${expected}`))

interface Life {
  readonly fails?: number
  /** What an earlier run has left on the host. */
  readonly begun?: string
  /** An apply uploads the new version before it fails. */
  readonly uploads?: boolean
  readonly before?: readonly Addon[]
  readonly after?: readonly Addon[]
  /** What the API server says to an object that is put back. */
  readonly answer?: Addon
}

/** An upgrade on `m2`, while the cluster's configuration says this. */
async function upgraded(
  config: string,
  { fails = 0, begun = '', uploads = false, before = [], after = before, answer }: Life = {},
) {
  let failures = fails
  let mark = begun
  let version = config
  let called = false
  const { context, commands } = remote(command => {
    if (command.includes('kubeadm upgrade ')) {
      called = true
      if (uploads) version = 'v1.20.3'
      return failures-- > 0 ? undefined : ''
    }
    const written = /echo (apply|node) >/.exec(command)?.[1]
    if (written !== undefined) {
      mark = written
      return ''
    }
    if (/^rm -f .*\.rota-kubeadm-upgrade/.test(command)) mark = ''
    if (/^cat .*\.rota-kubeadm-upgrade/.test(command)) return mark
    if (/^cat .*\.rota-addons-before/.test(command)) return JSON.stringify({ items: before })
    if (command.includes('daemonset/kube-proxy') && command.includes('-o json'))
      return JSON.stringify({ items: called ? after : before })
    if (command.includes('replace --raw')) return JSON.stringify(answer)
    if (command.includes('kubeadm-config')) return `kubernetesVersion: ${version}\n`
    if (command.startsWith('ls ')) return ''
    return 'ok'
  })
  const step = upgradeMaster(params())
  const result = await step.run({ ...context, host: cluster.host('m2'), inventory: cluster }).then(
    value => value?.summary,
    (error: Error) => error.message,
  )
  return { result, mark, commands, ran: commands.flatMap(({ text }) => /kubeadm (upgrade \w+)/.exec(text)?.[1] ?? []) }
}
test('whoever comes first applies, whether it is the first master or not', async () => {
  assert.equal((await upgraded('v1.20.2')).ran, ['upgrade apply'])
  assert.equal((await upgraded('v1.20.3')).ran, ['upgrade node'])
})
test('it is tried three times', async () => {
  assert.is((await upgraded('v1.20.2', { fails: 2 })).ran.length, 3)
  assert.match((await upgraded('v1.20.2', { fails: 3 })).result ?? '', /^kubeadm upgrade failed/)
})
test('an apply that is cut short is one until it has ended well, although the version is there already', async () => {
  assert.equal((await upgraded('v1.20.2', { fails: 2, uploads: true })).ran, [
    'upgrade apply',
    'upgrade apply',
    'upgrade apply',
  ])
  const again = await upgraded('v1.20.3', { begun: 'apply' })
  assert.equal(again.ran, ['upgrade apply'])
  assert.is(again.mark, '')
})
test('what has not ended stays written down', async () => {
  assert.is((await upgraded('v1.20.2', { fails: 3 })).mark, 'apply')
  assert.is((await upgraded('v1.20.3', { fails: 3 })).mark, 'node')
  assert.is((await upgraded('v1.20.3')).mark, '')
})
test('the mark is whole before the call, and it is the last that goes', async () => {
  const { commands } = await upgraded('v1.20.2')
  const texts = commands.map(({ text }) => text)
  const [begun, call, gone] = [
    /mv -f .*\.rota-kubeadm-upgrade$/m,
    /kubeadm upgrade/,
    /^rm -f .*\.rota-kubeadm-upgrade/,
  ].map(pattern => texts.findIndex(text => pattern.test(text)))
  assert.ok(
    begun !== undefined && call !== undefined && gone !== undefined && 0 <= begun && begun < call && call < gone,
  )
})
test('two masters are never upgraded at once, whatever the batch', async () => {
  const { commands } = await upgraded('v1.20.3')
  const texts = commands.map(({ text }) => text)
  const [take, call, give] = [
    /echo m2 .*>\/run\/rota-kubeadm\)/,
    /kubeadm upgrade/,
    /^read .* != m2 \] \|\| rm -rf/,
  ].map(pattern => texts.findIndex(text => pattern.test(text)))
  assert.ok(take !== undefined && call !== undefined && give !== undefined && 0 <= take && take < call && call < give)
})
const dns: Addon = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 1 } },
  metadata: { name: 'coredns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns', mode: 'Reconcile' } },
}
const service: Addon = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kube-dns', namespace: 'kube-system' } }
const taken: Addon = { ...dns, metadata: { ...dns.metadata, resourceVersion: '7' }, spec: { replicas: 2 } }
test("kubespray's CoreDNS is put back, and what kubeadm has made beside it goes", async () => {
  const answer = { ...dns, metadata: { ...dns.metadata, resourceVersion: '8' } }
  const made = await upgraded('v1.20.2', { before: [dns], after: [taken, service], answer })
  assert.match(
    made.result ?? '',
    /Deployment coredns is as it was; service\/kube-dns, which was not there, is gone again/,
  )
  const put = made.commands.find(({ text }) => text.includes('replace --raw'))
  assert.match(put?.text ?? '', /--raw \/apis\/apps\/v1\/namespaces\/kube-system\/deployments\/coredns -f -/)
  assert.equal(JSON.parse(put?.stdin ?? ''), { ...dns, metadata: { ...dns.metadata, resourceVersion: '7' } })
})
test('the upgrade has not ended before what it moved is proven to be as it was', async () => {
  const made = await upgraded('v1.20.2', { before: [dns], after: [taken], answer: taken })
  assert.match(made.result ?? '', /^Deployment coredns was put back, and is not as it was: \.spec\.replicas/)
  assert.is(made.mark, 'apply')
})
test('fields that a newer API server has by default are no difference, and an object that it has left alone is not told', async () => {
  const newer = { ...taken, spec: { replicas: 1, newer: true } }
  const made = await upgraded('v1.20.2', { before: [dns], after: [newer], answer: newer })
  assert.match(made.result ?? '', /^applied v1\.20\.3, the cluster was v1\.20\.2$/)
})
test('a cluster that is newer than what is asked for is not touched', async () => {
  const { result, ran } = await upgraded('v1.21.0')
  assert.match(result ?? '', /the cluster's configuration: v1\.21\.0 is newer than v1\.20\.3/)
  assert.equal(ran, [])
})
test('one program reads both parts of the configuration', () =>
  assert.match(JSON.stringify(clusterConfig(params())), 'ClusterStatus'))

test.run()
