import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  defaultLifetime,
  ensureCertificates,
  ensureServiceAccountKey,
  etcdAuthorities,
  etcdWishes,
  kubernetesAuthorities,
  masterWishes,
  prepareCertificates,
  store,
} from '../../../roles/lib/pki/index.ts'
import { host, inventory } from '../support/inventory.ts'

const lifetime = { certificateDays: 365, caDays: 3650 }
const now = new Date()
const [m1, m2] = [host('m1', '10.0.0.1'), host('m2', '10.0.0.2')]
const cluster = (...masters: (typeof m1)[]) => ({
  masters,
  dnsDomain: 'cluster.local',
  services: ['10.233.0.0/18'],
  nodeNames: [],
  secondAddresses: [],
  loadBalancerName: 'lb-apiserver.kubernetes.local',
  namesLoadBalancer: false,
  loadBalancerAddresses: ['10.0.0.100'],
  supplementary: ['api.example.org', 'fd00::7'],
})

const test = suite<{ dir: string }>('pki')
test.before.each(context => {
  context.dir = join(mkdtempSync(join(tmpdir(), 'rota-pki-')), 'pki')
})
test.after.each(({ dir }) => rmSync(join(dir, '..'), { recursive: true }))

const ensure = (dir: string, masters: (typeof m1)[], at = now, check = false) =>
  ensureCertificates(
    store(dir, { check }),
    masters.flatMap(master => [...masterWishes(master, cluster(...masters)), ...etcdWishes(master, master.address)]),
    kubernetesAuthorities,
    lifetime,
    at,
  )
const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

test('openssl accepts every certificate for its use, its names and its addresses', async ({ dir }) => {
  await ensure(dir, [m1, m2])
  const serving = join(dir, 'hosts/m1/apiserver.crt')
  for (const address of ['127.0.0.1', '::1', '10.0.0.1', '10.0.0.2', '10.0.0.100', '10.233.0.1', 'fd00::7'])
    openssl('verify', '-purpose', 'sslserver', '-verify_ip', address, '-CAfile', join(dir, 'ca.crt'), serving)
  for (const name of [
    'kubernetes',
    'kubernetes.default.svc.cluster.local',
    'm2',
    'm2.cluster.local',
    'lb-apiserver.kubernetes.local',
  ])
    openssl('verify', '-verify_hostname', name, '-CAfile', join(dir, 'ca.crt'), serving)
  openssl('verify', '-purpose', 'sslclient', '-CAfile', join(dir, 'ca.crt'), join(dir, 'hosts/m1/admin.crt'))
  openssl(
    'verify',
    '-purpose',
    'sslclient',
    '-CAfile',
    join(dir, 'front-proxy-ca.crt'),
    join(dir, 'hosts/m1/front-proxy-client.crt'),
  )
  for (const purpose of ['sslserver', 'sslclient'])
    openssl(
      'verify',
      '-purpose',
      purpose,
      '-verify_ip',
      '10.0.0.1',
      '-CAfile',
      join(dir, 'etcd/ca.crt'),
      join(dir, 'hosts/m1/etcd/peer.crt'),
    )
  assert.match(
    openssl('x509', '-noout', '-subject', '-in', join(dir, 'hosts/m1/admin.crt')),
    /O = system:masters, CN = kubernetes-admin/,
  )
  assert.match(openssl('x509', '-noout', '-text', '-in', join(dir, 'ca.crt')), /CA:TRUE/)
  assert.throws(() => openssl('verify', '-CAfile', join(dir, 'etcd/ca.crt'), serving))
})

test('keys are readable by their owner alone, also when somebody has opened them up', async ({ dir }) => {
  await ensure(dir, [m1])
  const all = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  chmodSync(join(dir, 'ca.key'), 0o644)
  await ensure(dir, [m1])
  assert.ok(all.length > 10)
  for (const name of all.filter(entry => entry.endsWith('.key')))
    assert.is(statSync(join(dir, name)).mode & 0o777, 0o600, name)
  assert.is(statSync(dir).mode & 0o777, 0o700)
})

test('a second run makes nothing, and reads the same', async ({ dir }) => {
  const first = await ensure(dir, [m1, m2])
  const second = await ensure(dir, [m1, m2])
  assert.is(first.made.length > 0, true)
  assert.equal(second.made, [])
  assert.equal([...second.pairs], [...first.pairs])
})

