import { readFileSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import type { RunEvent } from '../../engine/journal/events.ts'
import { everyProxyLists } from '../../scripts/demo/proof.mjs'
import {
  addMaster,
  addToGroup,
  labDown,
  labInfo,
  labUp,
  removeFromGroup,
  removeMaster,
} from '../../scripts/lab/index.mjs'
import { labPaths, renderTable, startProbe, verdict } from '../../scripts/probe/index.mjs'
import { type PlaybookResult, runPlaybook, testLab, totals } from '../lab/lab.ts'

/**
 * Masters that hold the virtual address and a member of etcd each are replaced while clients ask through the proxy of a
 * node and through the address: the first one, alive and dead.
 */
const lab = `${testLab}-replace`
const inventory = `inventory/${lab}/hosts.ini`

const on = async (host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', `rota-${lab}-${host}`, 'sh', '-c', command])).stdout
const run = async (
  args: readonly string[],
  options: Parameters<typeof runPlaybook>[2] = {},
  playbook = 'replace-master',
) => {
  const result = await runPlaybook(`playbooks/${playbook}.mjs`, args, { inventory, ...options })
  if (result.exitCode > 0)
    console.log(
      result.stderr,
      result.events.filter(
        event => event.kind === 'stopped' || (event.kind === 'hostFinished' && event.outcome === 'failed'),
      ),
    )
  return result
}
const edit = (change: (text: string) => string) => writeFileSync(inventory, change(readFileSync(inventory, 'utf8')))
/** An operator's two lines, before and after. */
const comes = (host: string) => edit(text => addToGroup(addMaster(text, host), host, 'etcd'))
const isOut = (host: string) => edit(text => removeFromGroup(removeMaster(text, host), host, 'etcd'))

const etcdctl =
  'etcdctl --cacert /etc/kube-etcd/pki/ca.crt --cert /etc/kube-etcd/pki/client.crt --key /etc/kube-etcd/pki/client.key'
/** Those with a vote, by name. */
const voters = async (through: string): Promise<readonly string[]> =>
  (await on(through, `${etcdctl} member list`))
    .split('\n')
    .map(line => line.split(', '))
    .filter(words => words[1] === 'started' && words.at(-1) === 'false')
    .map(words => words[2] ?? '')
    .sort()
const holders = async (): Promise<readonly string[]> => {
  const { vip, hosts } = await labInfo(lab)
  const found = hosts.map(async ({ name }) =>
    (await on(name, 'ip -o addr').catch(() => '')).includes(` ${vip}/`) ? [name] : [],
  )
  return (await Promise.all(found)).flat()
}
const until = async (what: string, holds: () => Promise<boolean>) => {
  for (let left = 60; !(await holds()); left -= 1) {
    if (left === 0) throw new Error(`it never came to this: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}
const changes = ({ events }: PlaybookResult): readonly string[] =>
  events.flatMap(event => (event.kind === 'task' && event.status === 'changed' ? [`${event.host}: ${event.task}`] : []))
const begins = (play: string) => (event: RunEvent) => event.kind === 'playStarted' && event.play === play
/** What a host that was killed amid a change has begun there may go on for a moment, and holds its lock. */
const again = async (args: readonly string[], options: Parameters<typeof runPlaybook>[2] = {}) => {
  for (let left = 20; ; left -= 1) {
    const result = await run(args, options)
    if (result.exitCode !== 4 || left === 0) return result
    await new Promise(resolve => setTimeout(resolve, 3000))
  }
}

async function asked(work: () => Promise<void>) {
  const info = await labInfo(lab)
  const failures: string[] = []
  const probe = await startProbe({
    paths: labPaths(info),
    rate: 10,
    ca: readFileSync(`inventory/${lab}/pki/ca.crt`, 'utf8'),
    onFailure: ({ path, kind, reason, at }) => failures.push(`${at.toISOString()} ${path} ${kind}: ${reason}`),
  })
  let rows: Awaited<ReturnType<typeof probe.stop>> = []
  try {
    await work()
  } finally {
    rows = await probe.stop()
    console.log([renderTable(rows), ...failures.slice(0, 20)].join('\n'))
  }
  const { failures: failed, silent } = verdict(rows)
  equal([failed, silent], [0, []], 'requests on new connections that failed')
}

async function isThere(masters: readonly string[], gone: string) {
  const info = await labInfo(lab)
  const through = masters[0] ?? ''
  equal(await voters(through), [...masters].sort())
  equal(
    (await everyProxyLists(info, masters)).filter(({ right }) => !right),
    [],
  )
  const held = await holders()
  equal([held.length, held.includes(gone)], [1, false])
  for (const { name } of info.hosts.filter(({ name, group }) => masters.includes(name) || group === 'node')) {
    const known = await on(name, 'cat /etc/hosts')
    for (const master of masters) match(known, new RegExp(` ${master}$`, 'm'))
    equal(known.includes(` ${gone}\n`), name === gone)
  }
  for (const name of masters) {
    const manifest = await on(name, 'cat /etc/systemd/system/kube-apiserver.service')
    const servers = /--etcd-servers=(\S+)/.exec(manifest)?.[1] ?? ''
    const addresses = info.hosts.filter(host => masters.includes(host.name)).map(({ ip }) => `https://${ip}:2379`)
    equal(servers.replace(/["\\]/g, '').split(',').sort(), addresses.sort())
  }
}

const replace = ['-e', 'node=master-1', '-e', 'by=master-4'] as const

test.before(async () => {
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
  await labUp({ name: lab, masters: 3, nodes: 1, spareMasters: 1, spareNodes: 0 })
  equal((await run([], {}, 'cluster')).exitCode, 0)
})

test('the first master leads etcd and holds the virtual address', async () => {
  const others = ['master-2', 'master-3']
  await Promise.all(others.map(host => on(host, 'systemctl stop keepalived')))
  await until('master-1 holds the address', async () => (await holders()).join() === 'master-1')
  await Promise.all(others.map(host => on(host, 'systemctl start keepalived')))
  const own = /^([0-9a-f]+), started, master-1,/m.exec(await on('master-1', `${etcdctl} member list`))?.[1]
  for (const host of others) await on(host, `${etcdctl} move-leader ${own} || :`)
  await until(
    'master-1 leads',
    async () =>
      /"leader":(\d+)/.exec(await on('master-1', `${etcdctl} endpoint status -w json`))?.[1] ===
      /"member_id":(\d+)/.exec(await on('master-1', `${etcdctl} endpoint status -w json`))?.[1],
  )
  equal(await holders(), ['master-1'])
})

test('who is a master already takes nobody’s place, another version is no replacement, and one that is dead is said to be so', async () => {
  const already = await run(['-e', 'node=master-1', '-e', 'by=master-2'])
  equal([already.exitCode, changes(already)], [2, []])
  match(JSON.stringify(already.events), /master-2 is a master already, and not by taking the place of master-1/)
  comes('master-4')
  const newer = await run([...replace, '-e', 'kube_version=v1.20.3'])
  equal([newer.exitCode, changes(newer)], [2, []])
  match(JSON.stringify(newer.events), /a master is replaced by one of its version, so say -e kube_version=v1\.20\.2/)
  const living = await run([...replace, '-e', 'gone=true'])
  equal([living.exitCode, changes(living)], [2, []])
  match(JSON.stringify(living.events), /its API server still takes connections/)
})

test('--check shows what would be done, on the new one and on the old one, and does nothing', async () => {
  const checked = await run([...replace, '--check'])
  equal([checked.exitCode, changes(checked)], [0, []])
  const would = checked.events.flatMap(event =>
    event.kind === 'task' && event.status === 'would change' ? [`${event.host}: ${event.task}`] : [],
  )
  for (const [host, task] of [
    ['master-4', /join the etcd cluster/],
    ['master-4', /kube-apiserver/],
    ['node-1', /kube-nginx\.conf/],
    ['master-2', /haproxy\.cfg/],
    ['master-1', /leave the etcd cluster/],
    ['master-1', /no units of the control plane/],
  ] as const)
    ok(
      would.some(line => line.startsWith(`${host}: `) && task.test(line)),
      `${host} ${task} in\n${would.join('\n')}`,
    )
  equal(
    await on(
      'master-4',
      'ls -d /etc/kubernetes/* /etc/kube-etcd /opt/kubernetes /var/lib/rota/takes* 2>/dev/null || :',
    ),
    '',
  )
})

test('the first one, alive, while the control machine dies before it leaves and again as it is drained: nobody is failed', async () => {
  await asked(async () => {
    const joined = await run(replace, { dieOn: begins('the virtual address goes elsewhere') })
    equal(joined.exitCode, -1)
    // Both serve, whatever comes.
    equal(await on('master-4', 'curl -sk -o /dev/null -w %{http_code} https://127.0.0.1:6443/readyz'), '200')
    equal(await on('master-1', 'curl -sk -o /dev/null -w %{http_code} https://127.0.0.1:6443/readyz'), '200')
    const drained = await again(replace, {
      dieOn: event =>
        event.kind === 'around' && event.host === 'master-1' && event.phase === 'enter' && event.status === 'done',
    })
    equal(drained.exitCode, -1)
    const done = await again(replace)
    equal(done.exitCode, 0)
    // Who was about to leave was not made a master again.
    equal(
      changes(done).filter(line => /^master-1: .*(join|haproxy\.cfg|keepalived\.conf)/.test(line)),
      [],
    )
  })
  await isThere(['master-2', 'master-3', 'master-4'], 'master-1')
  equal(await on('master-1', "ss -Hltn | grep -E ':(6443|8443|2379|2380|10257|10259)\\b' || :"), '')
})

test('the same command once more changes nothing, nor does an upgrade without the old one’s line', async () => {
  const once = await run(replace)
  equal([once.exitCode, changes(once)], [0, []])
  isOut('master-1')
  const upgraded = await run([], {}, 'upgrade')
  equal([upgraded.exitCode, changes(upgraded)], [0, []])
  equal(
    [...totals(upgraded).values()].filter(({ outcome }) => outcome !== 'ok'),
    [],
  )
})

test('one that is dead is said to be so, and is replaced with -e gone=true, cut short once: nobody is failed', async () => {
  comes('master-1')
  await execa('docker', ['stop', '-t', '1', `rota-${lab}-master-2`])
  const dead = ['-e', 'node=master-2', '-e', 'by=master-1'] as const
  const refused = await run(dead)
  equal(refused.exitCode, 4)
  match(JSON.stringify(refused.events.filter(event => event.kind === 'stopped')), /leaves with -e gone=true/)
  const checked = await run([...dead, '-e', 'gone=true', '--check'])
  equal([checked.exitCode, changes(checked)], [0, []])
  await asked(async () => {
    const forgotten = await run([...dead, '-e', 'gone=true'], { dieOn: begins('the new master joins, and is ready') })
    equal(forgotten.exitCode, -1)
    const done = await again([...dead, '-e', 'gone=true'])
    equal(done.exitCode, 0)
    ok(!JSON.stringify(done.events).includes('"host":"master-2"'), 'the dead one is not connected to')
  })
  await isThere(['master-1', 'master-3', 'master-4'], 'master-2')
  const once = await run([...dead, '-e', 'gone=true'])
  equal([once.exitCode, changes(once)], [0, []])
})

test.after(async () => {
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
})

test.run()
