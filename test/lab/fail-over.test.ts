import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { addMaster, addToGroup } from '../../scripts/lab/index.mjs'
import { labPaths } from '../../scripts/probe/index.mjs'
import { askOnce, startApiServers } from './api-servers.ts'
import { allowedBy, asked, cutOff, type Death, dies, underWay, unexplained } from './fail-over.ts'
import { inHost, type PlaybookResult, runPlaybook, testLab, totals, upLab, withInventory } from './lab.ts'

/**
 * What dies by itself, while clients ask on every path there is: through the virtual address and through the proxy of
 * each node. Three masters balance; two more are there, so that one may be dead and another one restart.
 */
const lab = await upLab({ spareMasters: 2 })
const { vip } = lab
const balancers = ['master-1', 'master-2', 'master-3']
const masters = [...balancers, 'master-4', 'master-5']
const addresses = lab.hosts.filter(({ name }) => masters.includes(name)).map(({ ip }) => ip)
const api = await startApiServers(
  masters,
  ['127.0.0.1', vip, ...addresses].map(address => `IP:${address}`),
)
await Promise.all(masters.map(host => inHost(host, 'systemctl -q add-wants multi-user.target kube-apiserver')))

const run = (playbook: string, args: readonly string[], vars: object = {}): Promise<PlaybookResult> =>
  withInventory(
    text => {
      const grown = ['master-4', 'master-5'].reduce(addMaster, `${text}\n[load_balancer]\n`)
      return balancers.reduce((changed, host) => addToGroup(changed, host, 'load_balancer'), grown)
    },
    async inventory => {
      const dir = join(dirname(inventory), 'group_vars')
      await mkdir(dir)
      await writeFile(join(dir, 'all.json'), JSON.stringify(vars))
      return runPlaybook(playbook, args, { inventory })
    },
  )
/** The ways to the masters, as they shall be: how much was changed for it. */
async function converge(vars: object = {}, args: readonly string[] = []): Promise<number> {
  const result = await run('playbooks/cluster.mjs', ['--tags', 'haproxy,keepalived,nginx', ...args], vars)
  if (result.exitCode !== 0) console.log(result.stderr, JSON.stringify(result.events.filter(isEnd)))
  equal(result.exitCode, 0)
  return [...totals(result).values()].reduce((sum, { changed }) => sum + changed, 0)
}
const isEnd = ({ kind }: { readonly kind: string }) => kind === 'hostFinished' || kind === 'stopped'

