import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { controlPlaneAbsent } from '../../../roles/control-plane/absent.ts'
import { binaries } from '../../../roles/control-plane/methods/binaries.ts'
import { controlPlane } from '../../../roles/control-plane/role.ts'
import { golden } from '../support/golden.ts'
import { smallCluster } from '../support/inventory.ts'
import { contentOf, problemsOf, titlesOf, unitsOf } from '../support/role.ts'

const cluster = smallCluster()
const host = cluster.host('m1')
const made = {
  pair: (name: string) => ({ certificate: `CERTIFICATE ${name}`, key: `KEY ${name}` }),
  serviceAccount: { key: 'KEY', publicKey: 'PUBLIC' },
}
type Params = NonNullable<Parameters<typeof controlPlane>[0]>
const units = (params: Params, view = cluster) =>
  unitsOf(controlPlane({ method: 'binaries', ...params }), host, view, {
    prepared: { method: 'binaries', work: binaries.workWith(made) },
  })

for (const version of ['v1.20.2', 'v1.28.4'])
  for (const daemon of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
    test(`unit of ${daemon} ${version}`, () =>
      golden(
        `control-plane/${version}/${daemon}.service`,
        contentOf(units({ kubeVersion: version, virtualAddress: '10.0.0.100' }), `${daemon}.service`),
      ))

test('the version is in the path of the program and nowhere else: an upgrade is one changed line', () => {
  const [old, young] = ['v1.20.2', 'v1.20.3'].map(kubeVersion =>
    contentOf(units({ kubeVersion }), 'kube-apiserver.service').split('\n'),
  )
  assert.equal(
    old?.filter((line, index) => line !== young?.[index]),
    ['ExecStart=/opt/kubernetes/v1.20.2/bin/kube-apiserver \\'],
  )
})
test('a version may be written without its v', () =>
  assert.match(contentOf(units({ kubeVersion: '1.20.2' }), 'kube-apiserver.service'), '/opt/kubernetes/v1.20.2/bin/'))
test('a new master is in the flags of all', () => {
  const unit = contentOf(units({ kubeVersion: 'v1.20.2' }, smallCluster(4)), 'kube-apiserver.service')
  assert.match(unit, '--apiserver-count=4')
  assert.match(unit, 'https://10.0.0.4:2379')
})
test('extra flags beat the role', () => {
  const unit = contentOf(
    units({ kubeVersion: 'v1.20.2', apiserverArguments: { v: 4, 'audit-log-path': '/var/log/a b%' } }),
    'kube-apiserver.service',
  )
  assert.match(unit, '--v=4')
  assert.not.match(unit, '--v=2')
  assert.match(unit, '"--audit-log-path=/var/log/a b%%"')
})
test('where API servers tell nothing without credentials, the one of the host is asked with admin.conf', () => {
  const waits = (anonymousAuth: boolean) =>
    units({ kubeVersion: 'v1.20.2', anonymousAuth })
      .filter(({ title }) => title.startsWith('wait until the API server is'))
      .map(unit => ('kind' in unit ? JSON.stringify(unit.args) : ''))
  assert.ok(waits(true).every(text => text.includes('https://10.0.0.1:6443/') && !text.includes('admin.conf')))
  const [ready = '', version = ''] = waits(false)
  assert.match(ready, '--server https://127.0.0.1:6443 get --raw /readyz"')
  assert.match(version, 'get --raw /version | grep -Fq')
  assert.ok([ready, version].every(text => text.includes('/etc/kubernetes/admin.conf')))
})
test('no key and no kubeconfig is shown', () => {
  for (const unit of units({ kubeVersion: 'v1.20.2' }))
    if (/\.(key|conf)$/.test(unit.title)) assert.ok('secret' in unit && unit.secret, unit.title)
})
test('nothing on a leaving master, everything on it by the counterpart', () => {
  assert.equal(titlesOf(controlPlane({ kubeVersion: 'v1.20.2', leaving: 'm1' }), host, cluster), [])
  assert.equal(titlesOf(controlPlaneAbsent({ leaving: 'm1' }), cluster.host('m2'), cluster), [])
  assert.ok(titlesOf(controlPlaneAbsent({ leaving: 'm1' }), host, cluster).length > 0)
  assert.equal(problemsOf(controlPlaneAbsent({ leaving: 'm1,m2,m3' }), host, cluster), ['no master would be left'])
})

for (const bindAddress of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1', '::1'])
  test(`an API server that listens at ${bindAddress} alone`, () => {
    const problems = problemsOf(controlPlane({ bindAddress, kubeVersion: 'v1.20.2' }), cluster.host('m1'), cluster)
    assert.is(problems.length, ['0.0.0.0', '::'].includes(bindAddress) ? 0 : 1)
    assert.match(`${problems[0] ?? 'fine'}`, problems.length ? `is ${bindAddress}, one address alone` : 'fine')
  })

test.run()
