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
import { etchosts, haproxyProxy, kubeClients, nginxBuild, nginxProxy, nodeProxyAbsent } from '../../../roles/index.ts'
import { cpuTime } from '../../cpu-time.ts'
import { readyPlays } from '../../ready-plays.ts'

/** How often anything of any host is read while the work of so many nodes is planned. */
async function reads(nodes: number): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'rota-scale-'))
  const names = Array.from({ length: nodes }, (_, index) => `n${index} ip=10.1.${index >> 8}.${index & 255}`)
  const groups = ['[kube_control_plane]', 'm1 ip=10.0.0.1', '[kube_node]', ...names]
  const all = ['[k8s_cluster:children]', 'kube_control_plane', 'kube_node', '[all:vars]', 'kube_version=v1.30.4', '']
  writeFileSync(join(dir, 'hosts.ini'), [...groups, ...all].join('\n'))
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir })
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
  const spied: typeof inventoryView = (...args) => {
    const view = inventoryView(...args)
    const group = (name: string): readonly HostView[] => {
      const known = lists.get(name) ?? view.group(name).map(watched)
      lists.set(name, known)
      return known
    }
    const hosts = view.hosts.map(watched)
    return { ...view, hosts, host: name => watched(view.host(name)), group }
  }
  const roles = [etchosts(), nginxProxy(), haproxyProxy(), kubeClients()]
  const plays = [play('nodes', { hosts: 'k8s_cluster', roles })]
  const { problems } = await readyPlays(
    plays,
    inventory,
    { tags: { only: [], skip: [] }, redactor: newRedactor() },
    spied,
  )
  ok(problems.length === 0, JSON.stringify(problems))
  return count
}

test('what is read of hosts to plan their work grows with their number, not with its square', async () => {
  const [few, many] = [await reads(50), await reads(400)]
  ok(few > 50, 'the reads are counted')
  ok(many / few < 9, `${few} reads for 50 nodes, ${many} for 400`)
})

const nodeRoles = () => [etchosts(), nginxBuild(), nginxProxy(), haproxyProxy(), kubeClients(), nodeProxyAbsent()]

/** Milliseconds of CPU that it takes to find what is to be done on so many nodes, from the inventory's text on. */
async function cpuOf(nodes: number): Promise<number> {
  const names = Array.from({ length: nodes }, (_, index) => `n${index} ip=10.1.${index >> 8}.${index & 255}`)
  const groups = ['[kube_control_plane]', 'm1 ip=10.0.0.1', '[kube_node]', ...names]
  const dir = mkdtempSync(join(tmpdir(), 'rota-scale-'))
  const all = ['[k8s_cluster:children]', 'kube_control_plane', 'kube_node', '']
  writeFileSync(join(dir, 'hosts.ini'), [...groups, ...all].join('\n'))
  const started = cpuTime()
  const extraVars = ['kube_version=v1.30.4', 'loadbalancer_apiserver_type=nginx']
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir, extraVars })
  const plays = nodeRoles().map(role => play(role.role.name, { hosts: 'k8s_cluster', roles: [role] }))
  const { problems } = await readyPlays(plays, inventory, {
    tags: { only: [], skip: [] },
    redactor: newRedactor(),
    keep: 'first',
  })
  const took = cpuTime() - started
  ok(problems.length === 0, JSON.stringify(problems))
  return took
}

test('the CPU that it takes grows with their number, extra variables or not', async () => {
  await cpuOf(500)
  const few = await cpuOf(300)
  const many = await cpuOf(3000)
  ok(many / few < 12, `${few.toFixed(0)} ms of CPU for 300 nodes, ${many.toFixed(0)} ms for 3,000`)
})

test('an extra variable is one variable, whichever hosts have it, so that what follows from it is worked out once', async () => {
  const inventory = await loadInventory({ sources: ['a,b,'], extraVars: ['x=1'] })
  const [a, b] = ['a', 'b'].map(name => inventory.hosts.get(name)?.vars.get('x'))
  ok(a !== undefined && a === b)
})

test.run()
