import type { Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { factTable } from '../../engine/facts/fact.ts'
import { whyNot } from '../../roles/kubelet-csr-approver/judge.ts'
import { knownNodes } from '../../roles/kubelet-csr-approver/known.ts'
import { askingNow, type Request } from '../../roles/kubelet-csr-approver/requests.ts'
import { kubeletCsrApprover } from '../../roles/kubelet-csr-approver/role.ts'
import { type Asked, certificateRequest, type Names, namesExtension } from './support/certificate-request.ts'
import { contextOn, host, inventory } from './support/inventory.ts'
import { remote } from './support/remote.ts'
import { paramsOf, unitsOf } from './support/role.ts'

const hosts = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'k8s_cluster']),
  host('n1', '10.0.1.1', ['kube_node', 'k8s_cluster'], { ip6: 'fd00:0::1' }),
  host('n2', '10.0.1.2', ['kube_node', 'k8s_cluster'], { kube_override_hostname: 'Node-2.example.com' }),
])
const known = knownNodes(hosts, [])

const own: Names = [
  { type: 'dns', value: 'n1' },
  { type: 'ip', value: '10.0.1.1' },
]

/** As a kubelet asks, with what is otherwise. */
const asked = (otherwise: Partial<Asked>) =>
  certificateRequest({ subject: 'O=system:nodes, CN=system:node:n1', names: own, ...otherwise })

const extensionRequest = '1.2.840.113549.1.9.14'

/** A list of extensions with these names alone, in DER. */
function listOf(names: Names): Uint8Array<ArrayBuffer> {
  const extension = new Uint8Array(namesExtension(names).rawData)
  return new Uint8Array([0x30, extension.length, ...extension])
}

const usual = {
  signerName: 'kubernetes.io/kubelet-serving',
  username: 'system:node:n1',
  groups: ['system:nodes', 'system:authenticated'],
  usages: ['digital signature', 'server auth'],
}
const spec = async (more: Partial<Request['spec']> = {}, of: Partial<Asked> = {}): Promise<Request['spec']> => ({
  ...usual,
  request: await asked(of),
  ...more,
})

const plain = Buffer.from(await asked({}), 'base64').toString()
const inBase64 = (text: string) => Buffer.from(text).toString('base64')
const dns = (value: string): Names => [...own, { type: 'dns', value }]
const ip = (value: string): Names => [...own, { type: 'ip', value }]

