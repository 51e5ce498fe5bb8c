import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../engine/journal/events.ts'

// The upgrade as users call it, in check mode: its hosts are this machine, of which nothing is changed.
const dir = mkdtempSync(join(tmpdir(), 'rota-upgrade-window-'))
test.after(() => rmSync(dir, { recursive: true }))
const inventory = join(dir, 'hosts.ini')
const nodes = Array.from({ length: 7 }, (_, index) => `n${index + 1}`)
writeFileSync(
  inventory,
  `[all:vars]
ansible_connection=local
kube_version=1.33.4
kubespray_release="2.28"
[kube_control_plane]
m1 ip=10.0.0.1
[etcd:children]
kube_control_plane
[kube_node]
${nodes.map((name, index) => `${name} ip=10.0.1.${index + 1}`).join('\n')}
`,
)

async function upgrade(...flags: readonly string[]): Promise<readonly RunEvent[]> {
  const words = ['playbooks/upgrade.mjs', '-i', inventory, '--check', '--json', '--tags', 'nginx', ...flags]
  const { exitCode, stdout, stderr } = await execa('node', ['node_modules/zx/build/cli.js', ...words], {
    reject: false,
    env: { XDG_STATE_HOME: dir, NO_COLOR: '1' },
  })
  assert.is(exitCode, 0, stderr)
  return stdout.split('\n').map(line => JSON.parse(line))
}

const paces = [
  { flags: ['--serial', '30%', '--window'], batches: [1, 2], most: 2 },
  { flags: ['--window'], batches: [1, 1], most: 1 },
  { flags: ['--serial', '1,3', '--window'], batches: [2, 3], most: 3 },
] as const
for (const { flags, batches, most } of paces)
  test(`an upgrade with ${flags.join(' ')} has no more nodes in flight than that, and comes to all of them`, async () => {
    const events = await upgrade(...flags)
    const plays = events.filter(event => event.kind === 'playStarted')
    const proxies = plays.find(({ play }) => play === 'the proxy of every node')
    assert.equal([proxies?.batches, proxies?.window], batches)
    const starts = events.filter(event => event.kind === 'hostStarted')
    assert.is(Math.max(...starts.map(({ inFlight }) => inFlight.length)), most)
    const ended = events.filter(event => event.kind === 'hostFinished' && event.play === proxies?.play)
    assert.equal(ended.map(event => ('host' in event ? event.host : '')).sort(), nodes)
  })

test.run()
