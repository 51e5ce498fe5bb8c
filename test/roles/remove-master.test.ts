import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

// The playbook as it is called; it only lists, so no host is needed.
const dir = mkdtempSync(join(tmpdir(), 'rota-remove-'))
const inventory = join(dir, 'hosts.ini')
writeFileSync(
  inventory,
  `[kube_control_plane]
m1 ip=10.0.0.1
m2 ip=10.0.0.2
m3 ip=10.0.0.3
[etcd:children]
kube_control_plane
[kube_node]
m1
n1 ip=10.0.1.1
[k8s_cluster:children]
kube_control_plane
kube_node
calico_rr
[calico_rr]
r1 ip=10.0.2.1
[all:vars]
kube_version=v1.20.2
vip_address=10.0.0.100
`,
)
const run = async (...args: readonly string[]) => {
  const { exitCode, all } = await execa(
    'node',
    ['node_modules/zx/build/cli.js', 'playbooks/remove-master.mjs', '-i', inventory, ...args],
    { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1' } },
  )
  return { exitCode, said: String(all) }
}
const list = (...args: readonly string[]) => run('--list-hosts', ...args)

test('those that stay are looked at first, the one that leaves gets no proxy', async () => {
  const { exitCode, said } = await list('-e', 'node=m1')
  assert.is(exitCode, 0, said)
  assert.equal(hostsOf(said, 'the masters that stay are ready'), ['m2', 'm3'])
  assert.equal(hostsOf(said, 'out of the proxy of every node'), ['n1', 'r1'])
  assert.equal(hostsOf(said, 'its own daemons stop'), ['m1'])
  assert.equal(hostsOf(said, 'out of the etcd cluster'), ['m1'])
})
test('an extra variable that says that another leaves, or none, is refused before a host is touched', async () => {
  for (const [said, shown] of [
    ['m3', '"m3"'],
    ['', '""'],
  ])
    for (const gone of ['false', 'true']) {
      const leaves = ['-e', 'node=m1', '-e', `gone=${gone}`, '-e', `leaving_masters=${said}`]
      const { exitCode, said: text } = await run('-C', ...leaves)
      assert.is(exitCode, 1, text)
      assert.match(text, `m1 is to leave, and leaving_masters is ${shown}: leave -e leaving_masters=… away`)
      assert.match(text, 'no host was touched')
    }
})
test('one that can not be reached is found out first, with the way out', async () => {
  const { exitCode, said } = await run('-C', '-e', 'node=m1', '-e', 'ansible_host=127.0.0.1', '-e', 'ansible_port=1')
  assert.is(exitCode, 4, said)
  assert.match(said, /the master can be reached \(one that is dead leaves with -e gone=true\): failed on m1/)
  assert.match(said, /not run: the masters that stay are ready/)
})
test('one that is gone is not connected to', async () => {
  const { exitCode, said } = await list('-e', 'node=m1', '-e', 'gone=true')
  assert.is(exitCode, 0, said)
  assert.not.match(said, /^\s*m1$/m)
  assert.equal(hostsOf(said, 'out of the etcd cluster'), ['m2', 'm3'])
})
test('one host, and a master', async () => {
  for (const [node, reason] of [
    ['n1', /n1 is no host of the group kube_control_plane: did you mean m1\?/],
    ['m4', /m4 is no host of the group kube_control_plane: did you mean m/],
    ['m1,m2', /node: "m1,m2" does not match/],
    ['m*', /node: "m\*" does not match/],
    ['kube_control_plane', /kube_control_plane is no host of the group/],
  ] as const) {
    const { exitCode, said } = await run('--check', '-e', `node=${node}`)
    assert.is(exitCode, 1, said)
    assert.match(said, reason)
  }
})
test('an upgrade takes nothing away before the clients have gone elsewhere', async () => {
  const { all } = await execa(
    'node',
    [
      'node_modules/zx/build/cli.js',
      'playbooks/upgrade.mjs',
      '-i',
      inventory,
      '--list-tasks',
      '-e',
      'kube_bin_cache=/nowhere',
    ],
    { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1' } },
  )
  const plays = String(all).split(/^play: /m)
  const clients = plays.findIndex(text => text.startsWith('clients go through the proxies'))
  const absents = plays.flatMap((text, index) => (/(haproxy|keepalived|nginx-vip)-absent/.test(text) ? [index] : []))
  assert.equal(absents, [clients + 1], String(all))
  assert.match(plays[clients + 1] ?? '', /tags: leftovers/)
})
test.after(() => rmSync(dir, { recursive: true }))

/** The lines with a host's name alone that stand under a play's. */
function hostsOf(said: string, play: string): readonly string[] {
  const lines = said.split('\n')
  const start = lines.findIndex(line => line.includes(play))
  assert.ok(start >= 0, `no play ${play} in ${said}`)
  const rest = lines.slice(start + 1)
  const end = rest.findIndex(line => /^\s*play\b/i.test(line))
  return (end < 0 ? rest : rest.slice(0, end)).map(line => line.trim()).filter(line => /^[mnr]\d$/.test(line))
}

test.run()