// What is asked for, and why it is not approved; nothing where it is.
const cases: readonly (readonly [string, Partial<Request['spec']>, Partial<Asked>, RegExp | undefined])[] = [
  ['what a kubelet asks for', {}, {}, undefined],
  ['with an RSA key', { usages: ['key encipherment', 'digital signature', 'server auth'] }, {}, undefined],
  ['an address alone', {}, { names: [{ type: 'ip', value: '10.0.1.1' }] }, undefined],
  ['both families', {}, { names: ip('fd00::1') }, undefined],
  [
    'a node with another name than its host',
    { username: 'system:node:node-2.example.com' },
    {
      subject: 'O=system:nodes, CN=system:node:node-2.example.com',
      names: [{ type: 'dns', value: 'node-2.example.com' }],
    },
    undefined,
  ],
  ['another signer', { signerName: 'kubernetes.io/kube-apiserver-client-kubelet' }, {}, /for the signer/],
  ['a signer of its own', { signerName: 'example.com/kubelet-serving' }, {}, /for the signer/],
  ['a user that is no node', { username: 'system:serviceaccount:kube-system:n1' }, {}, /no node of the inventory/],
  [
    'a node that nobody knows',
    { username: 'system:node:n9' },
    { subject: 'O=system:nodes, CN=system:node:n9' },
    /no node of/,
  ],
  ['a user without the group of nodes', { groups: ['system:authenticated'] }, {}, /not in the group system:nodes/],
  ['a user without groups', { groups: [] }, {}, /not in the group/],
  ['client usage', { usages: ['digital signature', 'client auth'] }, {}, /usages are/],
  ['client usage beside', { usages: [...usual.usages, 'client auth'] }, {}, /usages are/],
  ['no usages', { usages: [] }, {}, /usages are/],
  ["another node's name as subject", {}, { subject: 'O=system:nodes, CN=system:node:n2' }, /it is for system:node:n2/],
  [
    'an administrator as subject',
    {},
    { subject: 'O=system:masters, CN=system:node:n1' },
    /organization is system:masters/,
  ],
  ['a second organization', {}, { subject: 'O=system:nodes, O=system:masters, CN=system:node:n1' }, /organization is/],
  ['no organization', {}, { subject: 'CN=system:node:n1' }, /organization is missing/],
  ['a second common name', {}, { subject: 'O=system:nodes, CN=system:node:n1, CN=admin' }, /several common names/],
  ['more in the subject', {}, { subject: 'O=system:nodes, OU=x, CN=system:node:n1' }, /subject has OU/],
  ["another node's name", {}, { names: dns('n2') }, /^n2 is not what the inventory has of n1/],
  ["another node's address", {}, { names: ip('10.0.1.2') }, /^10\.0\.1\.2 is not/],
  [
    "a master's address and a name of the API",
    {},
    { names: [...dns('kubernetes'), { type: 'ip', value: '10.0.0.1' }] },
    /^kubernetes, 10\.0\.0\.1 are not/,
  ],
  ['any name', {}, { names: dns('*') }, /^\* is not/],
  ['its own address and one more of IPv6', {}, { names: ip('fd00::2') }, /^fd00::2 is not/],
  ['a URI', {}, { names: [...own, { type: 'url', value: 'spiffe://x' }] }, /a name of the kind url/],
  ['a mail address', {}, { names: [...own, { type: 'email', value: 'a@b.c' }] }, /a name of the kind email/],
  ['neither names nor addresses', {}, { names: [] }, /other .*, or for none/],
  ['an empty list of names', {}, { names: [], more: [namesExtension([])] }, /neither a name nor an address/],
  ['to be an authority', {}, { more: [new x509.BasicConstraintsExtension(true)] }, /other extensions/],
  ['names twice', {}, { more: [namesExtension(dns('kubernetes'))] }, /other extensions/],
  [
    'a second list of extensions, which Go would read too',
    {},
    { attributes: [new x509.Attribute(extensionRequest, [new Uint8Array([0x30, 0x00])])] },
    /other attributes/,
  ],
  [
    'a list of extensions that has another beside it, which Go would read too',
    {},
    { names: [], attributes: [new x509.Attribute(extensionRequest, [listOf(own), listOf(dns('kubernetes'))])] },
    /other attributes/,
  ],
  [
    'a password alone',
    {},
    { names: [], attributes: [new x509.ChallengePasswordAttribute('x')] },
    /other attributes .*, or for none/,
  ],
  ['a password', {}, { attributes: [new x509.ChallengePasswordAttribute('x')] }, /other attributes/],
  ['no request', { request: inBase64('x') }, {}, /not one certificate request/],
  ['two requests', { request: inBase64(`${plain}${plain}`) }, {}, /not one certificate request/],
  ['something before it', { request: inBase64(`x\n${plain}`) }, {}, /not one certificate request/],
  [
    'half of it',
    { request: inBase64(plain.replace(/[^\n]{60}\n/, '')) },
    {},
    /no certificate request that can be read/,
  ],
]
for (const [name, more, of, expected] of cases)
  test(`a request for a serving certificate: ${name}`, async () => {
    const why = await whyNot(await spec(more, of), known)
    if (expected === undefined) assert.is(why, undefined)
    else assert.match(why ?? 'approved', expected)
  })

const call = kubeletCsrApprover({ rotate: true })

