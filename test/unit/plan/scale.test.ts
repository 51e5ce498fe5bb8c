import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { ok } from 'uvu/assert'
import { play } from '../../../engine/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { inventoryView } from '../../../engine/plan/index.ts'
import type { HostView } from '../../../engine/role/index.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { etchosts, haproxyProxy, kubeClients, nginxProxy } from '../../../roles/index.ts'
import { readyPlays } from '../../ready-plays.ts'

/** How often anything of any host is read while the work of so many nodes is planned. */
async function reads(nodes: number): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'rota-scale-'))
  const names = Array.from({ length: nodes }, (_, index) => `n${index} ip=10.1.${index >> 8}.${index & 255}`)
  const groups = ['[kube_control_plane]', 'm1 ip=10.0.0.1', '[kube_node]', ...names]
  const all = ['[k8s_cluster:children]', 'kube_control_plane', 'kube_node', '[all:vars]', 'kube_version=v1.30.4', '']
  writeFileSync(join(dir, 'hosts.ini'), [...groups, ...all].join('\n'))
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir })
  const view = inventoryView(inventory)
  let count = 0
  const counted = new Map<string, HostView>()
  const watched = (host: HostView): HostView => {
    const known =
      counted.get(host.name) ??
      new Proxy(host, {
        get: (target, key) => {
          count += 1
          return Reflect.get(target, key)
        },
      })
    counted.set(host.name, known)
    return known
  }
  const lists = new Map<string, readonly HostView[]>()
  const group = (name: string): readonly HostView[] => {
    const known = lists.get(name) ?? view.group(name).map(watched)
    lists.set(name, known)
    return known
  }
  const hosts = view.hosts.map(watched)
  const spied = { ...view, hosts, host: (name: string) => watched(view.host(name)), group }
  const roles = [etchosts(), nginxProxy(), haproxyProxy(), kubeClients()]
  const { problems } = await readyPlays([play('nodes', { hosts: 'k8s_cluster', roles })], inventory, spied, {
    tags: { only: [], skip: [] },
    hidden: newRedactor(),
  })
  ok(problems.length === 0, JSON.stringify(problems))
  return count
}

test('what is read of hosts to plan their work grows with their number, not with its square', async () => {
  const [few, many] = [await reads(50), await reads(400)]
  ok(few > 50, 'the reads are counted')
  ok(many / few < 9, `${few} reads for 50 nodes, ${many} for 400`)
})

test.run()
