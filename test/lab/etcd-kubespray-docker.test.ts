import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { startEngine } from '../../scripts/lab/runtime.mjs'
import { whole } from '../cluster/whole.ts'
import { inHost, type PlaybookResult, runPlaybook, totals, upLab, withInventory } from './lab.ts'
import { restoreUnits } from './restore-page.ts'
import { etcdImage, inDocker, makeTheirEtcd, noEngine, noEtcd, withEtcdImage } from './their-etcd.ts'

// An etcd of kubespray's in containers: real engines, and etcd in them under its unit and its script.
const lab = await upLab()
const members = ['master-1', 'master-2']
const joining = 'master-3'
const all = [...members, joining]
test.before(async () => {
  await noEtcd(all)
  await Promise.all([makeTheirEtcd(lab, members, inDocker(lab)), startEngine(lab, joining)])
  await inHost(joining, `docker image rm ${etcdImage} 2>/dev/null || :`)
})
test.after(async () => {
  await noEtcd(all)
  await noEngine(all)
})

const upgrade = 'playbooks/upgrade.mjs'
const inContainers = (text: string): string => `${text}\netcd_deployment_type=docker\n`
const etcdctl = (host: string, words: string) => inHost(host, `set -a; . /etc/etcd.env; ETCDCTL_API=3 etcdctl ${words}`)
/** `etcd1 true`: each member's name, and whether it is a learner. */
const listed = async (host: string) =>
  (await etcdctl(host, 'member list'))
    .split('\n')
    .map(line => `${line.split(', ')[2]} ${line.split(', ')[5]}`)
    .sort()
const healthy = async (host: string) =>
  (await etcdctl(host, 'endpoint health --cluster 2>&1')).split('\n').filter(line => line.includes('is healthy')).length
const container = (host: string) =>
  inHost(
    host,
    "docker ps -aq --no-trunc | xargs -r docker inspect -f '{{.Name}} {{.Config.Image}} {{.Id}} {{.State.StartedAt}} {{.RestartCount}}'",
  )
const files = (host: string) =>
  inHost(
    host,
    'stat -c "%n %a %U %Y" /etc/etcd.env /etc/systemd/system/etcd.service /etc/ssl/etcd/ssl/* /usr/local/bin/*',
  )
const changed = (result: PlaybookResult, host: string) => totals(result).get(host)?.changed
const said = (result: PlaybookResult): string =>
  JSON.stringify(result.events.filter(event => 'status' in event && event.status === 'failed')) + result.stderr

test('without the image a host does not become a member, and nothing is done on it', () =>
  withInventory(inContainers, async inventory => {
    const result = await runPlaybook(upgrade, ['-t', 'etcd'], { inventory })
    equal(result.exitCode, 2)
    match(
      said(result),
      `the image ${etcdImage} is not on this host and could not be pulled (Error response from daemon`,
    )
    equal(await listed('master-1'), ['etcd1 false', 'etcd2 false'])
    equal(
      await inHost(joining, 'ls -d /etc/etcd.env /etc/ssl/etcd /usr/local/bin/etcd* /var/lib/etcd 2>/dev/null || :'),
      '',
    )
  }))

test('a host becomes a member in a container of its own, and no other container restarts', () =>
  withInventory(inContainers, async inventory => {
    await withEtcdImage(lab, joining)
    await etcdctl('master-1', 'put key before')
    const before = await Promise.all(members.map(container))
    const result = await runPlaybook(upgrade, ['-t', 'etcd'], { inventory })
    equal(result.exitCode, 0, said(result))
    equal(await listed(joining), ['etcd1 false', 'etcd2 false', 'etcd3 false'])
    equal(await healthy(joining), 3)
    match(await etcdctl(joining, 'get key'), 'before')
    equal(await Promise.all(members.map(container)), before)
    match(await container(joining), new RegExp(`^/etcd3 ${etcdImage} \\w+ \\S+ 0$`))
    equal(
      await inHost(joining, 'stat -c "%a %U" /usr/local/bin/etcd /etc/etcd.env /etc/ssl/etcd/ssl /var/lib/etcd'),
      '750 root\n640 root\n700 root\n700 root',
    )
    for (const host of all)
      match(await inHost(host, 'grep ^ETCD_INITIAL_CLUSTER= /etc/etcd.env'), /etcd1=.*,etcd3=https:[^,]*:2380$/)
    const made = await Promise.all(all.flatMap(host => [files(host), container(host)]))
    const again = await runPlaybook(upgrade, ['-t', 'etcd'], { inventory })
    equal(again.exitCode, 0, said(again))
    for (const host of all) equal(changed(again, host), 0, host)
    equal(await Promise.all(all.flatMap(host => [files(host), container(host)])), made)
  }))

let kept = { host: '', path: '' }
test('the first member leaves: its leadership is handed over, and its container and data are gone', () =>
  withInventory(inContainers, async inventory => {
    const id = (await etcdctl('master-1', 'member list'))
      .split('\n')
      .find(line => line.includes('etcd1'))
      ?.split(',')[0]
    for (const host of all) await etcdctl(host, `move-leader ${id}`).catch(() => '')
    const before = await Promise.all(['master-2', joining].map(container))
    const leave = () =>
      runPlaybook('test/lab/playbooks/etcd-leaves.mjs', ['-e', 'leaving_masters=master-1'], { inventory })
    const result = await leave()
    equal(result.exitCode, 0, said(result))
    equal(await listed(joining), ['etcd2 false', 'etcd3 false'])
    equal(await healthy(joining), 2)
    match(await etcdctl(joining, 'get key'), 'before')
    equal(await Promise.all(['master-2', joining].map(container)), before)
    equal(await container('master-1'), '')
    equal(await inHost('master-1', 'systemctl is-active etcd || :'), 'inactive')
    equal(
      await inHost(
        'master-1',
        'ls -d /etc/etcd.env /etc/systemd/system/etcd.service /etc/ssl/etcd/ssl /var/lib/etcd/member 2>/dev/null || :',
      ),
      '',
    )
    const [, host = '', path = ''] =
      /^(\S+): a snapshot of etcd is in (\S+)/m.exec(
        result.events.flatMap(event => (event.kind === 'note' ? [event.text] : [])).join('\n'),
      ) ?? []
    kept = { host, path }
    for (const host of ['master-2', joining])
      not.match(await inHost(host, 'grep ^ETCD_INITIAL_CLUSTER= /etc/etcd.env'), /etcd1=/)
    const again = await leave()
    equal(again.exitCode, 0, said(again))
    equal(changed(again, 'master-1'), 0)
  }))

whole('what that run has kept is brought back as the page tells it: the containers have the data again', async () => {
  const staying = ['master-2', joining]
  ok(staying.includes(kept.host), kept.path)
  await etcdctl('master-2', 'put key later')
  await Promise.all(staying.map(host => inHost(host, 'systemctl stop etcd; rm -rf /var/lib/etcd/member')))
  match(await restoreUnits(staying, inHost, kept), /, started, etcd2, .*, started, etcd3, /s)
  for (const host of staying) match(await etcdctl(host, 'get key'), 'before')
  equal(await healthy('master-2'), 2)
})

test.run()
