import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AnyRole } from '../../engine/role/role.ts'
import { initDocuments } from '../../roles/control-plane/kubeadm/config.ts'
import { binaries } from '../../roles/control-plane/methods/binaries.ts'
import { controlPlane } from '../../roles/control-plane/role.ts'
import { makeCertificates } from '../../roles/etcd/kubespray/certificates.ts'
import { memberIn, type TheirMember } from '../../roles/etcd/kubespray/seen.ts'
import { etcd } from '../../roles/etcd/role.ts'
import { etcdClientUrls } from '../../roles/lib/cluster/index.ts'
import type { PreparedCertificates } from '../../roles/lib/pki/index.ts'
import { host, inventory } from './support/inventory.ts'
import { localHosts } from './support/local-hosts.ts'
import { remote } from './support/remote.ts'
import { contentOf, paramsOf, unitsOf } from './support/role.ts'
import { nothingOfTheirs, theirEnv, theirFacts } from './support/their-etcd.ts'

// kubespray's `etcd_access_address` of the hosts of the group etcd: where clients reach them. Members reach each other
// as ever.

const groups = ['kube_control_plane', 'etcd', 'k8s_cluster', 'all']
const members = (...said: readonly (string | undefined)[]) =>
  inventory(
    said.map((address, index) =>
      host(
        `m${index + 1}`,
        `10.0.0.${index + 1}`,
        groups,
        address === undefined ? {} : { etcd_access_address: address },
      ),
    ),
  )
const view = members('etcd-1.example', undefined, 'fd00::3')
const urls = ['https://etcd-1.example:2379', 'https://10.0.0.2:2379', 'https://[fd00::3]:2379']
const prepared = {
  pair: () => ({ certificate: 'CERTIFICATE', key: 'KEY' }),
  serviceAccount: { key: 'KEY', publicKey: 'PUBLIC' },
}

const lists: readonly (readonly [string, ReturnType<typeof members>, readonly string[] | string, readonly string[]])[] =
  [
    ['a name, none, an address of IPv6', view, [], urls],
    ['without the one that leaves', view, 'm1', urls.slice(1)],
    ['one name for all is asked once', members('etcd.example', 'etcd.example'), [], ['https://etcd.example:2379']],
  ]
for (const [name, of, leaving, expected] of lists)
  test(`where clients reach the members: ${name}`, () =>
    assert.equal(etcdClientUrls({ leaving, etcdClientPort: 2379 }, of), expected))

test('API servers ask there, however they are made', () => {
  const call = (method: 'binaries' | 'kubeadm') => controlPlane({ method, kubeVersion: 'v1.28.4' })
  const units = unitsOf(call('binaries'), view.host('m1'), view, {
    prepared: { method: 'binaries', work: binaries.workWith(prepared) },
  })
  assert.match(contentOf(units, 'kube-apiserver.service'), `--etcd-servers=${urls.join(',')}`)
  const [, cluster] = initDocuments(paramsOf(call('kubeadm')), view.host('m1'), view) as never as [
    unknown,
    { etcd: { external: { endpoints: unknown } } },
  ]
  assert.equal(cluster.etcd.external.endpoints, urls)
})
test('a member of our own says that clients find it there, and stays where it was for members', () => {
  const m1 = view.host('m1')
  const env = contentOf(unitsOf(etcd(), m1, view, { prepared }), '/etc/kube-etcd/etcd.env')
  assert.match(env, 'ETCD_ADVERTISE_CLIENT_URLS=https://etcd-1.example:2379\n')
  assert.match(env, 'ETCD_LISTEN_CLIENT_URLS=https://10.0.0.1:2379,')
  assert.match(env, 'ETCD_LISTEN_PEER_URLS=https://10.0.0.1:2380\n')
})
test('its certificate has the name, as a server', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-etcd-'))
  const hosts = [{ host: view.host('m1'), params: paramsOf(etcd(), view.host('m1')) }]
  const made = await (etcd.role as AnyRole).prepare?.({ hosts, inventory: { ...view, dir }, check: true } as never)
  const namesOf = (name: string) =>
    new X509Certificate((made as PreparedCertificates).pair(`hosts/m1/etcd/${name}`).certificate).subjectAltName ?? ''
  assert.match(namesOf('server'), 'DNS:etcd-1.example')
  assert.not.match(namesOf('peer'), 'DNS:etcd-1.example')
  rmSync(dir, { recursive: true })
})
test("a new member of kubespray's does the same", async () => {
  const seen = new Map<string, unknown>([
    ['m1', nothingOfTheirs],
    ...[2, 3].map(
      n => [`m${n}`, theirFacts(theirEnv({ name: `etcd${n}`, host: `m${n}`, ip: `10.0.0.${n}` }))] as const,
    ),
  ])
  const step = unitsOf(etcd(), view.host('m1'), view, { prepared, peers: seen }).find(({ title }) =>
    /^join/.test(title),
  )
  assert.ok(step && 'run' in step)
  let added = ''
  const { context, commands } = remote(text => {
    if (text.includes('member add')) added = 'a1, unstarted, , https://10.0.0.1:2380, , true\n'
    if (text.includes('member list'))
      return `a2, started, etcd2, https://10.0.0.2:2380, https://10.0.0.2:2379, false\n${added}`
    if (/10s version/.test(text)) return 'etcdctl version: 3.5.12\n'
    return text.includes('sha256sum') ? `${'0'.repeat(64)}  x\n` : ''
  })
  await step.run({ ...context, host: view.host('m1'), inventory: view })
  const env = commands.find(({ stdin }) => stdin?.includes('ETCD_NAME=etcd1'))?.stdin ?? ''
  assert.match(env, 'ETCD_ADVERTISE_CLIENT_URLS=https://etcd-1.example:2379\n')
  assert.match(env, 'ETCD_INITIAL_ADVERTISE_PEER_URLS=https://10.0.0.1:2380\n')
  assert.ok(commands.some(({ text }) => text.includes('openssl genrsa') && text.includes('etcd-1.example')))
})
test("a certificate of kubespray's authority has the name, and one without it is made anew", async () => {
  const { on, dirOf, end } = localHosts('/pki')
  const run = (script: string) => execaSync('sh', ['-c', script], { cwd: dirOf('m1'), stderr: 'ignore' }).stdout
  run(`openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=etcd-ca -keyout ca-key.pem -out ca.pem
openssl req -x509 -key ca-key.pem -subj /CN=etcd1 -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out member-m1.pem`)
  const member = { ...(memberIn(theirFacts() as never) as TheirMember), certificatesDir: '/pki' }
  const make = async (...reachedAt: readonly string[]) => {
    await makeCertificates(on('m1'), member, { name: 'm4', reachedAt }, ['member'])
    return run('openssl x509 -in member-m4.pem -noout -serial -ext subjectAltName').split('\n')
  }
  const plain = await make('10.0.0.4')
  assert.equal(await make('10.0.0.4'), plain)
  const [serial, , names] = await make('10.0.0.4', 'etcd-4.example')
  assert.is.not(serial, plain[0])
  assert.is(names?.trim(), 'DNS:localhost, IP Address:127.0.0.1, DNS:m4, DNS:etcd-4.example, IP Address:10.0.0.4')
  end()
})

test.run()
