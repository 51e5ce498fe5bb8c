import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { askOnce, startApiServers } from './api-servers.ts'
import { inHost, runPlaybook, upLab } from './lab.ts'
import { aptSource, aptSourceGone, comesBack, last, summaries, until, upgradeSystem } from './system-upgrade.ts'

/**
 * A master that holds the virtual address and has a member of etcd: real haproxy, keepalived and etcd; the API servers
 * are stand-ins. Clients ask all the while.
 */
const masters = ['master-1', 'master-2', 'master-3']
const port = 8443
let lab: Awaited<ReturnType<typeof upLab>> | undefined
let api: Awaited<ReturnType<typeof startApiServers>> | undefined
const vip = () => lab?.vip ?? ''
const holders = async () => {
  const found = await Promise.all(
    masters.map(async host => ((await inHost(host, 'ip -o addr')).includes(` ${vip()}/`) ? [host] : [])),
  )
  return found.flat()
}
const wants = '/etc/systemd/system/multi-user.target.wants/kube-apiserver.service'
const tags = 'etcd,haproxy,keepalived'

/** Clients that dial anew for each request. */
function asking() {
  const asked = { requests: 0, failed: [] as string[] }
  let isOver = false
  const client = async () => {
    while (!isOver) {
      asked.requests += 1
      await askOnce(vip(), port, api?.ca ?? '').catch(error =>
        asked.failed.push(`${new Date().toISOString()} ${error}`),
      )
      await sleep(100)
    }
  }
  const all = Promise.all([client(), client(), client()])
  return async () => {
    isOver = true
    await all
    return asked
  }
}

test('masters with etcd, haproxy and keepalived are there', async () => {
  lab = await upLab()
  const addressOf = (name: string) => lab?.hosts.find(host => host.name === name)?.ip ?? ''
  api = await startApiServers(masters, [
    ...['127.0.0.1', vip(), ...masters.map(addressOf)].map(address => `IP:${address}`),
  ])
  for (const host of masters)
    await inHost(host, `ln -sf /etc/systemd/system/kube-apiserver.service ${wants}; ${aptSourceGone}`)
  const made = await runPlaybook('playbooks/cluster.mjs', ['--tags', tags])
  equal(made.exitCode, 0, JSON.stringify(made.events) + made.stderr)
  await until('one has the address', 30, async () => (await holders()).length === 1)
})

test('a reboot does not begin while another member of etcd is down', async () => {
  const [host = ''] = await holders()
  const [other = ''] = masters.filter(name => name !== host)
  const booted = () => inHost(host, 'systemctl show -P UserspaceTimestampMonotonic')
  const before = await booted()
  await inHost(other, 'systemctl stop kube-etcd')
  await inHost(host, 'touch /run/reboot-required')
  try {
    const refused = await upgradeSystem(host, ['-e', 'system_upgrade_etcd_timeout=3'])
    equal(last(refused, host)[0], 'failed')
    match(
      JSON.stringify(refused.events),
      `of 3 etcd members 2 others must be healthy meanwhile, and 1 are: not ${other}`,
    )
    equal(await booted(), before)
  } finally {
    await inHost(other, 'systemctl start kube-etcd')
    await inHost(host, 'rm -f /run/reboot-required')
  }
  const next = await upgradeSystem(host)
  equal(next.exitCode, 0, JSON.stringify(next.events))
})

test('the virtual address is away while packages restart the balancer and keepalived, and the host reboots: no request fails', async () => {
  await until('one has the address', 30, async () => (await holders()).length === 1)
  const [host = ''] = await holders()
  // What the maintainer scripts of these packages do.
  await inHost(
    host,
    aptSource(`deb-systemd-invoke restart haproxy.service keepalived.service || :
sleep 1
systemctl is-active keepalived >/opt/rota-su-keepalived || :
touch /run/reboot-required`),
  )
  const over = asking()
  const running = upgradeSystem(host)
  const boots = comesBack(host, running)
  const result = await running
  const { requests, failed } = await over()
  equal([result.exitCode, await boots], [0, 1], JSON.stringify(result.events) + result.stderr)
  match(summaries(result), /hand over .*: now on master-/)
  match(summaries(result), /1 package: rota-su-a 1 → 2/)
  equal(await inHost(host, 'cat /opt/rota-su-keepalived'), 'inactive')
  console.log(`${requests} requests through ${vip()}:${port}, ${failed.length} failed`)
  ok(requests > 50)
  equal(failed, [])
  equal(
    await inHost(
      host,
      'systemctl is-active haproxy keepalived kube-etcd; ls /run/systemd/system/keepalived.service 2>/dev/null || :',
    ),
    'active\nactive\nactive',
  )
  equal((await holders()).length, 1)
  const second = await upgradeSystem(host)
  equal([second.exitCode, ...last(second, host)], [0, 'ok', 0], JSON.stringify(second.events))
  await inHost(host, 'rm -f /opt/rota-su-keepalived')
})

test.after(async () => {
  if (api === undefined) return
  for (const host of masters) await inHost(host, `${aptSourceGone}; rm -f ${wants}`)
  await runPlaybook('playbooks/remove-ha.mjs', ['-e', 'confirm=yes'])
  await api.stop()
})

test.run()
