import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { haproxyAbsent } from '../../roles/haproxy/absent.ts'
import { keepalivedAbsent } from '../../roles/keepalived/absent.ts'
import { moveVirtualAddress } from '../../roles/keepalived/move.ts'
import { lvsRealServerAbsent } from '../../roles/lvs-real-server/absent.ts'
import { nginxVipAbsent } from '../../roles/nginx-vip/absent.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { remote } from './support/remote.ts'
import { titlesOf, unitsOf } from './support/role.ts'

const cluster = smallCluster()
const apart = inventory([...cluster.hosts, host('lb1', '10.0.2.1', ['load_balancer', 'all'])])
const vip = { virtualAddress: '10.0.0.100' }
const noHaproxy = 'no haproxy in front of the API servers'
const noAddress = 'no virtual address of the API servers'
const noNginx = ['no unit nginx-vip', 'absent /etc/nginx/nginx-vip.conf']
const m1 = cluster.host('m1')

test('nothing is taken down where it is the set-up', () => {
  assert.equal(titlesOf(haproxyAbsent({}), m1, cluster), [])
  assert.equal(titlesOf(keepalivedAbsent(vip), m1, cluster), [])
  assert.equal(titlesOf(haproxyAbsent({}), apart.host('lb1'), apart), [])
})
test('another load balancer is chosen: haproxy goes once that one serves, the address stays', () => {
  assert.equal(titlesOf(haproxyAbsent({ ...vip, vipLoadBalancer: 'nginx' }), m1, cluster), [
    'nginx listens on 8443',
    noHaproxy,
  ])
  assert.equal(titlesOf(haproxyAbsent({ ...vip, vipLoadBalancer: 'lvs' }), m1, cluster), [
    'the kernel balances 6443',
    noHaproxy,
  ])
  assert.equal(titlesOf(nginxVipAbsent(vip), m1, cluster), ['haproxy listens on 8443', ...noNginx])
  assert.is(titlesOf(nginxVipAbsent({ ...vip, kubeVip: true }), apart.host('lb1'), apart)[0], 'haproxy listens on 8443')
  assert.equal(titlesOf(keepalivedAbsent(vip), m1, cluster), [])
})
test('other hosts balance now: the address is handed over to them', () => {
  assert.equal(titlesOf(haproxyAbsent(vip), apart.host('m1'), apart), [noHaproxy])
  assert.equal(titlesOf(keepalivedAbsent(vip), apart.host('m1'), apart), ['hand over 10.0.0.100', noAddress])
})
test('the whole set-up: nobody is there to take the address', () => {
  assert.equal(titlesOf(haproxyAbsent({ everywhere: true }), m1, cluster), [noHaproxy])
  assert.equal(titlesOf(keepalivedAbsent({ ...vip, everywhere: true }), m1, cluster), [noAddress])
})
test('a master that leaves', () => {
  assert.equal(titlesOf(keepalivedAbsent({ ...vip, leaving: 'm1' }), m1, cluster), ['hand over 10.0.0.100', noAddress])
  // Told by its configuration: what serves something else stays.
  assert.equal(titlesOf(haproxyAbsent({ leaving: 'm1' }), m1, cluster), [noHaproxy])
})
test('an address that is merely unset is not given up, nor what is behind it', () => {
  const unset = inventory([
    host('m1', '10.0.0.1', ['kube_control_plane']),
    host('m2', '10.0.0.2', ['kube_control_plane']),
  ])
  const on = unset.host('m1')
  for (const call of [
    haproxyAbsent(),
    haproxyAbsent({ vipLoadBalancer: 'nginx' }),
    nginxVipAbsent(),
    lvsRealServerAbsent(),
  ])
    assert.equal(titlesOf(call, on, unset), [])
  assert.equal(titlesOf(haproxyAbsent({ everywhere: true }), on, unset), [noHaproxy])
  const [task] = unitsOf(keepalivedAbsent(), on, unset)
  assert.ok(task !== undefined && 'kind' in task)
  const refused = (content: string) => {
    const [request] = task.kind.facts(task.args, { diff: false })
    assert.ok(request)
    const entry = { type: 'file', content: { base64: Buffer.from(content).toString('base64') } }
    return task.kind.plan(task.args, factTable([request, entry]), { changed: false, diff: false })?.refused
  }
  assert.match(refused('global_defs {\n}\nvrrp_instance VI_KUBE_APISERVER {\n') ?? '', /remove-ha\.mjs/)
  assert.is(refused('vrrp_instance VI_SHOP {\n'), undefined)
})

// How the address is handed over, as the hosts answer.
const move = moveVirtualAddress({
  virtualAddress: vip.virtualAddress,
  others: [cluster.host('m2')],
  grace: 0,
  limit: 60,
})
const handOver = async (answer: (command: string, on: string) => string | undefined) => {
  const { context, commands } = remote(answer)
  const failed = await move.run({ ...context, host: m1, inventory: cluster }).then(
    () => '',
    (error: unknown) => String(error),
  )
  return { failed, asked: commands.map(({ text }) => text) }
}
test('keepalived is not stopped where no other runs it', async () => {
  const { failed, asked } = await handOver((_, on) => (on === 'm1' ? '' : undefined))
  assert.match(failed, /nobody is ready to take 10\.0\.0\.100.*m2/)
  assert.not.ok(asked.includes('systemctl stop keepalived'))
})
test('a failed hand-over leaves keepalived running', async () => {
  const { failed, asked } = await handOver(command => (command.includes('stop keepalived') ? undefined : ''))
  assert.is.not(failed, '')
  assert.ok(asked.indexOf('systemctl start keepalived') > asked.indexOf('systemctl stop keepalived'))
})

test.run()
