import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

// The careless operator: what takes something away is started without its confirmation, with a wrong one, or where half
// of the cluster is not in the groups that it works on. Each playbook runs as a process of its own; a host that anybody
// connects to leaves a canary.
const dir = mkdtempSync(join(tmpdir(), 'rota-confirm-'))
const canary = join(dir, 'touched')
const shell = join(dir, 'shell')
writeFileSync(shell, `#!/bin/sh\necho "$@" >>'${canary}'\nexit 1\n`)
chmodSync(shell, 0o755)
test.after(() => rmSync(dir, { recursive: true }))

const whole = `[kube_control_plane]
m1 ip=10.0.0.1
m2 ip=10.0.0.2
m3 ip=10.0.0.3
[etcd:children]
kube_control_plane
[kube_node]
n1 ip=10.0.1.1
[k8s_cluster:children]
kube_control_plane
kube_node
`
const vars = `[all:vars]
ansible_connection=local
ansible_shell_executable=${shell}
ansible_become=false
kube_version=v1.20.2
kube_bin_cache=/nowhere
vip_address=10.0.0.100
`

async function run(playbook: string, args: readonly string[], groups = whole) {
  writeFileSync(join(dir, 'hosts.ini'), `${groups}${vars}`)
  rmSync(canary, { force: true })
  const { exitCode, all } = await execa(
    'node',
    ['node_modules/zx/build/cli.js', resolve('playbooks', `${playbook}.mjs`), '-i', join(dir, 'hosts.ini'), ...args],
    { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1' } },
  )
  return { exitCode, said: all, touched: existsSync(canary) }
}

async function refused(playbook: string, args: readonly string[], reason: RegExp, groups?: string): Promise<void> {
  const { exitCode, said, touched } = await run(playbook, args, groups)
  assert.is(exitCode, 1, said)
  assert.match(said, reason, said)
  assert.match(said, /no host was touched|a run would be refused/)
  assert.is(touched, false, 'a host was connected to')
}

const words = (text: string) => text.split(' ').filter(Boolean)
const unconfirmed: readonly (readonly [playbook: string, args: string, reason: RegExp])[] = [
  ['remove-ha', '', /playbook remove-ha needs the variable confirm\n +say it with -e confirm=…/],
  ['remove-ha', '--check', /needs the variable confirm/],
  ['remove-ha', '--list-tasks', /needs the variable confirm/],
  ['remove-ha', '-e confirm=', /needs the variable confirm/],
  ['remove-ha', '-e confirm=no', /--extra-vars:1:9: confirm: "no" is not one of "yes" \(playbook remove-ha\)/],
  ['remove-ha', '-e confirm=true', /confirm: "true" is not one of "yes"/],
  ['remove-ha', '-e {"confirm":true}', /confirm: true is not/],
  ['remove-ha', '-e confrim=yes', /needs the variable confirm\n.*confrim was given: is confirm meant\?/],
  ['remove-ha', '--limit m1 --tags nothing', /needs the variable confirm/],
  ['remove-master', '', /playbook remove-master needs the variable node\n +say it with -e node=…/],
  ['remove-master', '-e gone=true', /needs the variable node/],
  ['remove-master', '-e node=', /needs the variable node/],
  ['remove-master', '-e nodes=m1', /needs the variable node\n.*nodes was given: is node meant\?/],
  ['remove-master', '-e node=undefined', /undefined is no host of the group kube_control_plane/],
  ['remove-master', '-e node=n1', /n1 is no host of the group kube_control_plane/],
  ['remove-master', '-e node=all', /all is a group: one master leaves at a time/],
  ['remove-master', '-e node=m*', /node: "m\*" does not match/],
  ['remove-master', '-e node=m1 -e gone=perhaps', /gone: "perhaps" is not of type boolean/],
  ['remove-master', '-e node=m1 -e gnoe=true', /extra variable gnoe: .*\n +did you mean gone/],
  ['replace-master', '-e by=m3', /playbook replace-master needs the variable node\n/],
  ['replace-master', '-e node=m1 -e yb=m3', /needs the variable by\n/],
  ['replace-master', '-e node=m1 -e by=m*', /by: "m\*" does not match/],
  ['replace-master', '-e node=m1 -e by=undefined', /by: undefined is no host of the inventory/],
  ['replace-master', '-e node=all -e by=m3', /node: all is no host of the inventory/],
]
for (const [playbook, args, reason] of unconfirmed)
  test(`${playbook} ${args || 'alone'} is refused`, () => refused(playbook, words(args), reason))

test('the confirmation in the inventory is none: it would confirm every run', () =>
  refused('remove-ha', [], /needs the variable confirm/, `${whole}[kube_control_plane:vars]\nconfirm=yes\n`))

test('the only master can not be removed', () =>
  refused(
    'remove-master',
    ['-e', 'node=m1'],
    /m1 is the only master: no API server would be left/,
    whole.replace(/^m[23] .*\n/gm, ''),
  ))

for (const limit of ['m1', '!m1', 'kube_node', 'kube_control_plane'])
  test(`remove-master --limit ${limit} would do a part alone`, () =>
    refused(
      'remove-master',
      ['-e', 'node=m1', '--limit', limit],
      /playbooks\/parts\/leaving\.mjs:\d+:\d+: play "[^"]+" would be passed over: --limit leaves none of its \d hosts/,
    ))

