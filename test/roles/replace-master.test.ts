import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { reasonsAgainst } from '../../playbooks/parts/replacing.mjs'
import { mayTakeThePlaceOf, runsTheVersion } from '../../roles/control-plane/replacing.ts'
import { etcd } from '../../roles/etcd/role.ts'
import { host, inventory as inventoryOf } from './support/inventory.ts'

// The playbook as it is called; it only lists, so no host is needed.
const dir = mkdtempSync(join(tmpdir(), 'rota-replace-'))
const text = `[kube_control_plane]
m1 ip=10.0.0.1
m2 ip=10.0.0.2
m3 ip=10.0.0.3
m4 ip=10.0.0.4
[etcd]
m1
m2
m3
m4
[kube_node]
m1
n1 ip=10.0.1.1
[all:vars]
kube_version=v1.20.2
kube_vip_address=10.0.0.100
kube_bin_cache=/nowhere
`
const run = async (args: string, inventory = text) => {
  const file = join(dir, 'hosts.ini')
  writeFileSync(file, inventory)
  const { exitCode, all } = await execa(
    'node',
    ['node_modules/zx/build/cli.js', 'playbooks/replace-master.mjs', '-i', file, ...args.split(' ')],
    { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1', ROTA_KUBESPRAY: '' } },
  )
  return { exitCode, said: String(all) }
}
/** Play by play, those that have hosts: `name: hosts`. */
const listed = (said: string): readonly string[] =>
  said
    .split(/^play: /m)
    .slice(1)
    .flatMap(part => {
      const [title = '', ...lines] = part.split('\n')
      const hosts = lines.map(line => line.trim()).filter(line => /^[mnb]\d$/.test(line))
      return hosts.length === 0 ? [] : [`${title.replace(/ \(hosts: .*$/, '')}: ${hosts.join(' ')}`]
    })
const looks = ['the new master can be reached, and is none yet: m4']
const joins = [
  'programs of the version on the new master: m4',
  'into the etcd cluster: m4',
  'the members of etcd that stay know it: m2 m3',
  'the new master joins, and is ready: m4',
  'the masters that stay, and the new one, are ready: m2 m3 m4',
]
const leadsToIt = [
  'the proxy of every node leads to the new master: n1',
  'the load balancers lead to it: m2 m3 m4',
  'clients of the new master: m4',
]

test('alive: it is added, proven and listed, and only then the old one gives up its address, is drained and removed', async () => {
  const { exitCode, said } = await run('--list-hosts -e node=m1 -e by=m4')
  assert.is(exitCode, 0, said)
  assert.equal(listed(said), [
    ...looks,
    'the master can be reached (one that is dead leaves with -e gone=true): m1',
    'the masters that stay are ready: m2 m3',
    'nothing stands in the way: m1 m2 m3 m4 n1',
    'nothing stands in the way of the new master: m4',
    'the proxy that it has as a node can be had: m1',
    ...joins,
    ...leadsToIt,
    'the virtual address goes elsewhere: m1',
    'its own daemons stop: m1',
    'the others do without it: m2 m3',
    'the virtual address may come to the new master: m4',
    'the cluster has no node of it: m2 m3 m4',
    'out of the etcd cluster: m1',
    'labels and taints of the new master, and the certificate that it serves with: m4',
    'no host knows it any more: m1 m2 m3 m4 n1',
  ])
})

test('dead: it is not connected to, and its member of etcd has gone before the new one joins', async () => {
  const { exitCode, said } = await run('--list-hosts -e node=m1 -e by=m4 -e gone=true')
  assert.is(exitCode, 0, said)
  assert.equal(listed(said), [
    ...looks,
    'the masters that stay are ready: m2 m3',
    'nothing stands in the way: m2 m3 m4 n1',
    'nothing stands in the way of the new master: m4',
    'out of the proxy of every node: n1',
    'out of the other load balancers: m2 m3',
    'the cluster has no node of it: m2 m3',
    'out of the etcd cluster: m2 m3',
    ...joins,
    ...leadsToIt,
    'the others do without it: m2 m3',
    'the virtual address may come to the new master: m4',
    'labels and taints of the new master, and the certificate that it serves with: m4',
    'no host knows it any more: m2 m3 m4 n1',
  ])
})

test('one in the middle goes like the first, hosts of load_balancer balance in the place of the masters', async () => {
  const { said } = await run('--list-hosts -e node=m2 -e by=m4', `${text}[load_balancer]\nb1 ip=10.0.2.1\n`)
  const plays = listed(said)
  assert.ok(plays.includes('the masters that stay are ready: m1 m3'), said)
  assert.ok(plays.includes('the load balancers lead to it: b1'), said)
  assert.ok(plays.includes('the others do without it: m1 m3'), said)
})

for (const [what, args, reasons, inventory = text] of [
  [
    'all that is wrong is said',
    'node=m9 -e by=n1',
    [/node: m9 is no host of the inventory: the masters are m1, m2, m3, m4/, /by: n1 is not in kube_control_plane/],
  ],
  ['a list', 'node=m1 -e by=m4,m5', [/by: "m4,m5" does not match/]],
  [
    'who is said to leave beside it',
    'node=m1 -e by=m4 -e leaving_masters=m2',
    [/m1 is to leave, and leaving_masters is "m2"/],
  ],
  ['the new one left out', 'node=m1 -e by=m4 --limit !m4', [/would be passed over: --limit leaves none of its 1/]],
] as const)
  test(`refused before a host is touched: ${what}`, async () => {
    const { exitCode, said } = await run(`--check -e ${args}`, inventory)
    assert.is(exitCode, 1, said)
    for (const reason of reasons) assert.match(said, reason)
    assert.match(said, 'no host was touched')
  })

/** Masters and members of etcd by their names, n1 a worker, and who else is in a group. */
const clusterOf = (masters: string, members: string, more: Readonly<Record<string, string>> = {}, vars = {}) =>
  inventoryOf(
    ['m1', 'm2', 'm3', 'm4', 'n1'].map((name, index) => {
      const groups = { kube_control_plane: masters, etcd: members, kube_node: 'n1', ...more }
      const its = Object.entries(groups).flatMap(([group, names]) => (names.split(' ').includes(name) ? [group] : []))
      return host(name, `10.0.0.${index + 1}`, its, vars)
    }),
  )
const all = 'm1 m2 m3 m4'
const [alive, dead] = [
  { node: 'm1', by: 'm4', gone: false },
  { node: 'm1', by: 'm4', gone: true },
]
const refusals: readonly (readonly [
  what: string,
  vars: { readonly node: string; readonly by: string; readonly gone: boolean },
  inventory: ReturnType<typeof clusterOf>,
  ...reasons: readonly RegExp[],
])[] = [
  ['a master by a new one', alive, clusterOf(all, all)],
  ['a dead master', dead, clusterOf(all, all)],
  ['two members of etcd, where the old one lives', alive, clusterOf(all, 'm1 m2 m4')],
  ['members of etcd elsewhere', dead, clusterOf('m1 m2 m4', 'n1')],
  ['a new one that is a worker, too', alive, clusterOf(all, all, { kube_node: 'm4 n1' })],
  [
    'a worker',
    { ...alive, node: 'n1' },
    clusterOf(all, all),
    /^node: n1 is no host of kube_control_plane: the masters/,
  ],
  ['a group', { ...alive, node: 'etcd' }, clusterOf(all, all), /^node: etcd is no host of the inventory/],
  [
    'by nobody',
    { ...alive, by: 'm9' },
    clusterOf(all, all),
    /^by: m9 is no host of the inventory: put it there beside m1/,
  ],
  ['by a worker', { ...alive, by: 'n1' }, clusterOf(all, all), /^by: n1 is not in kube_control_plane: put it there/],
  ['by itself', { ...alive, by: 'm1' }, clusterOf(all, all), /^by: m1 can't take its own place/],
  [
    'the only master',
    alive,
    clusterOf('m1 m4', 'm1 m2 m4'),
    /^m1 is the only master beside m4.*upgrade.*remove-master/,
  ],
  [
    'the only master, whose member nobody takes over: both are said',
    alive,
    clusterOf('m1 m4', 'm1 m2'),
    /^m1 is the only master/,
    /^m1 is in the group etcd, and m4 is not/,
  ],
  ['a member of etcd less', alive, clusterOf(all, 'm1 m2 m3'), /^m1 is in the group etcd, and m4 is not/],
  ['a member of etcd more', alive, clusterOf(all, 'm2 m3 m4'), /^m4 is in the group etcd, and m1 is not/],
  ['the only member of etcd', alive, clusterOf(all, 'm1 m4'), /^m1 has the only member of etcd/],
  ['a dead one of two members', dead, clusterOf(all, 'm1 m2 m4'), /^without m1 1 of 2 members.* and 2 are needed/],
  [
    'a dead one of two masters with members of kubeadm’s',
    dead,
    clusterOf('m1 m2 m4', '', {}, { etcd_deployment_type: 'kubeadm' }),
    /^without m1 1 of 2 members/,
  ],
  ['a balancer', alive, clusterOf(all, all, { load_balancer: 'm4' }), /^m4 is in load_balancer, and m1 is not/],
]
for (const [what, vars, view, ...reasons] of refusals)
  test(`${reasons.length > 0 ? 'refused' : 'let through'}: ${what}`, () => {
    const said = reasonsAgainst(vars, view)
    assert.is(said.length, reasons.length, said.join('\n'))
    for (const [index, reason] of reasons.entries()) assert.match(said[index] ?? '', reason)
  })

const small = inventoryOf([
  host('m1', '10.0.0.1', ['kube_control_plane', 'etcd'], { kube_version: 'v1.33.4' }),
  host('m2', '10.0.0.2', ['kube_control_plane', 'etcd'], { kube_version: 'v1.33.4' }),
])
const absent = { type: 'absent' } as const
const there = (content: string) =>
  ({ type: 'file', content: { base64: Buffer.from(content).toString('base64') } }) as const
test('who serves already takes nobody’s place; one that an earlier run has brought there goes on', () => {
  const [task] = mayTakeThePlaceOf('m1')({ host: small.host('m2'), inventory: small })
  assert.ok(task)
  const [record, manifest, unit] = [
    facts.path({ path: '/var/lib/rota/takes-the-place-of', content: true }),
    facts.path({ path: '/etc/kubernetes/manifests/kube-apiserver.yaml' }),
    facts.path({ path: '/etc/systemd/system/kube-apiserver.service' }),
  ]
  const refused = (of: unknown, pod: unknown, daemon: unknown) =>
    task.kind.plan(task.args, factTable([record, of], [manifest, pod], [unit, daemon]), { changed: false, diff: false })
      ?.refused
  assert.is(refused(absent, absent, absent), undefined)
  assert.is(refused(there('m1\n'), there(''), absent), undefined)
  assert.is(refused(there('m1\n'), absent, there('')), undefined)
  for (const [of, pod, daemon] of [
    [absent, there(''), absent],
    [absent, absent, there('')],
    [there('m3\n'), there(''), absent],
  ] as const)
    assert.match(refused(of, pod, daemon) ?? '', /m2 is a master already, and not by taking the place of m1/)
})

test('a master of another version is not replaced', () => {
  const [task] = runsTheVersion({ host: small.host('m2'), inventory: small })
  assert.ok(task)
  const told = facts.http({
    url: 'https://10.0.0.2:6443/version',
    address: '127.0.0.1',
    ca: '/etc/kubernetes/pki/ca.crt',
    timeout: 5,
  })
  const asked = facts.command({ run: ['false'], timeout: 15 })
  const refused = (body: string) =>
    task.kind.plan(
      task.args,
      factTable(
        [told, { type: 'answered', status: 200, body, expected: true }],
        [asked, { exitCode: 1, stdout: '', stderr: '' }],
      ),
      { changed: false, diff: false },
    )?.refused
  assert.is(refused('{ "gitVersion": "v1.33.4" }'), undefined)
  assert.match(refused('{ "gitVersion": "v1.33.3" }') ?? '', /say -e kube_version=v1\.33\.3/)
  assert.match(refused('{ "gitVersion": "v1.34.0" }') ?? '', /say -e kube_version=v1\.34\.0/)
  assert.match(refused('{}') ?? '', /does not tell its version/)
})

test('a member that leaves is looked at for the layout of etcd, and is not connected to where it is dead', () => {
  const peers = (asksLeaving: boolean) =>
    etcd({ leaving: 'm1', asksLeaving }).role.peers?.({
      params: { deployment: 'host', leaving: 'm1', asksLeaving },
      host: small.host('m2'),
      inventory: small,
    } as never).hosts
  assert.equal(peers(true), ['m1', 'm2'])
  assert.equal(peers(false), ['m2'])
})

test.after(() => rmSync(dir, { recursive: true }))
test.run()
