import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
    ['node_modules/zx/build/cli.js', `playbooks/${playbook}.mjs`, '-i', join(dir, 'hosts.ini'), ...args],
    { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1' } },
  )
  return { exitCode, said: all, touched: existsSync(canary) }
}

async function refused(playbook: string, args: readonly string[], reason: RegExp, groups?: string): Promise<void> {
  const { exitCode, said, touched } = await run(playbook, args, groups)
  assert.is(exitCode, 1, said)
  assert.match(said, reason)
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
  ['remove-master', '-e node=all', /all is no host of the group kube_control_plane/],
  ['remove-master', '-e node=m*', /node: "m\*" does not match/],
  ['remove-master', '-e node=m1 -e gone=perhaps', /gone: "perhaps" is not of type boolean/],
  ['remove-master', '-e node=m1 -e gnoe=true', /extra variable gnoe: .*\n +did you mean gone/],
]
for (const [playbook, args, reason] of unconfirmed)
  test(`${playbook} ${args || 'alone'} is refused`, () => refused(playbook, words(args), reason))

test('the confirmation in the inventory is none: it would confirm every run', () =>
  refused('remove-ha', [], /needs the variable confirm/, `${whole}[kube_control_plane:vars]\nconfirm=yes\n`))

test('the only master can not be removed', () =>
  refused(
    'remove-master',
    ['-e', 'node=m1'],
    /playbooks\/parts\/leaving\.mjs:\d+:\d+: play "the masters that stay are ready" has no host: 'kube_control_plane:!m1' matches none/,
    whole.replace(/^m[23] .*\n/gm, ''),
  ))

for (const limit of ['m1', '!m1', 'kube_node'])
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

// As kubespray's samples are since 2.27.
const apart = whole.slice(0, whole.indexOf('[k8s_cluster'))
for (const [playbook, args, play] of [
  ['remove-master', '-e node=m1', 'out of the proxy of every node'],
  ['upgrade', '', 'the proxy of every node'],
  ['cluster', '', 'the proxy of every node, and its clients'],
] as const)
  test(`${playbook}: workers that are in none of its groups are not passed over`, () =>
    refused(
      playbook,
      words(args),
      new RegExp(
        `playbooks/(?:parts/[a-z]+|${playbook})\\.mjs:\\d+:\\d+: play "${play}" has no host: there is no host or group 'k8s_cluster[^]*` +
          'the groups of this inventory are kube_control_plane, etcd, kube_node',
      ),
      apart,
    ))

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
