import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Check, facts, type HostView, type InventoryView } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { judgeAuthority } from '../../roles/check-ha/answers.ts'
import { readIpvs } from '../../roles/check-ha/lvs.ts'
import { checkHa, waysOf } from '../../roles/check-ha/role.ts'
import { readListeners } from '../../roles/check-ha/services.ts'
import { host, inventory, smallCluster, withGiven } from './support/inventory.ts'
import { paramsOf } from './support/role.ts'

const cluster = smallCluster()
const apart = inventory([...cluster.hosts, host('lb1', '10.0.2.1', ['load_balancer', 'all'])])
type Params = NonNullable<Parameters<typeof checkHa>[0]>
const vip: Params = { virtualAddress: '10.0.0.100' }
const checksOn = (params: Params, on: HostView, view = cluster): readonly Check[] => {
  const call = checkHa(params)
  const checks =
    call.role.checks?.({ params: paramsOf(call), host: on, inventory: withGiven(view, [call]) } as never) ?? []
  return checks.flatMap(each => (each ? [each] : []))
}
const names = (params: Params, on: string, view = cluster) =>
  checksOn(params, view.host(on), view).map(({ name }) => name)
const everywhere = ['10.0.0.100 is on exactly one host']
const through = (way: string) => [`the API server answers ${way}`, `every name is in the certificate ${way}`]
const authority = "every certificate is of the cluster's authority"

const kubeVip = inventory(
  [1, 2, 3].map(index =>
    host(`m${index}`, `10.0.0.${index}`, ['kube_control_plane'], {
      kube_vip_address: '10.0.0.100',
      kube_vip_enabled: true,
    }),
  ),
)
const table: readonly (readonly [string, Params, string, readonly string[], InventoryView?])[] = [
  [
    'haproxy on a master',
    { ...vip, statsPassword: 'swordfish' },
    'm1',
    [
      'haproxy is active',
      'haproxy listens on 8443',
      'haproxy listens on 10080',
      'the statistics page answers',
      'keepalived is active',
      'kube-apiserver listens on 6443',
      ...everywhere,
      '10.0.0.100 answers ping',
      'the API server answers on its own host',
      'the API server answers through the virtual address',
      'every name is in the certificate on its own host',
      'every name is in the certificate through the virtual address',
      authority,
    ],
  ],
  [
    'nginx on every node',
    vip,
    'n1',
    [
      'the proxy of this host is active',
      'nginx listens on 6443',
      ...everywhere,
      ...through('through the proxy of this host'),
      authority,
    ],
  ],
  [
    'nginx in Docker',
    { ...vip, variant: 'docker' },
    'n1',
    [
      'the proxy of this host is active',
      'nginx listens on 8443',
      ...everywhere,
      ...through('through the proxy of this host'),
      authority,
    ],
  ],
  [
    'haproxy in a pod on every node',
    { ...vip, type: 'haproxy' },
    'n1',
    [
      'the proxy of this host is active',
      'haproxy listens on 6443',
      ...everywhere,
      ...through('through the proxy of this host'),
      authority,
    ],
  ],
  [
    'no proxy on the nodes: they use the virtual address',
    { ...vip, wanted: false },
    'n1',
    [...everywhere, ...through('through the virtual address'), authority],
  ],
  [
    "kube-vip's address, on a master",
    { ...vip, kubeVip: true },
    'm1',
    [
      'kube-apiserver listens on 6443',
      ...everywhere,
      '10.0.0.100 answers ping',
      'the API server answers on its own host',
      'the API server answers through the virtual address',
      'every name is in the certificate on its own host',
      'every name is in the certificate through the virtual address',
      authority,
    ],
    kubeVip,
  ],
  [
    'an external load balancer',
    { externalLoadBalancer: { address: '192.0.2.10', port: '443' }, wanted: false },
    'n1',
    [...through('through the external load balancer'), authority],
  ],
  [
    'an external load balancer beside a proxy of its own',
    { externalLoadBalancer: { address: '192.0.2.10' }, wanted: true },
    'n1',
    [
      'the proxy of this host is active',
      'nginx listens on 6443',
      ...through('through the proxy of this host'),
      authority,
    ],
  ],
  ['neither', { wanted: false }, 'n1', []],
  ['no virtual address', {}, 'm1', ['kube-apiserver listens on 6443', ...through('on its own host'), authority]],
  [
    'an insecure port, which shows no certificate',
    { protocol: 'http' },
    'n1',
    [
      'the proxy of this host is active',
      'nginx listens on 8080',
      'the API server answers through the proxy of this host',
      authority,
    ],
  ],
]
for (const [title, params, on, expected, view] of table)
  test(title, () => assert.equal(names(params, on, view), expected))