const off = (host: string): Promise<Death> => dies(() => execa('docker', ['kill', `rota-${testLab}-${host}`]))
async function on(host: string): Promise<void> {
  await execa('docker', ['start', `rota-${testLab}-${host}`])
  await until(`${host} is up`, 60, async () =>
    /running|degraded/.test(await inHost(host, 'systemctl is-system-running || :')),
  )
}
async function until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await holds().catch(() => false)); await sleep(200))
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`)
}
const holders = async (): Promise<readonly string[]> => {
  const shown = balancers.map(async host =>
    (await inHost(host, 'ip -o addr').catch(() => '')).includes(` ${vip}/`) ? [host] : [],
  )
  return (await Promise.all(shown)).flat()
}
/** The one host that has the address; another one than `not`. */
async function holder(not = ''): Promise<string> {
  let now: readonly string[] = []
  await until('one host has the address', 30, async () => {
    now = await holders()
    return now.length === 1 && now[0] !== not
  })
  return now.join()
}
const allowed = async (gone: string) =>
  allowedBy(await inHost(balancers.find(host => host !== gone) ?? '', 'cat /etc/keepalived/keepalived.conf'))
const never: Death = { from: 0, to: 0 }
const clients = { paths: labPaths(lab), kinds: ['new /readyz', 'kept /readyz'], rate: 8, timeoutMs: 10_000, ca: api.ca }
const say = (what: string, may: number, silent: number, failed: readonly unknown[]) =>
  console.log(
    `  ${what}: nobody may answer for ${may.toFixed(1)} s, nobody did for ${silent} s, ${failed.length} new requests failed\n`,
  )

test('haproxy and keepalived on three masters, a proxy on each node', async () => {
  ok((await converge()) > 0)
  await holder()
})

const elections: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'all are equal': {},
  'one is primary, and takes the address back': {
    keepalived_election: 'primary',
    keepalived_primary: 'master-2',
  },
}
for (const [election, vars] of Object.entries(elections))
  test(`the host that has the address loses its power, and comes back: ${election}`, async () => {
    await converge(vars)
    const host = vars.keepalived_primary ?? (await holder())
    await until(`${host} has the address`, 30, async () => (await holder()) === host)
    const { silence } = await allowed(host)
    let [died, back] = [never, never]
    const { failed, silent } = await asked(clients, async () => {
      died = await off(host)
      const next = await holder(host)
      await sleep(2000)
      back = await dies(async () => {
        await on(host)
        if (host === vars.keepalived_primary) await holder(next)
      })
      // Long enough for three advertisements that it might miss.
      await sleep(5000)
      equal(await holder(), vars.keepalived_primary ?? next)
    })
    say(`${host} without power`, silence, silent('vip'), failed)
    const backAtPrimary = vars.keepalived_primary === undefined ? [] : [{ ...underWay(back), path: 'vip' }]
    const explained = [underWay(died), cutOff('vip', died, silence), ...backAtPrimary]
    equal(unexplained(failed, explained), [])
    // Of what was under way as the primary took the address back, and no more.
    ok(failed.filter(({ at }) => at.getTime() > died.to + (silence + 2) * 1000).length <= 1)
    equal(await converge(vars), 0)
  })

test('haproxy is killed where the address is: it is back before keepalived looks twice', async () => {
  await converge()
  const host = await holder()
  const { check } = await allowed('')
  let died = never
  const { failed, silent } = await asked(clients, async () => {
    died = await dies(() => inHost(host, 'pkill -9 haproxy'))
    await sleep(6000)
  })
  say(`haproxy of ${host} killed`, check, silent('vip'), failed)
  equal(unexplained(failed, [underWay(died), cutOff('vip', died, check)]), [])
  equal(await holder(), host)
})

test('haproxy is killed where the address is, and stays dead: the address leaves', async () => {
  const host = await holder()
  const { silence, check } = await allowed(host)
  let died = never
  const { failed, silent } = await asked(clients, async () => {
    died = await dies(() => inHost(host, 'systemctl -q mask --runtime haproxy; pkill -9 haproxy'))
    const next = await holder(host)
    await sleep(2000)
    await inHost(host, 'systemctl -q unmask --runtime haproxy; systemctl start haproxy')
    await sleep(4000)
    equal(await holder(), next)
  })
  say(`haproxy of ${host} dead`, check + silence, silent('vip'), failed)
  equal(unexplained(failed, [underWay(died), cutOff('vip', died, check + silence)]), [])
})

test('the proxy of a node is killed, and is back: nobody on another path notices', async () => {
  const restart = Number.parseFloat(await inHost('node-1', 'systemctl show -p RestartUSec --value nginx-proxy'))
  let died = never
  const { failed, silent } = await asked(clients, async () => {
    died = await dies(() => inHost('node-1', 'pkill -9 nginx'))
    await until('the proxy is back', 30, async () =>
      /^active/.test(await inHost('node-1', 'systemctl is-active nginx-proxy || :')),
    )
    await sleep(2000)
  })
  say('proxy of node-1 killed', restart, silent('node-1'), failed)
  ok(failed.length > 0)
  equal(unexplained(failed, [{ ...underWay(died), path: 'node-1' }, cutOff('node-1', died, restart)]), [])
})

test('no API server says that it is ready: those who ask at the address are led to them all the same', async () => {
  await Promise.all(masters.map(host => inHost(host, 'touch /run/not-ready')))
  const host = await holder()
  const checked =
    "echo 'show stat kube-apiserver 4 -1' | socat - UNIX:/run/haproxy-admin.sock | grep -c '^kube-apiserver,master-.,.*,UP' || :"
  await until('all are seen as not ready', 30, async () => (await inHost(host, checked)) === '0')
  const answer = await askOnce(vip, 8443, api.ca).catch(({ message }: Error) => message)
  ok(masters.includes(answer), answer)
  await Promise.all(masters.map(host => inHost(host, 'rm /run/not-ready')))
  await until('all are ready', 30, async () => (await inHost(host, checked)) === `${masters.length}`)
})

test('one master is dead from the start: the others restart one at a time as long as a majority stays', async () => {
  const dead = ['master-2', 'master-5'] as const
  const restart = (version: number, hosts: string) =>
    run('test/lab/playbooks/fail-over.mjs', ['-l', hosts, '-e', `{"fail_over_version": ${version}}`])
  await off(dead[0])
  await holder(dead[0])
  const { failed } = await asked(clients, async () => {
    const done = await restart(1, 'master-1,master-3')
    equal([done.exitCode, [...totals(done).values()].map(({ changed }) => changed)], [0, [2, 2]])
    // Its line stays in every proxy: it is dead, and not gone.
    equal(await converge({}, ['-l', `!${dead[0]}`]), 0)
  })
  equal(unexplained(failed, []), [])
  await off(dead[1])
  const refused = await restart(2, 'master-1,master-3')
  equal([refused.exitCode, await inHost('master-1', 'cat /opt/rota-test/version')], [2, '1'])
  match(
    JSON.stringify(refused.events.filter(isEnd)),
    /can't be taken down: 3 of 5 available, at least 3 must stay \(not available now: master-2, master-5\)/,
  )
})

test.after(async () => {
  await Promise.all(masters.map(on))
  await run('playbooks/remove-ha.mjs', ['-e', 'confirm=yes'])
  await api.stop()
  await Promise.all(
    masters.map(host =>
      inHost(host, 'rm -f /opt/rota-test/version /etc/systemd/system/multi-user.target.wants/kube-apiserver.service'),
    ),
  )
})
test.run()
