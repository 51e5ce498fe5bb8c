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
  const source = args.includes('-i') ? [] : ['-i', inventory]
  const { exitCode, all } = await execa(
    'node',
    ['node_modules/zx/build/cli.js', 'playbooks/remove-master.mjs', ...source, ...args],
    { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1' } },
  )
  return { exitCode, said: String(all) }
}
const nobodyAnswers = ['-e', 'ansible_host=127.0.0.1', '-e', 'ansible_port=1']
const list = (...args: readonly string[]) => run('--list-hosts', ...args)

test('those that stay are looked at first, the one that leaves gets no proxy', async () => {
  const { exitCode, said } = await list('-e', 'node=m1')
  assert.is(exitCode, 0, said)
  assert.equal(hostsOf(said, 'the masters that stay are ready'), ['m2', 'm3'])
  assert.equal(hostsOf(said, 'out of the proxy of every node'), ['n1', 'r1'])
  assert.equal(hostsOf(said, 'its own daemons stop'), ['m1'])
  assert.equal(hostsOf(said, 'out of the etcd cluster'), ['m1'])
})
test('what a master needs that stays a node is there before anything is changed; of another nothing is asked', async () => {
  const play = 'the proxy that it has as a node can be had'
  const { said } = await list('-e', 'node=m1')
  const places = [play, 'out of the proxy of every node', 'its own daemons stop'].map(name => said.indexOf(name))
  assert.equal(
    places,
    [...places].sort((a, b) => a - b),
  )
  assert.equal(hostsOf(said, play), ['m1'])
  assert.equal(hostsOf((await list('-e', 'node=m2')).said, play), [])
})
test('a --limit that leaves all workers out is refused, one of some of them names those that go on as before', async () => {
  for (const gone of ['false', 'true']) {
    const only = await run('-C', '-e', 'node=m1', '-e', `gone=${gone}`, '--limit', 'kube_control_plane')
    assert.is(only.exitCode, 1, only.said)
    assert.match(only.said, 'play "out of the proxy of every node" would be passed over: --limit leaves none of its 2')
    const named = /--limit leaves out (.*): what this playbook does on every host is left undone there/
    for (const [limit, out] of [
      ['!r1', 'r1'],
      ['!m3:!r1', 'm3, r1'],
      ['all', undefined],
    ] as const) {
      const { exitCode, said } = await run(
        ...['-C', '-e', 'node=m1', '-e', `gone=${gone}`, '--limit', limit],
        ...nobodyAnswers,
      )
      assert.is(exitCode, 4, said)
      assert.is(named.exec(said.replaceAll(/\n +/g, ' '))?.[1], out, said)
    }
  }
})
test('a master that is a node, and has a proxy at a port of its own, is led elsewhere, too', async () => {
  for (const gone of ['false', 'true']) {
    const { said } = await list('-e', 'node=m2', '-e', `gone=${gone}`, '-e', 'loadbalancer_apiserver_port=7443')
    assert.equal(hostsOf(said, 'out of the proxies of masters that are nodes'), ['m1'])
    assert.equal(hostsOf(said, 'out of the proxy of every node'), ['n1', 'r1'])
  }
})
test('all nodes may be masters', async () => {
  const small = join(dir, 'small.ini')
  writeFileSync(small, '[kube_control_plane]\nm1 ip=10.0.0.1\nm2 ip=10.0.0.2\n[etcd]\nm1\n[kube_node]\nm1\nm2\n')
  const { exitCode, said } = await run(
    ...['-C', '-i', small, '-e', 'node=m2', '-e', 'kube_version=1.20.2'],
    ...nobodyAnswers,
  )
  // It has begun.
  assert.is(exitCode, 4, said)
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
  const { exitCode, said } = await run('-C', '-e', 'node=m1', ...nobodyAnswers)
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
    ['kube_control_plane', /kube_control_plane is a group: one master leaves at a time.*The masters are m1, m2, m3/],
    ['all', /all is a group: one master leaves at a time/],
  ] as const) {
    const { exitCode, said } = await run('--check', '-e', `node=${node}`)
    assert.is(exitCode, 1, said)
    assert.match(said, reason)
  }
})
test('the only master stays, and nothing else is said', async () => {
  const alone = join(dir, 'alone.ini')
  writeFileSync(alone, '[kube_control_plane]\nm1 ip=10.0.0.1\n[etcd]\nm1\n[kube_node]\nn1 ip=10.0.1.1\n')
  const { exitCode, said } = await run('--check', '-i', alone, '-e', 'node=m1')
  assert.is(exitCode, 1, said)
  assert.match(said, /m1 is the only master: no API server would be left/)
  assert.match(said, /1 problem; no host was touched/)
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
