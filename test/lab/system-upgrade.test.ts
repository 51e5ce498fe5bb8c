import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { addToGroup } from '../../scripts/lab/index.mjs'
import { startApiServers } from './api-servers.ts'
import { inHost, upLab, withInventory } from './lab.ts'
import {
  aptSource,
  aptSourceGone,
  comesBack,
  last,
  notes,
  summaries,
  until,
  upgradeSystem,
  versions,
} from './system-upgrade.ts'

/** Packages of a host and its reboot, within the drain of a master whose API server is a stand-in. */
const { hosts } = await upLab()
const addressOf = (name: string) => hosts.find(host => host.name === name)?.ip ?? ''
const masters = ['master-1', 'master-2', 'master-3']
const api = await startApiServers(masters, ['IP:127.0.0.1', ...masters.map(host => `IP:${addressOf(host)}`)])
const host = 'master-1'
// Nobody's etcd and no virtual address: those are looked at on a whole cluster.
const alone = ['-e', 'etcd_deployment_type=external']
const wants = '/etc/systemd/system/multi-user.target.wants/kube-apiserver.service'
await inHost(host, aptSourceGone)
await inHost(
  host,
  aptSource(`. /usr/share/debconf/confmodule
db_input critical rota-su-a/q || :
db_go
touch /run/rota-su-at-work
while [ -e /run/rota-su-waits ]; do sleep 0.2; done
echo '*** System restart required ***' >/run/reboot-required
echo rota-su-a >/run/reboot-required.pkgs`),
)
await inHost(host, `ln -sf /etc/systemd/system/kube-apiserver.service ${wants}; touch /run/rota-su-waits`)
test.after(async () => {
  await inHost(host, `${aptSourceGone}; rm -f ${wants}`)
  await api.stop()
})

const lists = () =>
  inHost(host, "ls /var/tmp; find /var/lib/apt /var/cache/apt -printf '%p %T@ %C@ %i\\n' | sort | sha256sum")

test('check mode names what would be upgraded, and changes nothing: not even the lists of packages', async () => {
  const before = await lists()
  const result = await upgradeSystem(host, [...alone, '--check', '--diff'])
  equal(last(result, host), ['changed', 1], JSON.stringify(result.events) + result.stderr)
  // Another test may have left an old package here: that is named as well.
  const told = summaries(result)
  const [, upgraded = '', keptBack = ''] =
    /upgrade all packages but those that stay: (.*); kept back: (.*)/.exec(told) ?? []
  match(upgraded, /\brota-su-a 1 → 2/, told)
  equal([/kubelet|rota-su-held/.test(upgraded), /\brota-su-held\b/.test(keptBack)], [false, true], told)
  match(JSON.stringify(result.events), /"before":"[^"]*rota-su-a 1\\n/)
  equal([await lists(), await inHost(host, 'ls /var/lib/rota/pending 2>/dev/null || :')], [before, ''])
})