test('a new master renews nothing of the others', async ({ dir }) => {
  await ensure(dir, [m1])
  const { made } = await ensure(dir, [m1, m2])
  assert.ok(made.length > 0)
  assert.equal(
    made.filter(({ name }) => !name.startsWith('hosts/m2/')),
    [],
  )
})

test('a master that has left renews nothing', async ({ dir }) => {
  await ensure(dir, [m1, m2])
  assert.equal((await ensure(dir, [m1])).made, [])
})

test('certificates are renewed when two thirds of their life are over', async ({ dir }) => {
  await ensure(dir, [m1])
  const inDays = (days: number): Date => new Date(now.getTime() + days * 86_400_000)
  assert.equal((await ensure(dir, [m1], inDays(200), true)).made, [])
  assert.match((await ensure(dir, [m1], inDays(300), true)).made[0]?.reason ?? '', /^expires /)
})

test('check mode writes nothing', async ({ dir }) => {
  const { pairs } = await ensure(dir, [m1], now, true)
  assert.ok(pairs.get('hosts/m1/apiserver')?.key.includes('PRIVATE KEY'))
  assert.throws(() => statSync(dir))
})

test("an existing cluster's RSA authority is used and never replaced", async ({ dir }) => {
  await ensure(dir, [m1])
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(dir, 'ca.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }))
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    join(dir, 'ca.key'),
    '-subj',
    '/CN=kubernetes',
    '-days',
    '100',
    '-out',
    join(dir, 'ca.crt'),
  )
  const authority = readFileSync(join(dir, 'ca.crt'), 'utf8')
  const { made } = await ensure(dir, [m1])
  assert.is(readFileSync(join(dir, 'ca.crt'), 'utf8'), authority)
  assert.is(made.find(({ name }) => name === 'hosts/m1/apiserver')?.reason, 'not signed by ca')
  openssl('verify', '-purpose', 'sslserver', '-CAfile', join(dir, 'ca.crt'), join(dir, 'hosts/m1/apiserver.crt'))
})

test('an authority without its key serves until something has to be signed', async ({ dir }) => {
  await ensure(dir, [m1])
  unlinkSync(join(dir, 'ca.key'))
  assert.equal((await ensure(dir, [m1])).made, [])
  await ensure(dir, [m1, m2]).then(
    () => assert.unreachable(),
    error => assert.match(error.message, /ca\.key, is not there/),
  )
})

test('a key without its certificate is not overwritten', async ({ dir }) => {
  await ensure(dir, [m1])
  unlinkSync(join(dir, 'ca.crt'))
  await ensure(dir, [m1]).then(
    () => assert.unreachable(),
    error => assert.match(error.message, /without ca\.crt/),
  )
})

test('the service account key stays', async ({ dir }) => {
  const first = await ensureServiceAccountKey(store(dir, { check: false }))
  assert.equal(await ensureServiceAccountKey(store(dir, { check: false })), first)
  assert.match(first.publicKey, /BEGIN PUBLIC KEY/)
})

test('what may not be used is written when somebody uses it, and roles of a run have one authority', async ({
  dir,
}) => {
  const view = inventory([m1, m2], join(dir, '..'))
  const prepare = (member: typeof m1, when: 'now' | 'used') =>
    prepareCertificates(
      { inventory: view, check: false },
      etcdWishes(member, member.address),
      etcdAuthorities,
      defaultLifetime,
      when,
    )
  const [first, second] = [await prepare(m1, 'used'), await prepare(m2, 'used')]
  assert.not.ok(existsSync(dir))
  const authority = first.pair('etcd/ca')
  assert.equal(second.pair('etcd/ca'), authority)
  assert.is(readFileSync(join(dir, 'etcd/ca.key'), 'utf8'), authority.key)
  assert.is(statSync(join(dir, 'hosts/m2/etcd/peer.key')).mode & 0o777, 0o600)
  assert.is(statSync(dir).mode & 0o777, 0o700)
  assert.equal((await prepare(m1, 'now')).pair('hosts/m1/etcd/peer'), first.pair('hosts/m1/etcd/peer'))
})

test.run()
