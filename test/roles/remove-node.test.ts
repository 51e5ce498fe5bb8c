import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { nodeAbsent } from '../../roles/node/absent.ts'
import { nodeIsGone, workerAbsent } from '../../roles/worker/absent.ts'
import { host, inventory as inventoryOf } from './support/inventory.ts'
import { problemsOf, titlesOf } from './support/role.ts'

// The playbook as it is called; it only lists, so no host is needed.
const dir = mkdtempSync(join(tmpdir(), 'rota-remove-node-'))
const inventory = join(dir, 'hosts.ini')
writeFileSync(
  inventory,
  `[kube_control_plane]
m1 ip=10.0.0.1
m2 ip=10.0.0.2
[etcd]
m1
e1 ip=10.0.3.1
[kube_node]
m1
n1 ip=10.0.1.1
n2 ip=10.0.1.2
e1
[calico_rr]
r1 ip=10.0.2.1
[all:vars]
kube_version=v1.20.2
`,
)
const run = async (...args: readonly string[]) => {
  const words = ['node_modules/zx/build/cli.js', 'playbooks/remove-node.mjs', '-i', inventory, ...args]
  const { exitCode, all } = await execa('node', words, {
    all: true,
    reject: false,
    env: { XDG_STATE_HOME: dir, NO_COLOR: '1' },
  })
  return { exitCode, said: String(all) }
}
/** The lines with a host's name alone that stand under a play's. */
function hostsOf(said: string, play: string): readonly string[] {
  const lines = said.split('\n')
  const start = lines.findIndex(line => line.includes(play))
  assert.ok(start >= 0, `no play ${play} in ${said}`)
  const rest = lines.slice(start + 1)
  const end = rest.findIndex(line => /^\s*play\b/i.test(line))
  return (end < 0 ? rest : rest.slice(0, end)).map(line => line.trim()).filter(line => /^[mnre]\d$/.test(line))
}

test('it is drained and reset where it is, and then forgotten', async () => {
  const { exitCode, said } = await run('--list-hosts', '-e', 'node=n1')
  assert.is(exitCode, 0, said)
  assert.equal(hostsOf(said, 'the masters are ready'), ['m1', 'm2'])
  assert.equal(hostsOf(said, 'nothing of the cluster is left on it'), ['n1'])
  assert.equal(hostsOf(said, 'the cluster has no node of it'), ['m1', 'm2'])
  assert.ok(hostsOf(said, 'no host knows it any more').includes('n2'))
})
test('one that is gone is not connected to', async () => {
  const { exitCode, said } = await run('--list-hosts', '-e', 'node=n1', '-e', 'gone=true')
  assert.is(exitCode, 0, said)
  assert.not.match(said, /^\s*n1$/m)
})
for (const [node, reason] of [
  ['m1', /m1 is a master: remove-master\.mjs -e node=m1 takes it out/],
  ['e1', /e1 is in the group etcd/],
  ['m1,n1', /node: /],
  ['n9', /n9 is no host of the group kube_node|n9/],
] as const)
  test(`who is no worker is refused before a host is touched: ${node}`, async () => {
    for (const gone of ['false', 'true']) {
      const { exitCode, said } = await run('-C', '-e', `node=${node}`, '-e', `gone=${gone}`)
      assert.is(exitCode, 1, said)
      assert.match(said, reason)
      assert.match(said, 'no host was touched')
    }
  })
for (const [what, args, reason] of [
  ['a tag', ['-e', 'node=n1', '--tags', 'etchosts'], /tags/],
  ['the node alone', ['-e', 'node=n1', '--limit', 'n1'], /"the masters are ready" would be passed over/],
  ['without the node', ['-e', 'node=n1', '--limit', 'm1,m2'], /"its pods go elsewhere.*would be passed over/],
  ['a variable that is misspelt', ['-e', 'nod=n1'], /is node meant\?/],
] as const)
  test(`a part of it is refused before a host is touched: ${what}`, async () => {
    const { exitCode, said } = await run('-C', ...args)
    assert.is(exitCode, 1, said)
    assert.match(said, reason)
    assert.match(said, 'no host was touched')
  })

const small = inventoryOf([
  host('m1', '10.0.0.1', ['kube_control_plane']),
  host('n1', '10.0.1.1', ['kube_node']),
  host('n2', '10.0.1.2', ['kube_node']),
])
test('only who leaves is reset, nothing of etcd is touched there, and no key stays', () => {
  const call = workerAbsent({ leaving: 'n1' })
  for (const name of ['m1', 'n2']) assert.equal(titlesOf(call, small.host(name), small), [])
  const titles = titlesOf(call, small.host('n1'), small)
  for (const title of ['kubeadm reset', 'service kubelet', 'no key of the cluster is left'])
    assert.ok(titles.includes(title), `${title} in ${titles.join(', ')}`)
  assert.not.match(titles.join(), /etcd/)
  assert.equal(problemsOf(call, small.host('n1'), small), [])
  assert.is(problemsOf(workerAbsent({ leaving: 'n1', method: 'binaries' }), small.host('n1'), small).length, 1)
})
test('its node is deleted by a master', () => {
  const call = nodeAbsent({ leaving: 'n1' })
  assert.equal(titlesOf(call, small.host('m1'), small), ['n1 is no node of the cluster'])
  assert.equal(titlesOf(call, small.host('n2'), small), [])
  assert.equal(problemsOf(call, small.host('m1'), small), [])
  assert.is(problemsOf(nodeAbsent({ leaving: 'x1' }), small.host('m1'), small).length, 1)
})
test('a node whose kubelet takes connections is not gone', () => {
  const [task] = nodeIsGone('n1')({ inventory: small })
  assert.ok(task)
  const refused = (type: string) =>
    task.kind.plan(task.args, factTable([facts.tcp({ host: '10.0.1.1', port: 10250 }), { type, reason: '' }]), {
      changed: false,
      diff: false,
    })?.refused
  assert.is(refused('closed'), undefined)
  assert.match(refused('open') ?? '', /its kubelet still takes connections at 10\.0\.1\.1/)
})

test.after(() => rmSync(dir, { recursive: true }))
test.run()
