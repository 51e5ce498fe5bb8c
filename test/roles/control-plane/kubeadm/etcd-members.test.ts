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
import { smallCluster } from '../../support/inventory.ts'
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
const config = (members: readonly number[]) => `apiVersion: kubeadm.k8s.io/v1beta2
etcd:
  external:
    caFile: /etc/kubernetes/pki/etcd/ca.crt
    certFile: /etc/kubernetes/pki/apiserver-etcd-client.crt
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
  ["kubespray's client", manifest([7], '/etc/ssl/etcd/ssl/node.pem'), config([7]), ours, false],
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

test.run()
