import { type Check, facts, type Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../engine/facts/fact.ts'
import { checkHa } from '../../../roles/check-ha/role.ts'
import { servedNames } from '../../../roles/control-plane/credentials/certificates.ts'
import type { Params } from '../../../roles/control-plane/daemons/daemons.ts'
import { certificateNamesAll, configNamesAll } from '../../../roles/control-plane/kubeadm/names.ts'
import { servesEveryName } from '../../../roles/control-plane/names.ts'
import { controlPlane } from '../../../roles/control-plane/role.ts'
import { defaultLifetime } from '../../../roles/lib/pki/index.ts'
import { makeAuthority, makeCertificate } from '../../../roles/lib/pki/make.ts'
import { host, inventory } from '../support/inventory.ts'
import { paramsOf } from '../support/role.ts'

const masters = [1, 2, 3].map(index => host(`master-${index}`, `10.0.0.${index}`, ['kube_control_plane', 'all']))
const view = inventory(masters)
const first = view.host('master-1')

/** What every release of kubespray has put into its certificates: its own list, and what kubeadm adds to it. */
const always = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
const names = ['master-1', 'master-2', 'master-3']
const releases = {
  '2.16 … 2.27': [...always, '10.233.0.1', 'localhost', '127.0.0.1', ...names, 'lb-apiserver.kubernetes.local', ...ips],
  '2.28': [...always, '10.233.0.1', 'localhost', '127.0.0.1', '::1', ...names, 'lb-apiserver.kubernetes.local', ...ips],
  // The name of the balancer is `localhost`, and masters are named as their hosts call themselves.
  '2.31': [...always, '10.233.0.1', 'localhost', '127.0.0.1', '::1', ...ips, 'a.example', 'b.example', 'c.example'],
}

const now = new Date()
const authority = await makeAuthority('kubernetes', defaultLifetime, now)
const isAddress = (text: string): boolean => /^[0-9.]+$|:/.test(text)
async function certificate(all: readonly string[]): Promise<string> {
  const alternatives = { names: all.filter(text => !isAddress(text)), addresses: all.filter(isAddress) }
  const wish = { name: 'apiserver', ca: 'ca', subject: { commonName: 'x' }, usages: ['server'] as const }
  return (await makeCertificate({ ...wish, ...alternatives }, authority, defaultLifetime, now)).certificate
}

type Common = Pick<
  NonNullable<Parameters<typeof controlPlane>[0]>,
  | 'virtualAddress'
  | 'externalLoadBalancer'
  | 'loadBalancerName'
  | 'supplementaryNames'
  | 'serviceAddresses'
  | 'leaving'
  | 'dnsDomain'
>

/**
 * What lacks, by everybody who looks: the stored configuration, the file, what is shown to the role and to check-ha.
 */
async function lacking(all: readonly string[], given: Common) {
  const params = paramsOf<Params>(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.30.0', ...given }))
  const pem = await certificate(all)
  const config = `apiServer:\n  certSANs:\n${all.map(name => `  - ${name}\n`).join('')}`
  const file = { type: 'file', content: { base64: Buffer.from(pem).toString('base64') } }
  const shown = { type: 'certificate', pem }
  const ask = (step: Step, value: unknown) =>
    step.needed(factTable(...Object.values(step.facts).map(request => [request, value] as const)))
  const said = [
    ask(configNamesAll(params, view), { exitCode: 0, stdout: config, stderr: '' }),
    ask(certificateNamesAll(params, first, view), file),
    ask(servesEveryName(params, first, view), shown),
  ].map(answer => listed(answer))
  return [...said, lackingToCheckHa(given, shown)]
}

const listed = (answer: unknown): readonly string[] =>
  typeof answer === 'string' ? answer.replace(/ (is missing|are missing|not shown yet)$/, '').split(', ') : []

function lackingToCheckHa(given: Common, shown: unknown): readonly string[] {
  const call = checkHa(given)
  const checks = call.role.checks?.({ params: paramsOf(call), host: first, inventory: view } as never) ?? []
  const found = checks
    .flatMap(each => (each ? [each] : []))
    .find((each: Check) => each.name === 'every name is in the certificate on its own host')
  if (found?.type !== 'host') throw new Error('no such check')
  const verdict = found.judge(factTable([facts.tlsCertificate({ host: '10.0.0.1', port: 6443 }), shown]))
  if (verdict === undefined) throw new Error('no verdict')
  return verdict.ok ? [] : verdict.saw.replace(/^lacks /, '').split(', ')
}

const before = releases['2.16 … 2.27']
const table: readonly (readonly [string, readonly string[], Common, readonly string[]])[] = [
  ...Object.entries(releases).map(
    ([release, all]) => [`untouched since kubespray ${release}: nothing`, all, {}, []] as const,
  ),
  [
    'two families of services: the second one has no Service',
    before,
    { serviceAddresses: '10.233.0.0/18,fd00::/108' },
    [],
  ],
  ['a virtual address', before, { virtualAddress: '10.0.0.100' }, ['10.0.0.100']],
  [
    'a balancer, and its name where that is another one',
    releases['2.31'],
    { externalLoadBalancer: { address: '192.0.2.7' } },
    ['lb-apiserver.kubernetes.local', '192.0.2.7'],
  ],
  ['a name that the operator has set', before, { loadBalancerName: 'api.example' }, ['api.example']],
  [
    'names and addresses beside',
    before,
    { supplementaryNames: ['more.example', '192.0.2.9'] },
    ['more.example', '192.0.2.9'],
  ],
  ['services of IPv6 alone', before, { serviceAddresses: 'fd00:233::/108' }, ['fd00:233::1']],
  ['not the address of another master, such as a new one', before.filter(name => name !== '10.0.0.3'), {}, []],
  ['another domain', before, { dnsDomain: 'other.local' }, ['kubernetes.default.svc.other.local']],
]
for (const [title, all, given, expected] of table)
  test(`what a certificate lacks is the same to all who look: ${title}`, async () => {
    for (const found of await lacking(all, given)) assert.equal([...found].sort(), [...expected].sort())
  })

test('where `pki` is a link that is not followed, the certificate is looked at in kubespray’s own place', async () => {
  const params = paramsOf<Params>(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.30.0' }))
  const file = (pem: string) => ({ type: 'file', content: { base64: Buffer.from(pem).toString('base64') } })
  const step = certificateNamesAll(params, first, view)
  const asked = (pem: unknown, theirs: unknown) =>
    step.needed(
      factTable(
        ...Object.entries({ pem, theirs }).map(
          ([name, value]) => [(step.facts as Record<string, never>)[name], value] as never,
        ),
      ),
    )
  const whole = file(await certificate(releases['2.28']))
  const poor = file(await certificate(always))
  assert.is(asked({ type: 'unknown' }, whole), false)
  assert.match(String(asked({ type: 'unknown' }, poor)), 'missing')
  assert.match(String(asked(poor, whole)), 'missing', 'what the API server reads counts')
})

test('a master’s own address is needed in its certificate; of the configuration of the cluster kubeadm adds it', async () => {
  const [config, file, shown, looked] = await lacking(
    before.filter(name => name !== '10.0.0.1'),
    {},
  )
  assert.equal([config, file, shown, looked], [[], ['10.0.0.1'], ['10.0.0.1'], ['10.0.0.1']])
})

test('a certificate that is made anyway has more than is needed', () => {
  const params = paramsOf<Params>(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.30.0' }))
  const { needed, ...made } = servedNames(params, view, [first])
  assert.equal(
    made.names.filter(name => !needed.names.includes(name)),
    ['lb-apiserver.kubernetes.local', ...names, ...names.map(name => `${name}.cluster.local`)],
  )
  assert.equal(
    made.addresses.filter(address => !needed.addresses.includes(address)),
    ['::1', '10.0.0.2', '10.0.0.3'],
  )
})
test('the nodes of all masters that stay are named in it, and are no reason to make one', () => {
  const called = inventory(
    masters.map(({ name, address, groups }, index) =>
      host(name, address, groups, { kube_override_hostname: `Node-${index}` }),
    ),
  )
  const params = paramsOf<Params>(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.30.0', leaving: 'master-3' }))
  const { needed, ...made } = servedNames(params, called, [first])
  const nodes = (all: readonly string[]) => all.filter(name => name.startsWith('node-'))
  assert.equal([nodes(made.names), nodes(needed.names)], [['node-0', 'node-1'], []])
})

test.run()
