import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import type { PathFact } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../../engine/facts/fact.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { knowsEtcdMembers, tellEtcdMembers } from '../../../../roles/control-plane/kubeadm/etcd-members.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import type { PreparedCertificates } from '../../../../roles/lib/pki/index.ts'
import { newKey } from '../../../../roles/lib/pki/make.ts'
import { host, inventory, smallCluster } from '../../support/inventory.ts'
import { remote } from '../../support/remote.ts'
import { paramsOf } from '../../support/role.ts'

const cluster = smallCluster()
const m1 = cluster.host('m1')
const params = (more: Partial<Params> = {}): Params =>
  paramsOf(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.2', ...more }))
const key = newKey()
const prepared: PreparedCertificates = {
  pair: name => ({ certificate: `CERTIFICATE ${name}`, key }),
  serviceAccount: { key: '', publicKey: '' },
}

const url = (last: number) => `https://10.0.0.${last}:2379`
const manifest = (members: readonly number[], client = '/etc/kubernetes/pki/apiserver-etcd-client.crt') =>
  `spec:
  containers:
  - command:
    - kube-apiserver
    - --etcd-certfile=${client}
    - --etcd-servers=${members.map(url).join(',')}
    - --own=flag
`
const config = (
  members: readonly number[],
  client = '/etc/kubernetes/pki/apiserver-etcd-client.crt',
) => `apiVersion: kubeadm.k8s.io/v1beta2
etcd:
  external:
    caFile: /etc/kubernetes/pki/etcd/ca.crt
    certFile: ${client}
    endpoints:
${members.map(member => `    - ${url(member)}\n`).join('')}kind: ClusterConfiguration
`
const file = (text: string): PathFact => ({
  type: 'file',
  mode: '0600',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  size: text.length,
  modified: 1,
  sha256: createHash('sha256').update(text).digest('hex'),
  content: { base64: Buffer.from(text).toString('base64') },
})

const ours = 'CERTIFICATE etcd/ca'
const theirs = '/etc/ssl/etcd/ssl/node-m1.pem'
const cases: readonly (readonly [string, manifest: string, config: string, ca: string, string | false])[] = [
  ['all know all', manifest([3, 1, 2]), config([1, 2, 3]), ours, false],
  ['a member was replaced', manifest([1, 2, 9]), config([1, 2, 3]), ours, `it asks ${[1, 2, 9].map(url).join(', ')}`],
  ['a member is new', manifest([1, 2]), config([1, 2, 3]), ours, `it asks ${[1, 2].map(url).join(', ')}`],
  [
    'those that join would be told old ones',
    manifest([1, 2, 3]),
    config([1]),
    ours,
    `the cluster's configuration has ${url(1)}`,
  ],
  ['the configuration can not be read for a moment', manifest([1, 2, 3]), '', ours, false],
  ["somebody else's etcd", manifest([7]), config([7]), 'OTHER', false],
  ["kubespray's etcd", manifest([1, 2, 3], theirs), config([1, 2, 3]), 'OTHER', false],
  [
    "kubespray's etcd, a member of which was replaced",
    manifest([1, 2, 9], theirs),
    config([1, 2, 9]),
    'OTHER',
    `it asks ${[1, 2, 9].map(url).join(', ')}`,
  ],
  ["kubespray's etcd by other addresses", manifest([7, 8], theirs), config([7, 8]), 'OTHER', false],
  ["somebody else's client", manifest([1], '/etc/ssl/etcd/client.pem'), config([1]), 'OTHER', false],
  ['no master yet', '', '', ours, false],
]
for (const [name, text, cluster_, ca, expected] of cases)
  test(`etcd members: ${name}`, () => {
    const step = knowsEtcdMembers(params(), cluster, prepared)
    const values: Readonly<Record<string, unknown>> = {
      manifest: file(text),
      ca: file(ca),
      config: { exitCode: cluster_ === '' ? 1 : 0, stdout: cluster_, stderr: '' },
    }
    const facts = Object.entries(step.facts).map(([fact, request]) => [request, values[fact]] as const)
    assert.is(step.needed(factTable(...facts)), expected)
  })

const answer = (command: string) => {
  if (command.includes('-o json') && !command.includes('jsonpath'))
    return JSON.stringify({ data: { ClusterConfiguration: config([1]) } })
  return command.includes('ca.crt') ? ours : ''
}
const replacedBy = (commands: readonly { readonly text: string; readonly stdin?: string }[]) =>
  commands.find(({ text }) => text.includes('replace -f -'))?.stdin

test('only that flag of the manifest changes, and no second manifest is ever there', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-etcd-'))
  const path = join(dir, 'kube-apiserver.yaml')
  writeFileSync(path, manifest([1]))
  const { context, commands } = remote(answer)
  await knowsEtcdMembers(params({ manifestDir: dir }), cluster, prepared).run({
    ...context,
    host: m1,
    inventory: cluster,
  })
  execaSync('sh', ['-c', commands.find(({ text }) => text.startsWith('cp -p'))?.text ?? ''])
  assert.is(readFileSync(path, 'utf8'), manifest([1, 2, 3]))
  assert.equal(readdirSync(dir), ['kube-apiserver.yaml'])
  assert.match(replacedBy(commands) ?? '', [1, 2, 3].map(member => `- ${url(member)}`).join('\\n      '))
  rmSync(dir, { recursive: true })
})
for (const [name, theirs, told] of [
  ['of the same authority', ours, true],
  ['of another one', 'OTHER', false],
] as const)
  test(`a master that joins is told the members of an etcd ${name}: ${told}`, async () => {
    const { context, commands } = remote((command, on) =>
      on === 'm2' && command.includes('ca.crt') ? theirs : answer(command),
    )
    await tellEtcdMembers({ ...context, host: m1, inventory: cluster }, params(), context.on('m2'))
    assert.is(replacedBy(commands) !== undefined, told)
  })