test('lists that can not be fetched: refused, and the port of the API server was never closed', async () => {
  await inHost(host, 'mv /opt/rota-su/repo /opt/rota-su/away')
  const result = await upgradeSystem(host, alone)
  await inHost(host, 'mv /opt/rota-su/away /opt/rota-su/repo')
  equal(last(result, host)[0], 'failed')
  match(JSON.stringify(result.events), /package lists can't be fetched/)
  ok(!result.events.some(({ kind }) => kind === 'around'))
})

test('the control machine dies while packages are configured, and so does apt; a third run has nothing to do', async () => {
  const atWork = () =>
    until('packages are configured', 40, async () => (await inHost(host, 'ls /run/rota-su-at-work')) !== '')
  const died = await upgradeSystem(host, alone, { dieAfter: atWork })
  equal(died.exitCode, -1)
  await inHost(host, 'pkill -9 -f "[r]ota-su-a.postinst"; pkill -9 -x dpkg; pkill -9 -x apt-get; rm -f /run/rota-su-*')
  match(await versions(host), /rota-su-a 2 iF/)
  await until(
    'the lock is free',
    20,
    async () => (await inHost(host, 'flock -n /var/lib/rota/lock true && echo free')) === 'free',
  )
  match(await inHost(host, 'iptables -S INPUT'), 'ROTA-DRAIN-6443')

  // Asked from another host all the while: a reset is what a proxy takes for "next server, please".
  const ask = `while [ ! -e /run/rota-su-over ]; do
  code=$(curl -ks --max-time 1 -o /dev/null -w '%{http_code}' https://${addressOf(host)}:6443/readyz || :)
  echo "$code $(date +%s.%N)"
done`
  await inHost('node-1', 'rm -f /run/rota-su-over')
  const asking = inHost('node-1', ask)
  const running = upgradeSystem(host, alone)
  const boots = comesBack(host, running)
  const second = await running
  const serves = Date.now() / 1000
  await inHost('node-1', 'touch /run/rota-su-over')
  equal([second.exitCode, await boots], [0, 1], JSON.stringify(second.events) + second.stderr)
  match(summaries(second), 'an earlier run of the package manager was cut short: rota-su-a')
  match(summaries(second), /reboot, and be back with all that it does: back after \d+ s/)
  match(await versions(host), 'kubelet 1 ii \nrota-su-a 2 ii \nrota-su-held 1 hi ')
  equal(await inHost(host, 'cat /etc/rota-su-a.conf /etc/rota-su-a.conf.dpkg-dist'), 'by hand\nversion 2')
  equal(
    await inHost(host, 'ls /run/reboot-required /etc/systemd/system/rota-* /var/lib/rota/closed-* 2>/dev/null || :'),
    '',
  )
  equal(await inHost(host, 'iptables -S INPUT | grep ROTA || :'), '')

  // Its port was closed before, and stayed so over the boot until its turn was over.
  const opened = second.events.flatMap(event =>
    event.kind === 'around' && event.phase === 'leave' && 'at' in event ? [Date.parse(String(event.at)) / 1000] : [],
  )
  const early = (await asking)
    .split('\n')
    .filter(line => line.startsWith('200') && Number(line.slice(4)) < Math.min(serves, ...opened))
  equal(early, [])

  const third = await upgradeSystem(host, alone)
  equal([third.exitCode, ...last(third, host)], [0, 'ok', 0], JSON.stringify(third.events))
  equal(await inHost(host, 'ls -R /var/lib/rota/pending | grep -v : || :'), '')
})

test('one that has to be rebooted, whoever has installed what: on-upgrade it is, never it is said and not drained', async () => {
  await inHost(host, 'touch /run/reboot-required')
  const never = await upgradeSystem(host, [...alone, '-e', 'system_upgrade_reboot=never'])
  equal([never.exitCode, ...last(never, host)], [0, 'ok', 0])
  match(notes(never), `${host}: it has to be rebooted (/run/reboot-required), and system_upgrade_reboot is never`)
  ok(!never.events.some(({ kind }) => kind === 'around'))
  const checked = await upgradeSystem(host, [...alone, '--check'])
  match(summaries(checked), 'would run: /run/reboot-required')
  await inHost(host, 'rm /run/reboot-required')
})

test('nobody comes back after the reboot: the host opens the port by itself when its API server answers; the next run is owed the rest', async () => {
  await inHost(host, 'touch /run/reboot-required')
  const running = upgradeSystem(host, [...alone, '-e', 'kube_apiserver_drain_limit=8'], {
    dieOn: event => event.kind === 'note' && event.text === 'it is going down',
  })
  const up = inHost.bind(undefined, host, 'systemctl is-active kube-apiserver')
  const boots = comesBack(
    host,
    running.then(() => until('it has booted', 40, async () => (await up()) === 'active')),
  )
  equal((await running).exitCode, -1)
  await boots
  const answer = () =>
    inHost(
      'node-1',
      `curl -ks --max-time 3 -o /dev/null -w '%{http_code}' https://${addressOf(host)}:6443/readyz || echo " $?"`,
    )
  equal(await answer(), '000 7', 'closed after the boot')
  equal(
    await inHost(host, 'ls /etc/systemd/system/rota-closed-* /var/lib/rota/closed-* 2>/dev/null || :'),
    '',
    'for one boot',
  )
  await until('the port is open', 30, async () => (await answer()) === '200')
  const next = await upgradeSystem(host, alone)
  equal([next.exitCode, ...last(next, host)], [0, 'ok', 0], JSON.stringify(next.events))
  equal(await inHost(host, 'ls -R /var/lib/rota/pending | grep -v : || :'), '')
})

/** The host of the other family as a node. */
const asNode = (name: string) =>
  withInventory(
    text => addToGroup(text, name, 'kube_node'),
    inventory => upgradeSystem(name, alone, { inventory }),
  )

test('dnf: what is newer comes, what stays does not, a changed file is kept; a second run finds nothing to do', async () => {
  const node = 'node-3'
  const source = `set -e
rm -rf /opt/rota-su; mkdir -p /opt/rota-su/repo; cd /opt/rota-su
pack() {
  printf '%%{!?none:%%define none 1}\\nName: %s\\nVersion: %s\\nRelease: 1\\nSummary: a\\nLicense: a\\nBuildArch: noarch\\n%%description\\na\\n%%install\\nmkdir -p %%{buildroot}/etc\\necho version %s >%%{buildroot}/etc/%s.conf\\n%%files\\n%%config(noreplace) /etc/%s.conf\\n' "$1" "$2" "$2" "$1" "$1" >s.spec
  rpmbuild -bb --quiet --define '_rpmdir /opt/rota-su/repo' s.spec >/dev/null 2>&1
}
for name in rota-su-a kubelet; do pack "$name" 1; pack "$name" 2; done
rpm -i --nodeps repo/noarch/*-1-1.noarch.rpm
echo 'by hand' >/etc/rota-su-a.conf
createrepo_c -q repo
printf '[rota-su]\\nname=rota-su\\nbaseurl=file:///opt/rota-su/repo\\ngpgcheck=0\\n' >/etc/yum.repos.d/rota-su.repo`
  const gone =
    'rpm -e --nodeps rota-su-a kubelet 2>/dev/null; rm -rf /opt/rota-su /etc/yum.repos.d/rota-su.repo /etc/rota-su-a.conf*; :'
  await inHost(node, gone)
  await inHost(node, source)
  try {
    const first = await asNode(node)
    equal([first.exitCode, ...last(first, node)], [0, 'changed', 1], JSON.stringify(first.events) + first.stderr)
    match(summaries(first), '1 package: rota-su-a 1-1 → 2-1')
    match(await inHost(node, 'rpm -q rota-su-a kubelet'), 'rota-su-a-2-1.noarch\nkubelet-1-1.noarch')
    equal(await inHost(node, 'cat /etc/rota-su-a.conf /etc/rota-su-a.conf.rpmnew'), 'by hand\nversion 2')
    match(notes(first), "/etc/rota-su-a.conf stays as it was: /etc/rota-su-a.conf.rpmnew is the package's own")
    const second = await asNode(node)
    equal([second.exitCode, ...last(second, node)], [0, 'ok', 0], JSON.stringify(second.events))
  } finally {
    await inHost(node, gone)
  }
})

test.run()