test("kube-vip's address may be on every master, and leads to the API server's own port", () => {
  const shared = checksOn({ ...vip, kubeVip: true }, kubeVip.host('m2'), kubeVip).find(
    ({ name }) => name === everywhere[0],
  )
  assert.ok(shared !== undefined && shared.type === 'shared')
  assert.ok(
    shared.judge(
      new Map([
        ['m1', false],
        ['m2', true],
        ['m3', false],
      ]),
    ).ok,
  )
  assert.not.ok(
    shared.judge(
      new Map([
        ['m1', true],
        ['m2', true],
        ['m3', false],
      ]),
    ).ok,
  )
  const ways = waysOf(paramsOf(checkHa({ ...vip, kubeVip: true })), kubeVip.host('m1'), kubeVip)
  assert.is(ways.find(({ name }) => name === 'through the virtual address')?.port, 6443)
})

test('nginx behind the virtual address', () => {
  const found = names({ ...vip, vipLoadBalancer: 'nginx' }, 'm1')
  assert.equal(found.slice(0, 3), ['nginx is active', 'nginx listens on 8443', 'keepalived is active'])
})
test('LVS: directors, masters', () => {
  const lvs: Params = { ...vip, vipLoadBalancer: 'lvs' }
  assert.equal(names(lvs, 'lb1', apart), [
    'the kernel balances to every master',
    'keepalived is active',
    ...everywhere,
    '10.0.0.100 answers ping',
    ...through('through the virtual address'),
    authority,
  ])
  assert.equal(names(lvs, 'm1', apart).slice(0, 2), ['kube-lvs-real-server is active', '10.0.0.100 is on lo'])
  assert.not(names({ ...lvs, lvsKind: 'NAT' }, 'm1', apart).includes('10.0.0.100 is on lo'))
})
test('a master with a proxy of its own, where it is built from source', () =>
  assert.ok(names({ variant: 'source' }, 'm1').includes('nginx listens on 8443')))
test('but not on a port that its load balancer has', () =>
  assert.not(names({ ...vip, variant: 'source' }, 'm1').includes('nginx listens on 8443')))

const named = (name: string, params: Params = vip, on = 'm1'): Check => {
  const found = checksOn(params, cluster.host(on)).find(each => each.name === name)
  if (found === undefined) throw new Error(`no check ${name}`)
  return found
}
test('a unit', () => {
  const one = named('haproxy is active')
  const say = (fact: object) =>
    one.type === 'host' && one.judge(factTable([facts.unit({ name: 'haproxy.service' }), { type: 'unit', ...fact }]))
  assert.equal(say({ loadState: 'loaded', activeState: 'active', subState: 'running' }), {
    ok: true,
    expected: 'haproxy.service is active',
    saw: 'active (running)',
  })
  const failed = say({ loadState: 'loaded', activeState: 'failed', subState: 'failed' })
  assert.equal(failed && [failed.ok, failed.saw], [false, 'failed (failed)'])
  const none = say({ loadState: 'not-found', activeState: 'inactive', subState: 'dead' })
  assert.equal(none && [none.ok, none.saw], [false, 'there is no such unit'])
})