test("a master that joins is told the members of kubespray's etcd, and nothing where they are known", async () => {
  for (const [members, told] of [
    [[1, 2], true],
    [[1, 2, 3], false],
    [[7, 8], false],
  ] as const) {
    const { context, commands } = remote(command =>
      command.includes('-o json') && !command.includes('jsonpath')
        ? JSON.stringify({ data: { ClusterConfiguration: config(members, theirs) } })
        : '',
    )
    await tellEtcdMembers({ ...context, host: m1, inventory: cluster }, params(), context.on('m2'))
    assert.is(replacedBy(commands) !== undefined, told, members.join())
  }
})

/** How kubespray's releases have their API servers ask, and what is to be asked then; `[1]` for the first member. */
const addressed = inventory(
  [1, 2].map(n => ({
    ...host(`m${n}`, `192.0.2.${n}`, ['kube_control_plane', 'etcd'], { etcd_access_address: `etcd-${n}.example` }),
    ip: `10.0.0.${n}`,
  })),
)
const ways: readonly (readonly [string, (n: number) => string, boolean])[] = [
  ['at etcd_access_address', n => `https://etcd-${n}.example:2379`, true],
  ['at access_ip', n => `https://192.0.2.${n}:2379`, true],
  ['at ip', url, true],
  ['at addresses that are nowhere', n => `https://10.9.0.${n}:2379`, false],
]
for (const [way, urlOf, known] of ways)
  test(`kubespray's etcd that is asked ${way} ${known ? 'goes on being so, also by new masters' : 'is left alone'}`, async () => {
    const asked = (text: string) => text.replaceAll(/https:\/\/10\.0\.0\.(\d):2379/g, (_, n) => urlOf(Number(n)))
    const step = knowsEtcdMembers(params(), addressed, prepared)
    const needed = (members: readonly number[], told: readonly number[]) => {
      const values: Readonly<Record<string, unknown>> = {
        manifest: file(asked(manifest(members, theirs))),
        ca: file('OTHER'),
        config: { exitCode: 0, stdout: asked(config(told, theirs)), stderr: '' },
      }
      return step.needed(factTable(...Object.entries(step.facts).map(([name, fact]) => [fact, values[name]] as const)))
    }
    assert.is(needed([1, 2], [1, 2]), false)
    assert.is(needed([1], [1, 2]), known && `it asks ${urlOf(1)}`)
    assert.is(needed([1, 2], [1]), known && `the cluster's configuration has ${urlOf(1)}`)
    const { context, commands } = remote(command =>
      command.includes('-o json') && !command.includes('jsonpath')
        ? JSON.stringify({ data: { ClusterConfiguration: asked(config([1], theirs)) } })
        : asked(manifest([1], theirs)),
    )
    const told = { ...context, host: addressed.host('m1'), inventory: addressed }
    await tellEtcdMembers(told, params(), context.on('m2'))
    assert.is(replacedBy(commands)?.includes(`- ${urlOf(2)}`) ?? false, known)
    if (!known) return
    await step.run(told)
    assert.ok(commands.some(({ text }) => text.includes(`--etcd-servers=${urlOf(1)},${urlOf(2)}#`)))
  })
test('what is written of two releases stays as it is in each place', () => {
  const step = knowsEtcdMembers(params(), addressed, prepared)
  const values: Readonly<Record<string, unknown>> = {
    manifest: file(manifest([1, 2], theirs)),
    ca: file('OTHER'),
    config: { exitCode: 0, stdout: config([1, 2], theirs).replaceAll('10.0.0.', '192.0.2.'), stderr: '' },
  }
  const table = factTable(...Object.entries(step.facts).map(([name, fact]) => [fact, values[name]] as const))
  assert.is(step.needed(table), false)
})
test('the kind of address is the one that most members are asked at, and one that is asked twice is one', () => {
  // `ip` and `access_ip` of a host may be the same, and `etcd_access_address` is set where it has to be.
  const mixed = inventory(
    [1, 2, 3].map(n => ({
      ...host(`m${n}`, n === 1 ? '10.0.0.1' : `192.0.2.${n}`, ['kube_control_plane', 'etcd']),
      ip: `10.0.0.${n}`,
    })),
  )
  const some = inventory(
    [1, 2, 3].map(n =>
      host(
        `m${n}`,
        `10.0.0.${n}`,
        ['kube_control_plane', 'etcd'],
        n === 1 ? { etcd_access_address: 'etcd-1.example' } : {},
      ),
    ),
  )
  const one = inventory(
    [1, 2, 3].map(n =>
      host(`m${n}`, `10.0.0.${n}`, ['kube_control_plane', 'etcd'], { etcd_access_address: '10.0.0.9' }),
    ),
  )
  for (const [of, asked] of [
    [mixed, [1, 2, 3]],
    [some, [1, 2, 3]],
    [one, [9, 9, 9]],
  ] as const) {
    const step = knowsEtcdMembers(params(), of, prepared)
    const values: Readonly<Record<string, unknown>> = {
      manifest: file(manifest(asked, theirs)),
      ca: file('OTHER'),
      config: { exitCode: 0, stdout: config(asked, theirs), stderr: '' },
    }
    const table = factTable(...Object.entries(step.facts).map(([name, fact]) => [fact, values[name]] as const))
    assert.is(step.needed(table), false)
  }
})

test.run()
