import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { labDown, labUp } from '../../scripts/lab/index.mjs'
import { type PlaybookResult, runPlaybook, testLab, totals } from '../lab/lab.ts'

/** The control machine dies in the midst of upgrade.mjs, with a real API server behind the port that it has closed. */
const name = `${testLab}-alone`
const lab = await labUp({ name, masters: 2, nodes: 0, spareMasters: 0, spareNodes: 0 })
const on = async (host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', `rota-${name}-${host}`, 'sh', '-c', command])).stdout
const kubectl = (command: string) => on('master-1', `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`)
const run = (playbook: string, args: readonly string[], options: Parameters<typeof runPlaybook>[2] = {}) =>
  runPlaybook(`playbooks/${playbook}.mjs`, args, { inventory: lab.files.inventory, ...options })
const green = (result: PlaybookResult) => {
  if (result.exitCode !== 0) console.log(result.stderr, result.events)
  equal(result.exitCode, 0)
}
const address = lab.hosts.find(host => host.name === 'master-2')?.ip ?? ''
const seen = () =>
  on('master-1', `curl -ks --max-time 3 -o /dev/null -w '%{http_code}' https://${address}:6443/readyz || echo " $?"`)
const until = async (what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; !(await holds()); await sleep(300))
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`)
}
const isCordoned = () => kubectl("get node master-2 -o 'jsonpath={.spec.unschedulable}'")
const left = () =>
  on(
    'master-2',
    "systemctl list-units --all --no-legend --plain 'rota-*'; ls /run/rota /run/systemd/transient | grep drain || :; iptables -S | grep ROTA || :",
  )
const owed = () => on('master-2', 'ls /var/lib/rota/pending/*')
/** Something that restarts the API server of one master. */
const restart = ['--tags', 'master', '-l', 'master-2', '-e', '{"kube_apiserver_shutdown_delay_seconds": 1}']

test('a cluster of two masters, one of which is a node', async () => {
  green(await run('cluster', ['--tags', 'etchosts,etcd,master']))
  await on(
    'master-1',
    `printf '{"apiVersion":"v1","kind":"Node","metadata":{"name":"master-2"}}' | kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f -`,
  )
  equal(await seen(), '200')
})

test('the control machine dies between closing the port and opening it: the host does it, and its API server answers', async () => {
  const died = await run('upgrade', [...restart, '-e', 'kube_apiserver_drain_limit=40'], {
    dieOn: event =>
      event.kind === 'around' &&
      event.name === 'new connections go to other masters' &&
      event.phase === 'enter' &&
      event.status === 'done',
  })
  equal(died.exitCode, -1)
  // At once: the time that the net waits for goes by meanwhile.
  const closed = until('the port is closed', 30, async () => (await seen()) === '000 7')
  const [net, cordoned] = await Promise.all([left(), isCordoned(), closed])
  match(net, /rota-undrain-6443-\w+\.timer/)
  equal(cordoned, 'true')
  await on('master-2', 'systemctl daemon-reload')
  await until('the API server answers', 120, async () => (await seen()) === '200')
  await until('nothing of the net is left', 60, async () => (await left()) === '')
})

test('the next run goes on where it was cut short: the master restarts, its node is taken back, nothing is owed', async () => {
  match(await owed(), /new-connections[\s\S]*node-is-drained|node-is-drained[\s\S]*new-connections/)
  const next = await run('upgrade', restart)
  green(next)
  ok(next.events.some(event => event.kind === 'task' && event.status === 'changed' && /restart/.test(event.task)))
  equal([await seen(), await isCordoned(), await left()], ['200', '', ''])
  const again = await run('upgrade', restart)
  green(again)
  equal(totals(again).get('master-2')?.changed, 0)
  equal(await on('master-2', 'ls /var/lib/rota/pending/ -R | grep -v : || :'), '')
})

test.after(async () => {
  if (!process.env.ROTA_KEEP_LAB) await labDown({ name })
})
test.run()