const ss = `LISTEN 0      4096         0.0.0.0:8443      0.0.0.0:*    users:(("haproxy",pid=120,fd=7),("haproxy",pid=119,fd=7))
LISTEN 0      511        127.0.0.1:6443      0.0.0.0:*    users:(("nginx",pid=9,fd=5))
LISTEN 0      4096            [::]:6443         [::]:*    users:(("kube-apiserver",pid=7,fd=7))
LISTEN 0      4096               *:22              *:*
`
test('who listens', () => {
  assert.equal(readListeners(ss), [
    { address: '0.0.0.0', port: 8443, programs: ['haproxy'] },
    { address: '127.0.0.1', port: 6443, programs: ['nginx'] },
    { address: '::', port: 6443, programs: ['kube-apiserver'] },
    { address: '*', port: 22, programs: [] },
  ])
  const say = (name: string, stdout: string, exitCode = 0) => {
    const one = named(name)
    const fact = [facts.command({ run: ['ss', '-Hltnp'] }), { exitCode, stdout, stderr: '' }] as const
    const said = one.type === 'host' ? one.judge(factTable(fact)) : undefined
    return said && [said.ok, said.saw]
  }
  assert.equal(say('haproxy listens on 8443', ss), [true, 'haproxy on 0.0.0.0'])
  assert.equal(say('kube-apiserver listens on 6443', ss), [false, 'nginx on 127.0.0.1, kube-apiserver on ::'])
  assert.equal(say('haproxy listens on 8443', ''), [false, 'nobody'])
  assert.equal(say('haproxy listens on 8443', '', 127), [false, 'ss (iproute2) is not installed'])
})

test('exactly one host holds the virtual address', () => {
  const one = named(everywhere[0] ?? '')
  assert.ok(one.type === 'shared')
  const address = (name: string) => ({
    interface: name,
    family: 'inet',
    address: '10.0.0.100',
    prefix: 32,
    scope: 'global',
  })
  const reads = (...on: readonly string[]) => one.read(factTable([facts.addresses({}), on.map(address)]))
  assert.equal([reads('eth0'), reads('lo'), reads()], [true, false, false])
  const say = (...seen: readonly (readonly [string, boolean | undefined])[]) => {
    const { ok, saw } = one.judge(new Map(seen))
    return [ok, saw]
  }
  assert.equal(say(['m1', true], ['m2', false]), [true, 'm1'])
  assert.equal(say(['m1', true], ['m2', true]), [false, 'm1 and m2'])
  assert.equal(say(['m1', false], ['m2', false]), [false, 'nobody'])
  assert.equal(say(['m1', true], ['m2', undefined]), [true, 'm1 (not known of m2)'])
  assert.equal(say(['m1', false], ['n1', true]), [false, 'n1'])
})

test('what the kernel balances', () => {
  const services = readIpvs(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A000064:192B wlc
  -> 0A000002:192B      Route   1      0          0
  -> 0A000001:192B      Route   0      0          0
UDP  0A000064:0035 wlc
  -> 0A000009:0035      Route   1      0          0
TCP  [fd00:0000:0000:0000:0000:0000:0000:0064]:192B rr
  -> [fd00:0000:0000:0000:0000:0000:0000:0001]:192B      Masq    1      0          0
`)
  assert.equal(
    [...services],
    [
      ['10.0.0.100:6443', ['10.0.0.2:6443']],
      ['[fd00::64]:6443', ['[fd00::1]:6443']],
    ],
  )
})

test('certificates of another authority are told by who shows them', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-authority-'))
  const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' })
  const read = (name: string) => readFileSync(join(dir, name), 'utf8')
  try {
    const authority = (name: string) =>
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        name,
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
      )
    const signed = (name: string, by: string) => {
      openssl(
        'req',
        '-new',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${name}`,
      )
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        by,
        '-CAkey',
        `${by}.key`,
        '-CAcreateserial',
        '-out',
        name,
        '-days',
        '2',
      )
      return read(name)
    }
    authority('ours')
    authority('theirs')
    const [good, bad] = [signed('good', 'ours'), signed('bad', 'theirs')]
    const of = (authorities: readonly string[], pem: string) => ({
      authorities,
      shown: [{ way: 'on its own host', pem }],
    })
    const say = (seen: Parameters<typeof judgeAuthority>[0]) => {
      const { ok, saw } = judgeAuthority(seen)
      return [ok, saw]
    }
    const ours = read('ours')
    assert.equal(
      say(
        new Map([
          ['m1', of([ours], good)],
          ['n1', of([], good)],
          ['n2', undefined],
        ]),
      ),
      [true, '2 looked at'],
    )
    assert.equal(
      say(
        new Map([
          ['m1', of([ours], good)],
          ['n1', of([], bad)],
        ]),
      ),
      [false, 'another one on n1 on its own host'],
    )
    assert.equal(say(new Map([['n1', of([], good)]])), [false, 'no host has the certificate of the authority'])
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
