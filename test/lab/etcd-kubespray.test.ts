import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { inHost, type PlaybookResult, runPlaybook, totals, upLab, withInventory } from './lab.ts'
import { makeTheirEtcd, noEtcd } from './their-etcd.ts'

const lab = await upLab()
const members = ['master-1', 'master-2', 'master-3']
test.before(async () => {
  await noEtcd([...members, 'node-1'])
  await makeTheirEtcd(lab, members)
})
test.after(() => noEtcd([...members, 'node-1']))

const upgrade = 'playbooks/upgrade.mjs'
const etcdctl = (host: string, words: string) => inHost(host, `set -a; . /etc/etcd.env; ETCDCTL_API=3 etcdctl ${words}`)
const listed = async (host: string) => (await etcdctl(host, 'member list')).split('\n').map(line => line.split(', ')[2])
const pid = (host: string) => inHost(host, 'systemctl show -p MainPID --value etcd')
const files = (host: string) =>
  inHost(
    host,
    'stat -c "%n %a %U %Y" /etc/etcd.env /etc/systemd/system/etcd.service /etc/ssl/etcd/ssl/* /usr/local/bin/*',
  )
const changed = (result: PlaybookResult, host: string) => totals(result).get(host)?.changed
const asHosts = (text: string): string => `${text}\netcd_deployment_type=host\n`
const withNode = (text: string): string =>
  asHosts(text).replace('[etcd]\n', '[etcd]\n').replace('master-3\n\n[kube_node]', 'master-3\nnode-1\n\n[kube_node]')

test('an etcd that kubespray has made is left as it is: nothing changes, and its health is asked', () =>
  withInventory(asHosts, async inventory => {
    const before = await Promise.all(members.map(files))
    const result = await runPlaybook(upgrade, ['-t', 'etcd'], { inventory })
    equal(result.exitCode, 0, result.stderr)
    for (const host of members) equal(changed(result, host), 0)
    equal(await Promise.all(members.map(files)), before)
  }))

test('a host becomes a member in the same layout, and no other member restarts', () =>
  withInventory(withNode, async inventory => {
    await etcdctl('master-1', 'put key before')
    const pids = await Promise.all(members.map(pid))
    const result = await runPlaybook(upgrade, ['-t', 'etcd'], { inventory })
    equal(
      result.exitCode,
      0,
      JSON.stringify(result.events.filter(event => 'status' in event && event.status === 'failed')),
    )
    equal((await listed('node-1')).sort(), ['etcd1', 'etcd2', 'etcd3', 'etcd4'])
    equal(await Promise.all(members.map(pid)), pids)
    match(await etcdctl('node-1', 'get key'), 'before')
    not.match(await etcdctl('node-1', 'member list'), /true$/m)
    for (const host of [...members, 'node-1'])
      match(await inHost(host, 'grep ^ETCD_INITIAL_CLUSTER= /etc/etcd.env'), /etcd1=.*,etcd4=https:[^,]*:2380$/)
    equal(
      await inHost('node-1', 'stat -c "%a" /etc/etcd.env /etc/ssl/etcd/ssl /etc/ssl/etcd/ssl/member-node-1-key.pem'),
      '640\n700\n640',
    )
    equal(await inHost('master-1', 'stat -c %a /var/backups/rota-etcd /var/backups/rota-etcd/*.db'), '700\n600')
    const key = await inHost('node-1', 'sed -n 2p /etc/ssl/etcd/ssl/member-node-1-key.pem')
    for (const text of [result.journal, result.stdout, result.stderr]) not.ok(text.includes(key))
    const again = await runPlaybook(upgrade, ['-t', 'etcd'], { inventory })
    equal(again.exitCode, 0, again.stderr)
    for (const host of [...members, 'node-1']) equal(changed(again, host), 0, host)
  }))

test('the first member leaves: its leadership is handed over, and nothing of it is left', () =>
  withInventory(withNode, async inventory => {
    const id = (await etcdctl('master-1', 'member list'))
      .split('\n')
      .find(line => line.includes('etcd1'))
      ?.split(',')[0]
    for (const host of [...members, 'node-1']) await etcdctl(host, `move-leader ${id}`).catch(() => '')
    const result = await runPlaybook('test/lab/playbooks/etcd-leaves.mjs', ['-e', 'leaving_masters=master-1'], {
      inventory,
    })
    equal(
      result.exitCode,
      0,
      JSON.stringify(result.events.filter(event => 'status' in event && event.status === 'failed')),
    )
    equal((await listed('node-1')).sort(), ['etcd2', 'etcd3', 'etcd4'])
    match(await etcdctl('node-1', 'get key'), 'before')
    equal(
      await inHost(
        'master-1',
        'ls -d /etc/etcd.env /etc/systemd/system/etcd.service /etc/ssl/etcd/ssl /var/lib/etcd/member 2>/dev/null || :',
      ),
      '',
    )
    equal(await inHost('master-1', 'systemctl is-active etcd || :'), 'inactive')
    for (const host of ['master-2', 'master-3', 'node-1'])
      not.match(await inHost(host, 'grep ^ETCD_INITIAL_CLUSTER= /etc/etcd.env'), /etcd1=/)
    ok(result.events.length > 0)
  }))

test('without the key of its authority nobody becomes a member, and nothing is done', () =>
  withInventory(
    text =>
      withNode(text)
        .replace('[etcd]\nmaster-1\n', '[etcd]\n')
        .replace('master-3\nnode-1\n', 'master-3\nnode-1\nnode-2\n'),
    async inventory => {
      for (const host of ['master-2', 'master-3', 'node-1']) await inHost(host, 'rm /etc/ssl/etcd/ssl/ca-key.pem')
      const result = await runPlaybook(upgrade, ['-t', 'etcd'], { inventory })
      equal(result.exitCode, 2)
      match(JSON.stringify(result.events), /ca-key.pem is in .etc.ssl.etcd.ssl of none of master-2, master-3, node-1/)
      equal((await listed('node-1')).length, 3)
      equal(await inHost('node-2', 'ls -d /etc/etcd.env /etc/ssl/etcd 2>/dev/null || :'), '')
    },
  ))

test.run()
