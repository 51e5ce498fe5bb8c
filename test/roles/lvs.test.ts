import { facts } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { lvsRealServerAbsent } from '../../roles/lvs-real-server/absent.ts'
import { lvsRealServer } from '../../roles/lvs-real-server/role.ts'
import { golden } from './support/golden.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { contentOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const cluster = inventory([...smallCluster().hosts, host('lb1', '10.0.2.1', ['load_balancer', 'all'])])
const master = cluster.host('m1')
type Params = NonNullable<Parameters<typeof lvsRealServer>[0]>
const lvs: Params = { vipLoadBalancer: 'lvs', virtualAddress: '10.0.0.100' }

test('DR: silent about the address first, then it is on lo, after a boot too', () => {
  const units = unitsOf(lvsRealServer(lvs), master, cluster)
  golden('lvs-real-server/kube-lvs-real-server.service', contentOf(units, 'kube-lvs-real-server'))
  assert.equal(
    units.map(unit => unit.title),
    [
      'sysctl 60-kube-lvs-real-server',
      'unit kube-lvs-real-server',
      'run the handlers notified so far',
      'service kube-lvs-real-server',
      '10.0.0.100 is on lo',
    ],
  )
})

test('NAT: the default route must lead through the director', () => {
  const [task, ...rest] = unitsOf(lvsRealServer({ ...lvs, lvsKind: 'NAT', lvsGateway: '10.0.0.101' }), master, cluster)
  assert.ok(task !== undefined && 'kind' in task && rest.length === 0)
  const verdict = (stdout: string) =>
    task.kind.plan(
      task.args,
      factTable([facts.command({ run: 'ip route show default' }), { exitCode: 0, stdout, stderr: '' }]),
      { changed: false, diff: false },
    )?.refused
  assert.is(verdict('default via 10.0.0.101 dev eth0 proto static'), undefined)
  assert.match(verdict('default via 10.0.0.1 dev eth0') ?? '', 'must be via 10.0.0.101')
  assert.match(verdict('default via 10.0.0.10 dev eth0') ?? '', 'default route here is default via 10.0.0.10 dev eth0')
  assert.match(verdict('') ?? '', 'none')
})

test('nothing on a director, on a node, on a master that leaves, or where LVS is not chosen', () => {
  assert.equal(titlesOf(lvsRealServer(lvs), cluster.host('lb1'), cluster), [])
  assert.equal(titlesOf(lvsRealServer(lvs), cluster.host('n1'), cluster), [])
  assert.equal(titlesOf(lvsRealServer({ ...lvs, leaving: 'm1' }), master, cluster), [])
  assert.equal(titlesOf(lvsRealServer({ virtualAddress: '10.0.0.100' }), master, cluster), [])
  assert.equal(problemsOf(lvsRealServer({ vipLoadBalancer: 'lvs' }), master, cluster).length, 1)
})

test('and taken down where it is not wanted', () => {
  const taken = (params: Parameters<typeof lvsRealServerAbsent>[0]) =>
    titlesOf(lvsRealServerAbsent(params), master, cluster).length > 0
  assert.not(taken({ vipLoadBalancer: 'lvs' }))
  assert.ok(taken({ vipLoadBalancer: 'haproxy' }))
  assert.ok(taken({ vipLoadBalancer: 'lvs', lvsKind: 'NAT' }))
  assert.ok(taken({ vipLoadBalancer: 'lvs', leaving: 'm1' }))
  assert.ok(taken({ vipLoadBalancer: 'lvs', everywhere: true }))
})

test.run()
