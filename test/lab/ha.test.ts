import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { addToGroup } from '../../scripts/lab/index.mjs'
import { askOnce, keptClients, keptConnection, startApiServers } from './api-servers.ts'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

/** Documents 000 and 001 on real hosts: haproxy, keepalived, VRRP. */
const { vip, hosts: all } = await upLab()
const masters = ['master-1', 'master-2', 'master-3']
const nodes = ['node-1', 'node-2']
const hosts = [...masters, ...nodes]
const addressOf = (name: string) => all.find(host => host.name === name)?.ip ?? ''
const port = 8443
const password = 'pass-of-the-page'

const api = await startApiServers(masters, [
  ...['127.0.0.1', vip, '10.233.0.1', ...masters.map(addressOf)].map(address => `IP:${address}`),
  ...['lb-apiserver.kubernetes.local', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
    name => `DNS:${name}`,
  ),
  'DNS:kubernetes.default.svc.cluster.local',
  'DNS:localhost',
])

const document001 = {
  haproxy_balance: 'source',
  haproxy_check: 'tcp',
  haproxy_check_interval: '2000',
  haproxy_weight: 1,
  haproxy_stats_password: password,
  keepalived_election: 'primary',
  keepalived_primary: 'master-1',
  keepalived_priority: 110,
  keepalived_check_interval: 5,
  keepalived_check_fall: 1,
  keepalived_advert_interval: 3,
  keepalived_virtual_router_id: 68,
  keepalived_dont_track_primary: true,
  loadbalancer_apiserver_localhost: false,
}
const document000 = {
  keepalived_check_with: 'pidof',
  keepalived_check_weight: -5,
  keepalived_track_interface: true,
  keepalived_auth_pass: '1111',
  loadbalancer_apiserver_localhost: false,
}
/** The lab's inventory with these variables, and its text changed. */
const withVars = <T>(vars: object, work: (inventory: string) => Promise<T>, change = (text: string) => text) =>
  withInventory(change, async inventory => {
    const dir = join(dirname(inventory), 'group_vars')
    await mkdir(dir)
    await writeFile(join(dir, 'all.json'), JSON.stringify(vars))
    return work(inventory)
  })
type Change = (text: string) => string
const converge = (vars: object, change?: Change, playbook = 'cluster') =>
  withVars(
    vars,
    inventory =>
      runPlaybook(`playbooks/${playbook}.mjs`, ['--tags', 'haproxy,keepalived,lvs,leftovers'], { inventory }),
    change,
  )
const look = (vars: object, { json = true, change }: { readonly json?: boolean; readonly change?: Change } = {}) =>
  withVars(vars, inventory => runPlaybook('playbooks/check-ha.mjs', [], { inventory, json }), change)
const remove = (vars: object, change?: Change) =>
  withVars(vars, inventory => runPlaybook('playbooks/remove-ha.mjs', ['-e', 'confirm=yes'], { inventory }), change)
type Result = Awaited<ReturnType<typeof converge>>
const changed = (result: Result) => hosts.filter(host => (totals(result).get(host)?.changed ?? 0) > 0)
const failedChecks = (result: Result) =>
  result.events.flatMap(event =>
    event.kind === 'check' && !event.ok ? [`${event.check}: ${event.host ?? 'all'}: ${event.saw}`] : [],
  )
const succeeds = (result: Result) => {
  if (result.exitCode !== 0)
    console.log(
      result.events.filter(({ kind }) => kind === 'hostFinished' || kind === 'stopped'),
      result.stderr,
    )
  equal(result.exitCode, 0)
}
const holders = async () => {
  const shown = await Promise.all(
    hosts.map(async host => ((await inHost(host, 'ip -o addr')).includes(` ${vip}/`) ? [host] : [])),
  )
  return shown.flat()
}
const until = async (what: string, holds: () => Promise<boolean>, seconds: number): Promise<void> => {
  const start = Date.now()
  while (!(await holds())) {
    if (Date.now() - start > seconds * 1000) throw new Error(`${what}: not within ${seconds} s`)
    await sleep(300)
  }
}
const heldBy = (host: string, seconds: number) =>
  until(`${host} holds ${vip}`, async () => String(await holders()) === host, seconds)
/**
 * Seconds from haproxy's end on a host until another one has taken the address, by the hosts' own clock and journal.
 */
const failOver = async (from: string): Promise<number> => {
  const stopped = Number(await inHost(from, 'date +%s.%N; systemctl stop haproxy'))
  const moved = async () => {
    const now = await holders()
    return now.length === 1 && now[0] !== from
  }
  await until('the address moves', moved, 60)
  const [holder = ''] = await holders()
  const journal = `journalctl --no-pager -o short-unix -u keepalived | grep 'Entering MASTER STATE' | tail -n 1`
  return Number.parseFloat(await inHost(holder, journal)) - stopped
}

const apart: Change = text =>
  addToGroup(addToGroup(`${text}\n[load_balancer]\n`, 'node-1', 'load_balancer'), 'node-2', 'load_balancer')
const traces = (host: string) => inHost(host, "ss -Hltn 'sport = :8443'; pgrep -l 'haproxy|keepalived' || :")

test('nothing is there at first, whatever ran here before', async () => {
  succeeds(await remove(document000, apart))
  equal(await holders(), [])
})