/** The step of a run on these hosts, where a master has listed who asks. */
async function stepFor(
  names: readonly string[],
  asking: readonly string[] | undefined,
  made = call,
): Promise<Step | undefined> {
  const worked = names.map(name => ({
    host: hosts.host(name),
    params: paramsOf(made),
    cluster: contextOn(hosts.host(name), hosts).cluster,
  }))
  const prepare = made.role.prepare as (context: unknown) => Promise<unknown>
  const prepared = await prepare({ hosts: worked, inventory: hosts, check: false })
  const [step] = unitsOf(made, hosts.host('n1'), hosts, { prepared, peers: new Map([['m1', { asking }]]) })
  return step as Step | undefined
}

test('nothing is asked or done unless kubelets ask for certificates, and somebody is to approve them', async () => {
  assert.is(await stepFor(['n1'], [], kubeletCsrApprover()), undefined)
  assert.is(await stepFor(['n1'], [], kubeletCsrApprover({ rotate: true, approve: false })), undefined)
})

test('who asks is known before: nobody, a node of the run, one of another run, a stranger', async () => {
  const why = async (...asking: readonly string[]) => (await stepFor(['n1'], asking))?.needed(factTable())
  assert.is(await why(), undefined)
  assert.is(await why('system:node:n1'), 'system:node:n1 asks for one')
  assert.is(await why('system:node:node-2.example.com'), undefined)
  assert.is(await why('system:node:n1', 'eve'), 'system:node:n1, eve ask for one')
  assert.is((await stepFor(['n1'], undefined))?.needed(factTable()), 'what kubelets ask for is not known')
})

const item = async (
  name: string,
  more: Partial<Request['spec']> = {},
  of: Partial<Asked> = {},
  conditions?: object[],
) => ({
  kind: 'CertificateSigningRequest',
  metadata: { name, resourceVersion: '7', uid: name },
  spec: await spec(more, of),
  status: conditions ? { conditions } : {},
})

test('those that may be are approved as they were looked at, the others are named and left', async () => {
  const items = [
    await item('good'),
    await item('done', {}, {}, [{ type: 'Approved' }]),
    await item('no', {}, {}, [{ type: 'Denied' }]),
    await item('elsewhere', { username: 'system:node:node-2.example.com' }),
    await item('forged', {}, { names: dns('kubernetes') }),
    await item('strange', { username: 'eve' }),
  ]
  const { context, commands, said } = remote(command =>
    command.includes(' get csr ') ? JSON.stringify({ items }) : 'ok',
  )
  const step = await stepFor(['n1'], ['system:node:n1'])
  const view = hosts.host('n1')
  const result = await step?.run({ ...context, ...contextOn(view, hosts) } as never)
  assert.is(result?.summary, 'approved: system:node:n1')
  const puts = commands.filter(({ text }) => text.includes(' replace --raw '))
  assert.is(puts.length, 1)
  assert.match(puts[0]?.text ?? '', '/apis/certificates.k8s.io/v1/certificatesigningrequests/good/approval -f -')
  const { metadata, spec, status } = JSON.parse(puts[0]?.stdin ?? '')
  assert.equal([metadata, spec], [items[0]?.metadata, items[0]?.spec])
  assert.is(status.conditions[0].type, 'Approved')
  assert.equal(said, [
    'forged is not approved: kubernetes is not what the inventory has of n1 (its name, ip, access_ip, ip6)',
    'strange is not approved: eve asks for it, and is no node of the inventory',
  ])
})

test('who asks is read of what is pending', () => {
  const lines = ['a\t', 'b\tApproved,', 'c\tOther,Denied,', 'd\tOther,', 'e\nf\t']
  const answer = `yes\n${Buffer.from(lines.join('\n')).toString('base64')}\n.`
  const { kind } = askingNow([])
  assert.equal(kind.parse(answer, [[] as never]), [['a', 'd', 'e', 'f']])
})

test('a host that is reached by a name has no address that is known', () => {
  const named = { ...host('n3', '', ['k8s_cluster']), addressProblems: [{ message: 'no address' }] }
  assert.equal(knownNodes(inventory([named]), []).get('n3'), { names: ['n3', 'n3'], addresses: [] })
})

test.run()
