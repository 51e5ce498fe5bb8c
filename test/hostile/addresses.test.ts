import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../engine/failure/index.ts'
import { formatProblem } from '../../engine/failure/problem.ts'
import { inventoryView } from '../../engine/plan/views.ts'
import { play } from '../../engine/playbook/play.ts'
import type { RoleCall } from '../../engine/role/role.ts'
import { newRedactor } from '../../engine/secrets/redactor.ts'
import { etchosts, haproxy, keepalived, nginxProxy } from '../../roles/index.ts'
import { readyPlays } from '../ready-plays.ts'
import { everyRole } from '../roles/support/schemas.ts'
import { load } from '../unit/inventory/support.ts'

// An inventory that injects: what it says of one host ends in the configurations, hosts files and certificates of all
// the others.

const groups = `[kube_control_plane]
cp1
cp2
[etcd:children]
kube_control_plane
[kube_node]
n1
[k8s_cluster:children]
kube_control_plane
kube_node
[all:vars]
kube_version=v1.20.2
kube_vip_address=10.0.0.100
`

const site = { file: 'playbook', line: 1, column: 1 }
const call = (role: RoleCall['role']): RoleCall => ({ role, params: {}, tags: [], runOnce: false, site })
const balancing = [keepalived(), haproxy(), etchosts(), nginxProxy()]

/** What is wrong with the hosts of `hosts.yml`, as a run says it before it connects to anybody. */
async function problems(
  hosts: string,
  roles: readonly RoleCall[] = balancing,
  more = groups,
): Promise<readonly string[]> {
  const inventory = await load({ 'hosts.yml': hosts, 'groups.ini': more }, { sources: ['hosts.yml', 'groups.ini'] })
  const redactor = newRedactor()
  const plays = [play('all', { hosts: 'k8s_cluster', roles })]
  const ready = await readyPlays(plays, inventory, { tags: { only: [], skip: [] }, redactor })
  return ready.problems.map(formatProblem)
}

const hosts = (lines: Readonly<Record<string, string>>): string =>
  `all:\n  hosts:\n${Object.entries({ cp1: '{ip: 10.0.0.1}', cp2: '{ip: 10.0.0.2}', n1: '{ip: 10.0.0.3}', ...lines })
    .map(([name, vars]) => `    ${name}: ${vars}\n`)
    .join('')}`

test('control: the same hosts with addresses of their own are fine', async () => {
  assert.equal(await problems(hosts({})), [])
})