test('document 001 converges with a master that is not ready yet, and a second run changes nothing', async () => {
  await inHost('master-3', 'touch /run/not-ready')
  succeeds(await converge(document001))
  await heldBy('master-1', 20)
  match(['master-1', 'master-2'].join(), await askOnce(vip, port, api.ca))
  const again = await converge(document001)
  succeeds(again)
  equal(changed(again), [])
})

test('a new list of masters is a reload: a kept connection goes on', async () => {
  const kept = await keptConnection(vip, port, api.ca)
  const answered = await kept.ask()
  const pid = await inHost('master-1', 'systemctl show -p MainPID --value haproxy')
  await inHost('master-3', 'rm /run/not-ready')
  const result = await converge(document001)
  succeeds(result)
  equal(changed(result), masters)
  match(await inHost('master-1', 'cat /etc/haproxy/haproxy.cfg'), `server master-3 ${addressOf('master-3')}:6443 check`)
  equal(await inHost('master-1', 'systemctl show -p MainPID --value haproxy'), pid)
  equal([await kept.ask(), await kept.ask()], [answered, answered])
  kept.close()
})

test('check-ha: everything is right, as a table, and the password of the page is nowhere', async () => {
  const { exitCode, stdout, stderr, journal } = await look(document001, { json: false })
  equal(exitCode, 0, `${stdout}${stderr}`)
  match(stdout, /haproxy listens on 8443 +master-1, master-2, master-3 +ok +haproxy on 0\.0\.0\.0/)
  match(stdout, /the statistics page answers +master-1, master-2, master-3 +ok +200/)
  match(stdout, new RegExp(`${vip} is on exactly one host +all together +ok +master-1`))
  match(stdout, /the API server answers through the virtual address +node-1, node-2 +ok +200/)
  not.match(stdout, 'FAILED')
  not.match(`${stdout}${stderr}${journal}`, password)
})

test('haproxy stops on the primary: within interval, advertisements and skew the address is elsewhere; check-ha says what is wrong', async () => {
  const seconds = await failOver('master-1')
  console.log(`  (killall, weight -30: ${seconds.toFixed(1)} s)`)
  // 5 s until the check, 3 × 3 s without a better advertisement, the skew of priority 110, and three seconds of a busy
  // machine's.
  ok(seconds < 5 + 9 + ((256 - 110) / 256) * 3 + 3, `${seconds} s`)
  ok(masters.includes(await askOnce(vip, port, api.ca)))
  const result = await look(document001)
  equal(result.exitCode, 2)
  equal(failedChecks(result), [
    'haproxy is active: master-1: inactive (dead)',
    'haproxy listens on 8443: master-1: nobody',
    'haproxy listens on 10080: master-1: nobody',
    ...failedChecks(result).filter(text => text.startsWith('the statistics page answers: master-1: ')),
  ])
  equal(failedChecks(result).length, 4)
  await inHost('master-1', 'systemctl start haproxy')
  await heldBy('master-1', 20)
})

test('document 000: all equal, pidof, weight -5: who holds the address keeps it', async () => {
  succeeds(await converge(document000))
  match(await inHost('master-2', 'cat /etc/keepalived/keepalived.conf'), 'script "/usr/bin/env pidof haproxy"')
  await until('one holds it', async () => (await holders()).length === 1, 15)
  const again = await converge(document000)
  succeeds(again)
  equal(changed(again), [])
  const [holder = ''] = await holders()
  const seconds = await failOver(holder)
  console.log(`  (pidof, weight -5: ${seconds.toFixed(1)} s)`)
  // fall 2 × interval 1, 3 × 1 s of advertisements, the skew of priority 100, and three seconds of a busy machine's.
  ok(seconds < 2 + 3 + 156 / 256 + 3, `${seconds} s`)
  const now = await holders()
  await inHost(holder, 'systemctl start haproxy')
  // rise 1: its priority is that of the others again, which takes the address from nobody.
  await sleep(3000)
  equal(await holders(), now)
})

test('a configuration that keepalived refuses does not take the place of the old one', async () => {
  const read = () => inHost('master-1', 'cat /etc/keepalived/keepalived.conf')
  const before = await read()
  // Without a password: of a secret file nothing is shown, not even what its checker says.
  const { keepalived_auth_pass: _, ...open } = document000
  const result = await converge({ ...open, keepalived_interface: 'none9' })
  equal(result.exitCode, 2)
  match(JSON.stringify(result.events), 'was refused by: keepalived -t')
  equal(await read(), before)
})

test('the address goes to hosts of their own: clients that keep their connections hardly notice, and nothing is left on the masters', async () => {
  const clients = keptClients(10, vip, port, api.ca)
  succeeds(await converge(document000, apart, 'upgrade'))
  const seen = await clients.stop()
  ok(seen.requests > 100, `${seen.requests} requests`)
  // Each has to dial anew. A request may be lost in the few milliseconds between the look at an idle connection and its
  // end.
  ok(seen.connections >= 20, `${seen.connections} connections`)
  ok(seen.failed <= 3, `${seen.failed} failed`)
  const again = await converge(document000, apart, 'upgrade')
  succeeds(again)
  equal(changed(again), [])
  const result = await look(document000, { change: apart })
  equal(failedChecks(result), [])
  equal(result.exitCode, 0)
  ok(nodes.includes(String(await holders())))
  for (const master of masters) equal(await traces(master), '')
})

test('the whole set-up is removed, once', async () => {
  succeeds(await remove(document000, apart))
  equal(await holders(), [])
  for (const host of hosts) equal(await traces(host), '')
  equal(changed(await remove(document000, apart)), [])
})

test.after(api.stop)
test.run()