test('remove-ha --limit of a worker does nothing and says so before any host is touched', () =>
  refused('remove-ha', ['-e', 'confirm=yes', '--limit', 'n1'], /"no virtual address" would be passed over: --limit/))

test('a group of other hosts with the name of a master is not what is left out in its place', async () => {
  const members = (names: string) => `${whole}[apart]\nm9 ip=10.0.0.9\n[m1]\n${names}\n`
  // Ansible gives what stands behind such a host to the group.
  const placed = whole.replace('m1 ip=10.0.0.1', 'm1')
  const twofold = /'!m1' may mean the host or the group 'm1'\n +give one of them another name/
  await refused('remove-master', ['-e', 'node=m1'], twofold, `${placed}[m1]\nm2\n`)
  await refused('remove-ha', ['-e', 'confirm=yes', '--limit', '!m1'], twofold, members('m9'))
})

// As kubespray's samples are since 2.27: its playbooks make k8s_cluster, and so do ours.
const apart = whole.slice(0, whole.indexOf('[k8s_cluster'))
const shapes: Readonly<Record<string, string>> = {
  '2.25, 2.26': whole.replace('[k8s_cluster', '[calico_rr]\n[k8s_cluster').concat('calico_rr\n'),
  '2.27 to 2.32': apart,
  'old names': whole
    .replaceAll('kube_control_plane', 'kube-master')
    .replaceAll(/kube_node|k8s_cluster/g, name => name.replace('_', '-')),
}
for (const [shape, groups] of Object.entries(shapes))
  test(`kubespray ${shape}: each playbook finds masters and workers, and misses no group`, async () => {
    for (const [playbook, args, play] of [
      ['remove-master', '-e node=m1', 'out of the proxy of every node'],
      ['upgrade', '', 'clients go through the proxies'],
      ['cluster', '', 'the proxy of every node, and its clients'],
      ['check-ha', '', 'the ways to the API servers'],
      ['remove-ha', '-e confirm=yes', 'no virtual address'],
    ] as const) {
      const { said = '', touched } = await run(playbook, [...words(args), '--list-hosts'], groups)
      const [, hosts = ''] = new RegExp(`play: ${play}.*\\n +hosts \\(\\d+\\):\\n((?: +\\S+\\n?)+)`).exec(said) ?? []
      const masters = playbook === 'remove-master' ? [] : ['m1', 'm2', 'm3']
      const workers = playbook === 'remove-ha' ? [] : ['n1']
      assert.equal(words(hosts.replaceAll('\n', ' ')).sort(), [...masters, ...workers], `${playbook}: ${said}`)
      assert.not.match(said, /warning|no host or group/)
      assert.is(touched, false)
    }
  })

test('kubespray: calico_rr may be missing without a word', async () => {
  const { said, touched } = await run('upgrade', ['--check', '--tags', 'etchosts'], apart)
  assert.is(touched, true)
  assert.not.match(said ?? '', /calico_rr|k8s_cluster'/)
})

test('kubespray: a route reflector is a host of the cluster', async () => {
  const { said = '' } = await run('upgrade', ['--list-hosts', '--tags', 'etchosts'], `${apart}[calico_rr]\nr1\n`)
  assert.match(said, /every host knows every other .*\n +hosts \(5\):/)
})

test('a sample is told as such, with no host in it and with hosts in no group', async () => {
  const sample = whole.replaceAll(/^[mn]\d .*\n/gm, '')
  const empty =
    /hosts\.ini:1:1: the inventory holds no host\n +its groups kube_control_plane, etcd, kube_node, k8s_cluster are empty: in a sample/
  const halfWritten =
    /hosts\.ini:2:1: no group of the inventory has a host\n +the hosts that it names must be in groups, too: the plays work on .*kube_control_plane/
  for (const playbook of ['upgrade', 'check-ha', 'cluster']) {
    await refused(playbook, [], empty, sample)
    await refused(playbook, [], halfWritten, `[all]\nm1\n${sample}`)
  }
})

test('workers, and a play for all hosts that nobody is in: refused, not passed over', async () => {
  const own = join(dir, 'own.mjs')
  const play = "play('the proxy of every node', { hosts: 'k8s_cluster', optional: noWorkers })"
  const imports = ['engine', 'roles'].map(name => JSON.stringify(resolve(name, 'entry.mjs')))
  writeFileSync(
    own,
    `import { play, playbook } from ${imports[0]}\nimport { noWorkers } from ${imports[1]}\nawait playbook('own', [${play}])\n`,
  )
  const nobody = /play "the proxy of every node" has no host: there is no host or group 'k8s_cluster'/
  await refused(own.replace(/\.mjs$/, ''), [], nobody, apart)
})

test('control: who confirms is let through to the hosts, and the canary sees it', async () => {
  for (const [playbook, args] of [
    ['remove-ha', '--check -e confirm=yes'],
    ['remove-master', '--check -e node=m1'],
    ['remove-master', '--check -e node=m1 --limit !m3'],
    ['upgrade', '--check --tags etchosts'],
  ] as const) {
    const { exitCode, said, touched } = await run(playbook, words(args))
    assert.is(exitCode, 4, said)
    assert.is(touched, true, said)
  }
})

test.run()
