import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { labDown, labUp } from '../../scripts/lab/index.mjs'
import { asAdministrator, labPaths } from '../../scripts/probe/index.mjs'
import { allowedBy, asked, cutOff, type Death, dies, type Failed, underWay, unexplained } from '../lab/fail-over.ts'
import { type PlaybookResult, runPlaybook, testLab, totals } from '../lab/lab.ts'

/**
 * The leader of etcd dies, alone and with its host, while clients ask real API servers: for an object, which needs
 * etcd, and for their version, which does not.
 */
const name = `${testLab}-failover`
const lab = await labUp({ name, masters: 3, nodes: 1, spareMasters: 0, spareNodes: 0 })
const masters = ['master-1', 'master-2', 'master-3']
const on = async (host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', `rota-${name}-${host}`, 'sh', '-c', command])).stdout
const run = (playbook: string, args: readonly string[] = []): Promise<PlaybookResult> =>
  runPlaybook(`playbooks/${playbook}.mjs`, args, { inventory: lab.files.inventory })
async function until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await holds().catch(() => false)); await sleep(300))
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`)
}

const those = async (holds: (host: string) => Promise<boolean>): Promise<string> =>
  (await Promise.all(masters.map(async host => ((await holds(host).catch(() => false)) ? [host] : [])))).flat().join()
const holder = () => those(async host => (await on(host, 'ip -o addr')).includes(` ${lab.vip}/`))
const etcdctl =
  'etcdctl --cacert /etc/kube-etcd/pki/ca.crt --cert /etc/kube-etcd/pki/client.crt --key /etc/kube-etcd/pki/client.key'
const leader = () =>
  those(async host => {
    const status = await on(host, `${etcdctl} endpoint status -w json`)
    const number = (what: string) => new RegExp(`"${what}":(\\d+)`).exec(status)?.[1]
    return number('leader') === number('member_id')
  })
async function leads(host: string): Promise<void> {
  const now = await leader()
  const id = new RegExp(`^([0-9a-f]+), started, ${host},`, 'm').exec(await on(host, `${etcdctl} member list`))?.[1]
  if (now !== host) await on(now, `${etcdctl} move-leader ${id}`)
  await until(`${host} leads`, 20, async () => (await leader()) === host)
}

/** What an API server says of a request that was under way as etcd lost its leader. */
const isOfEtcd = ({ reason }: Failed) => /etcdserver: (leader changed|request timed out)/.test(reason)

/** Kills what leads etcd, and waits until another member leads. */
async function withoutLeader(kill: () => Promise<unknown>, work: () => Promise<void>) {
  const first = await leader()
  let died: Death = { from: 0, to: 0 }
  let led = 0
  const clients = { ...(await asAdministrator(lab)), paths: labPaths(lab), rate: 5 }
  const { failed, silent } = await asked(clients, async () => {
    died = await dies(kill)
    await until('another member leads', 60, async () => ![first, ''].includes(await leader()))
    led = Date.now()
    await work()
    await sleep(3000)
  })
  const ofEtcd = failed.filter(isOfEtcd)
  console.log(
    `  ${first} no longer leads etcd: another one after ${(led - died.to) / 1000} s, nobody answered at the address for ${silent('vip')} s, ${failed.length} new requests failed, ${ofEtcd.length} of them by etcd's word\n`,
  )
  ok(ofEtcd.every(({ at }) => at.getTime() <= led))
  return { died, failed: failed.filter(failure => !isOfEtcd(failure)) }
}

test('a cluster of three masters and a node', async () => {
  const { exitCode, stderr, events } = await run('cluster')
  if (exitCode !== 0) console.log(stderr, JSON.stringify(events.filter(({ kind }) => kind === 'hostFinished')))
  equal(exitCode, 0)
})

test('the leader of etcd is killed: whoever asks is led to an API server all the while', async () => {
  const host = await leader()
  const pid = () => on(host, 'systemctl show -p MainPID --value kube-etcd')
  const before = await pid()
  const { failed } = await withoutLeader(
    () => on(host, `kill -9 ${before}`),
    () => until('its etcd is back', 30, async () => !['0', before].includes(await pid())),
  )
  equal(unexplained(failed, []), [])
})

test('a host that leads etcd and has the address loses its power: 0 failed but in the time that VRRP allows', async () => {
  const host = await holder()
  await leads(host)
  const { silence } = allowedBy(await on(host, 'cat /etc/keepalived/keepalived.conf'))
  const { died, failed } = await withoutLeader(
    () => execa('docker', ['kill', `rota-${name}-${host}`]),
    async () => {
      const refused = await run('upgrade', [
        '--tags',
        'master',
        '-l',
        `!${host}`,
        '-e',
        '{"kube_apiserver_shutdown_delay_seconds": 1}',
      ])
      equal(refused.exitCode, 2)
      match(
        JSON.stringify(refused.events.filter(({ kind }) => kind === 'stopped')),
        new RegExp(`2 of 3 available, at least 2 must stay \\(not available now: ${host}\\)`),
      )
      await execa('docker', ['start', `rota-${name}-${host}`])
      await until(`${host} serves`, 120, async () =>
        /200/.test(await on(host, 'curl -sk -o /dev/null -w %{http_code} https://127.0.0.1:6443/readyz')),
      )
    },
  )
  equal(unexplained(failed, [underWay(died), cutOff('vip', died, silence)]), [])
  const after = await run('upgrade')
  equal([after.exitCode, [...totals(after).values()].filter(({ changed }) => changed > 0)], [0, []])
})

test.after(async () => {
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name })
})
test.run()
