import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { addToGroup } from '../../scripts/lab/index.mjs'
import { askOnce, startApiServers } from './api-servers.ts'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

/**
 * LVS with DR: two directors that are no masters, three masters. The kernel of this machine may have no IPVS: what the
 * masters need is then set up for real all the same, and that the directors are refused with the reason.
 */
const hasIpvs = existsSync('/proc/net/ip_vs')
if (!hasIpvs) console.log('  (this kernel has no IPVS: the directors are refused, nothing is balanced for real)')
const { vip, hosts } = await upLab()
const masters = ['master-1', 'master-2', 'master-3']
const directors = ['node-1', 'node-2']
const addressOf = (name: string) => hosts.find(host => host.name === name)?.ip ?? ''
const api = await startApiServers(masters, [
  ...['127.0.0.1', vip, '10.233.0.1', ...masters.map(addressOf)].map(address => `IP:${address}`),
  ...['lb-apiserver.kubernetes.local', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
    name => `DNS:${name}`,
  ),
  'DNS:kubernetes.default.svc.cluster.local',
  'DNS:localhost',
])

const apart = (text: string) =>
  directors.reduce((all, host) => addToGroup(all, host, 'load_balancer'), `${text}\n[load_balancer]\n`)
const run = (playbook: string, vars: object, args: readonly string[]) =>
  withInventory(apart, async inventory => {
    const dir = join(dirname(inventory), 'group_vars')
    await mkdir(dir)
    await writeFile(join(dir, 'all.json'), JSON.stringify({ loadbalancer_apiserver_localhost: false, ...vars }))
    return runPlaybook(playbook, args, { inventory })
  })
const lvs = { kube_vip_load_balancer: 'lvs' }
const converge = (vars: object, ...args: readonly string[]) =>
  run('playbooks/upgrade.mjs', vars, ['--tags', 'lvs,leftovers', ...args])
const onMasters = ['-l', masters.join(',')]
const state = (host: string) =>
  inHost(
    host,
    `ip -o address show dev lo | grep -o '${vip}/32' || :; sysctl -n net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce`,
  )

test('masters: the address is on lo, nobody hears of it, and a second run changes nothing', async () => {
  const result = await converge(lvs, ...onMasters)
  equal(result.exitCode, 0, JSON.stringify(result.events.filter(({ kind }) => kind === 'hostFinished')) + result.stderr)
  for (const master of masters) equal(await state(master), `${vip}/32\n1\n2`)
  // A neighbour that asks for it gets no answer. It must not know one from before: a test that ran here earlier had a
  // holder of the address.
  const asked = await inHost(
    'node-1',
    `ip neigh flush to ${vip}; ping -c 1 -W 2 ${vip} >/dev/null 2>&1; ip neigh show ${vip}`,
  )
  match(asked, /FAILED|INCOMPLETE/)
  const again = await converge(lvs, ...onMasters)
  equal(
    masters.map(master => totals(again).get(master)?.changed),
    [0, 0, 0],
  )
})

test('an address that somebody has taken off lo is put back', async () => {
  await inHost('master-2', `ip address del ${vip}/32 dev lo`)
  equal((await converge(lvs, ...onMasters)).exitCode, 0)
  equal(await state('master-2'), `${vip}/32\n1\n2`)
})

test(hasIpvs ? 'the kernel balances' : 'directors without IPVS are refused with the reason', async () => {
  const result = await converge(lvs)
  if (hasIpvs) {
    equal(result.exitCode, 0)
    ok(masters.includes(await askOnce(vip, 6443, api.ca)))
    equal((await run('playbooks/check-ha.mjs', lvs, [])).exitCode, 0)
    return
  }
  equal(result.exitCode, 2)
  match(JSON.stringify(result.events), 'this kernel has no IPVS: there is neither /proc/net/ip_vs nor a module ip_vs')
  equal(await inHost('node-1', 'ls /etc/keepalived/keepalived.conf 2>/dev/null || :'), '')
  const looked = await run('playbooks/check-ha.mjs', lvs, [])
  equal(looked.exitCode, 2)
  const failed = looked.events.flatMap(event =>
    event.kind === 'check' && !event.ok ? [`${event.check}: ${event.host ?? 'all'}: ${event.saw}`] : [],
  )
  ok(
    failed.includes('the kernel balances to every master: node-1: this kernel has no IPVS (/proc/net/ip_vs)'),
    String(failed),
  )
  ok(failed.includes(`${vip} is on exactly one host: all: nobody`), String(failed))
  equal(
    failed.filter(text => text.includes('is on lo')),
    [],
  )
})

test('nothing of it is left where LVS is not the set-up any more', async () => {
  equal((await converge({}, ...onMasters)).exitCode, 0)
  for (const master of masters) {
    equal(await state(master), '0\n0')
    equal(
      await inHost(
        master,
        'ls /etc/systemd/system/kube-lvs-real-server.service /etc/sysctl.d/60-kube-lvs* 2>/dev/null || :',
      ),
      '',
    )
  }
  const again = await converge({}, ...onMasters)
  equal(
    masters.map(master => totals(again).get(master)?.changed ?? 0),
    [0, 0, 0],
  )
})

test.after(async () => {
  await run('playbooks/remove-ha.mjs', lvs, ['-e', 'confirm=yes'])
  await api.stop()
})
test.run()