const table: readonly (readonly [
  what: string,
  lines: Readonly<Record<string, string>>,
  expected: readonly RegExp[],
])[] = [
  [
    'an address with further lines, of any variable',
    {
      cp1: '{ip: "10.0.0.1\\n6.6.6.6 example.org"}',
      cp2: '{ip: 10.0.0.2, access_ip: "10.0.0.2\\n    }\\n    notify \\"/bin/id\\""}',
    },
    [
      /^hosts\.yml:3:15: host cp1: ip: "10\.0\.0\.1\\n6\.6\.6\.6 example\.org" is not an IPv4 or IPv6 address/,
      /^hosts\.yml:4:36: host cp2: access_ip: ".*notify.*" is not an IPv4 or IPv6 address/,
    ],
  ],
  [
    'an address that is none',
    { cp1: '{ip: 10.0.0.256}' },
    [/^hosts\.yml:3:15: host cp1: ip: "10\.0\.0\.256" is not an IPv4/],
  ],
  ['an address with leading zeros', { cp1: '{ip: 10.0.0.01}' }, [/^hosts\.yml:3:15: host cp1: ip: .* is not an IPv4/]],
  ['a list', { cp1: '{ip: [10.0.0.1]}' }, [/^hosts\.yml:3:15: host cp1: ip: \["10\.0\.0\.1"\] is not an IPv4/]],
  ['all addresses', { cp1: '{ip: "::"}' }, [/^hosts\.yml:3:15: host cp1: ip: "::" is no address of a host/]],
  [
    'an address of one link',
    { cp1: '{ip: "fe80::5%eth0"}' },
    [/^hosts\.yml:3:15: host cp1: ip: "fe80::5%eth0" is an address of one link of one host alone/],
  ],
  [
    'a name in place of an address',
    { cp1: '{ansible_host: cp-a.corp.test}' },
    [
      /^hosts\.yml:3:25: host cp1: ansible_host: "cp-a\.corp\.test" is a name.*\(set ip; ip: "\{\{ ansible_default_ipv4\.address \}\}"/,
    ],
  ],
  ['no address at all', { cp1: '{}' }, [/^hosts\.yml:3:5: host cp1 has no address, and its name is none \(set ip/]],
  [
    'the address of another host, with both places',
    { cp2: '{ip: 10.0.0.1}' },
    [/^hosts\.yml:4:15: host cp2: its address 10\.0\.0\.1 is that of cp1 too \(hosts\.yml:3:15\)$/],
  ],
  [
    'the address of another host, written in another way',
    { cp1: '{ip: "fd00::1"}', cp2: '{ip: "fd00:0::0:1"}' },
    [/^hosts\.yml:4:15: host cp2: its address fd00::1 is that of cp1 too/],
  ],
  [
    'the virtual address, with both places',
    { cp2: '{ip: 10.0.0.100}' },
    [/^groups\.ini:13:18: the virtual address 10\.0\.0\.100 is the address of the host cp2 \(hosts\.yml:4:15\)/],
  ],
  [
    'a name that Kubernetes cannot have',
    { cp1: '{ip: 10.0.0.1, kube_override_hostname: "cp 1"}' },
    [
      /^hosts\.yml:3:49: host cp1: Kubernetes can't have a node of the name "cp 1".*set kube_override_hostname to another/,
    ],
  ],
  [
    'the name of another node',
    { cp2: '{ip: 10.0.0.2, kube_override_hostname: CP1}' },
    [/^hosts\.yml:4:49: host cp2: the name of its node, cp1, is that of cp1 too \(hosts\.yml:3:5\)$/],
  ],
  ['a node, in the hosts file', { n1: '{ip: "1\\n2"}' }, [/^hosts\.yml:5:14: host n1: ip: "1\\n2" is not an IPv4/]],
]

for (const [what, lines, expected] of table)
  test(`${what}: refused with its place`, async () => {
    const said = await problems(hosts(lines))
    assert.is(said.length, expected.length, said.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(said[index] ?? '', pattern)
  })

test('a name that no node can have: by its place, unless kube_override_hostname says another', async () => {
  const named = groups.replace('cp1\n', 'Cp_B\n')
  const only = (vars: string) => `all:\n  hosts:\n    Cp_B: ${vars}\n    cp2: {ip: 10.0.0.2}\n    n1: {ip: 10.0.0.3}\n`
  const said = await problems(only('{ip: 10.0.0.1}'), balancing, named)
  assert.is(said.length, 1, said.join('\n'))
  assert.match(
    said[0] ?? '',
    /^hosts\.yml:3:5: host Cp_B: Kubernetes can't have a node of the name "cp_b".*\(set kube_override_hostname/,
  )
  assert.equal(await problems(only('{ip: 10.0.0.1, kube_override_hostname: cp-b}'), balancing, named), [])
  const umlaut = await problems(
    only('{ip: 10.0.0.1}').replace('Cp_B', 'M3_Büro'),
    balancing,
    named.replace('Cp_B', 'M3_Büro'),
  )
  assert.match(umlaut.join(), /^hosts\.yml:3:5: host M3_Büro: its name can be no name in the hosts file/)
  // Kubernetes' own way: the kubelet makes small letters of them.
  assert.equal(
    await problems(only('{ip: 10.0.0.1}').replace('Cp_B', 'CP-B'), balancing, named.replace('Cp_B', 'CP-B')),
    [],
  )
})

for (const role of everyRole)
  test(`role ${role.name} refuses hosts without an address, and names that inject`, async () => {
    const said = await problems(
      hosts({ cp1: '{ip: "10.0.0.1\\nx"}', cp2: '{ip: 10.0.0.2, kube_override_hostname: "a;b"}' }),
      [call(role)],
    )
    assert.ok(
      said.some(text => /^hosts\.yml:3:15: host cp1: ip: /.test(text)),
      said.join('\n'),
    )
    assert.ok(
      said.some(text => /^hosts\.yml:4:49: host cp2: Kubernetes can't/.test(text)),
      said.join('\n'),
    )
  })

test('a cluster that speaks neither family is refused', async () => {
  const said = await problems(hosts({}), balancing, `${groups}ipv4_stack=false\n`)
  assert.match(said.join('\n'), 'groups.ini:14:12: host cp1: ipv4_stack is false, and ipv6_stack is not true')
  assert.equal(await problems(hosts({}), balancing, `${groups}ipv4_stack=false\nipv6_stack=true\n`), [])
})

test('whoever reads an address that is none gets a located error, never the text', async () => {
  const inventory = await load({ 'hosts.yml': 'all: {hosts: {a: {ip: "1\\n2"}}}' }, { sources: ['hosts.yml'] })
  const host = inventoryView(inventory).host('a')
  for (const read of [() => host.address, () => host.ip])
    assert.throws(read, (error: unknown) => isFailure(error, 'refused') && error.reason.problems[0]?.origin?.line === 1)
})

test('a whole run: every value that injects is told at once with its place, and no host is touched', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-addresses-'))
  try {
    const canary = join(dir, 'touched')
    writeFileSync(join(dir, 'shell'), `#!/bin/sh\ntouch '${canary}'\nexit 1\n`, { mode: 0o755 })
    writeFileSync(
      join(dir, 'addresses.yml'),
      `all:
  hosts:
    h1: { ansible_connection: local, ip: "10.0.0.1\\n6.6.6.6 example.org" }
    h2: { ansible_connection: local, ip: "10.0.0.2\\n    }\\n    notify \\"/bin/id\\"\\n    unicast_peer {\\n        10.0.0.3" }
  children:
    kube_control_plane: { hosts: { h1: {}, h2: {} } }
    kube_node: { hosts: { h1: {} } }
    k8s_cluster: { children: { kube_control_plane: {}, kube_node: {} } }
  vars:
    ansible_shell_executable: ${join(dir, 'shell')}
    kube_vip_address: 10.0.0.99
    keepalived_unicast: true
    keepalived_script_user: "root\\n}\\nvrrp_script x {\\n script \\"/bin/id\\""
    haproxy_stats_uri: "/status\\n    stats admin if TRUE"
    kube_version: "v1.30.4\\nx"
`,
    )
    const playbook = 'test/hostile/playbooks/configs.mjs'
    const { exitCode, all } = await execa(
      'node',
      ['node_modules/zx/build/cli.js', playbook, '-i', join(dir, 'addresses.yml')],
      { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1' } },
    )
    assert.is(exitCode, 1, all)
    for (const place of ['3:42', '4:42', '13:29', '14:24', '15:19'])
      assert.match(all, new RegExp(`addresses\\.yml:${place}: `))
    assert.match(all, /5 problems; no host was touched/)
    assert.not.match(all, /^\s*(6\.6\.6\.6|notify|vrrp_script|stats admin)/m)
    assert.not.ok(existsSync(canary), 'a host was touched')
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
