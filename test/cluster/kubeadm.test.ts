import { readFileSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, not } from 'uvu/assert'
import {
  addMaster,
  addToGroup,
  kubeVersions,
  labDown,
  labInfo,
  labUp,
  removeFromGroup,
  setVariable,
} from '../../scripts/lab/index.mjs'
import { startEngine } from '../../scripts/lab/runtime.mjs'
import { asAdministrator, labPaths, renderTable, startProbe } from '../../scripts/probe/index.mjs'
import { type PlaybookResult, runPlaybook, testLab, totals } from '../lab/lab.ts'
import { settings } from './kubeadm-settings.ts'
import { whole } from './whole.ts'

/** Masters that kubeadm makes, with its own kubelet, containers and etcd members: all of it real, on three hosts. */
const lab = `${testLab}-kubeadm`
const inventory = `inventory/${lab}/hosts.ini`
const [oldVersion = '', newVersion = ''] = kubeVersions()

const on = async (host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', `rota-${lab}-${host}`, 'sh', '-c', command])).stdout
const kubectl = (command: string, host = 'master-2') =>
  on(host, `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`)
const config = () => kubectl("-n kube-system get configmap kubeadm-config -o 'jsonpath={.data}'")
const etcdctl = (command: string) =>
  on(
    'master-2',
    `docker exec $(docker ps -q -f name=k8s_etcd_etcd-) etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key ${command}`,
  )
const members = async () =>
  (await etcdctl('member list'))
    .split('\n')
    .map(line => line.split(', ').slice(1, 3).join(' '))
    .sort()
const edit = (change: (text: string) => string) => writeFileSync(inventory, change(readFileSync(inventory, 'utf8')))

async function run(playbook: string, args: readonly string[] = []): Promise<PlaybookResult> {
  const result = await runPlaybook(`playbooks/${playbook}.mjs`, args, { inventory })
  if (result.exitCode !== 0)
    console.log(
      result.events.flatMap(event =>
        (event.kind === 'task' && event.status === 'failed') ||
        event.kind === 'hostFinished' ||
        event.kind === 'stopped'
          ? [JSON.stringify(event)]
          : [],
      ),
      result.stderr,
    )
  return result
}

/** What was done, in order: `master-1: kubeadm upgrade to v1.20.3 (applied …)`. */
const done = ({ events }: PlaybookResult, what: RegExp): readonly string[] =>
  events.flatMap(event =>
    event.kind === 'task' && event.status === 'changed' && what.test(event.task)
      ? [`${event.host}: ${event.task} (${event.summary})`]
      : [],
  )

/** A rollout while clients ask on every path: nobody who connects anew is failed. */
async function asked(work: () => Promise<PlaybookResult>): Promise<PlaybookResult> {
  const failures: { readonly at: number; readonly text: string }[] = []
  const info = await labInfo(lab)
  const probe = await startProbe({
    paths: labPaths(info),
    ...(await asAdministrator(info)),
    rate: 10,
    onFailure: ({ path, kind, reason, at }) =>
      failures.push({ at: at.getTime(), text: `${at.toISOString()} ${path} ${kind}: ${reason}` }),
  })
  let result: PlaybookResult | undefined
  try {
    result = await work()
    return result
  } finally {
    const table = await probe.stop()
    console.log(`\n${renderTable(table)}`)
    const failed = table.filter(row => row.kind.startsWith('new ')).reduce((sum, row) => sum + row.failures, 0)
    if (failed > 0) await explain(failures, result?.journal ?? '')
    is(failed, 0, 'requests on new connections that failed')
  }
}

/** What the run did in the seconds around each request that failed, and what the node's proxy says of its servers. */
async function explain(failures: readonly { readonly at: number; readonly text: string }[], journal: string) {
  const near = (time: number) => failures.some(({ at }) => Math.abs(at - time) < 15_000)
  const lines = journal.split('\n').filter(line => near(Date.parse(line.slice('{"at":"'.length).split('"')[0] ?? '')))
  const proxy = await on('node-1', 'docker logs --tail 40 $(docker ps -q -f name=k8s_nginx-proxy) 2>&1').catch(String)
  console.log([...failures.slice(0, 20).map(({ text }) => text), ...lines.slice(0, 200), proxy].join('\n'))
}

test('kubeadm begins a cluster on the first master, the second joins, and another run finds nothing to do', async () => {
  // One that an interrupted run has left is of the newer version already.
  await labDown({ name: lab })
  const info = await labUp({ name: lab, masters: 2, nodes: 1, spareMasters: 1, spareNodes: 0 })
  const masters = info.hosts.filter(host => host.name.startsWith('master-'))
  await Promise.all(masters.map(host => startEngine(info, host.name, { images: ['pause', 'etcd', 'kube'] })))
  edit(text => `${text}${settings}`)
  const made = await run('cluster')
  equal(made.exitCode, 0)
  equal(done(made, /be a master/), [
    'master-1: be a master of the cluster (the cluster begins here)',
    'master-2: be a master of the cluster (joined through master-1)',
  ])
  equal(await members(), ['started master-1', 'started master-2'])
  const again = await run('upgrade')
  for (const { host, outcome } of totals(again).values()) equal([host, outcome], [host, 'ok'])
})

test('a master more joins: no secret of it is in an argument or in the journal, the others keep their certificates, and clients notice nothing', async () => {
  edit(text => addToGroup(addMaster(text, 'master-3'), 'master-3', 'etcd'))
  const shown = (host: string) =>
    on(
      host,
      'openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -serial -ext subjectAltName',
    )
  const before = await Promise.all(['master-1', 'master-2'].map(shown))
  // A line a process: a container's id beside a word of kubeadm would look like its key.
  const watch = 'while [ ! -e /tmp/stop ]; do ps -eww -o args=; sleep 0.05; done'
  const watching = Promise.all(['master-1', 'master-3'].map(host => on(host, watch)))
  const joined = await asked(() => run('upgrade')).finally(() =>
    Promise.all(['master-1', 'master-3'].map(host => on(host, 'touch /tmp/stop'))),
  )
  const words = (await watching).join('\n')
  equal(joined.exitCode, 0)
  equal(done(joined, /be a master/).length, 1)
  match(words, /kubeadm join/)
  for (const text of [words, joined.journal, joined.stderr]) not.match(text, /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/)
  for (const line of words.split('\n').filter(text => text.includes('upload-certs')))
    not.match(line.replace(/.*upload-certs/, ''), /[0-9a-f]{64}/)
  equal(await kubectl('-n kube-system get secret kubeadm-certs --ignore-not-found'), '')
  equal(await on('master-3', 'ls /etc/kubernetes/.rota-kubeadm /tmp/tmp.* 2>/dev/null || :'), '')
  equal(await members(), ['started master-1', 'started master-2', 'started master-3'])
  match(await config(), 'master-3.cluster.local')
  match(await shown('master-3'), 'DNS:master-3')
  // A master's own address is in its own certificate: that of another is no reason to make one anew.
  equal(await Promise.all(['master-1', 'master-2'].map(shown)), before)
})

test('an upgrade: one applies it, the others follow, the kubelets after it, and nobody who asks is failed', async () => {
  edit(text => setVariable(text, 'kube_version', newVersion))
  const upgraded = await asked(() => run('upgrade'))
  equal(upgraded.exitCode, 0)
  equal(done(upgraded, /kubeadm upgrade/), [
    `master-1: kubeadm upgrade to ${newVersion} (applied ${newVersion}, the cluster was ${oldVersion})`,
    `master-2: kubeadm upgrade to ${newVersion} (this node, to ${newVersion})`,
    `master-3: kubeadm upgrade to ${newVersion} (this node, to ${newVersion})`,
  ])
  const nodes = "get nodes -o 'custom-columns=N:.metadata.name,V:.status.nodeInfo.kubeletVersion,U:.spec.unschedulable'"
  equal(
    (await kubectl(`${nodes} --no-headers`)).replace(/ +/g, ' ').split('\n'),
    ['master-1', 'master-2', 'master-3'].map(name => `${name} ${newVersion} <none>`),
  )
  const again = await run('upgrade')
  for (const { host, outcome, connections } of totals(again).values())
    equal([host, outcome, connections], [host, 'ok', 1])
})

test('a cluster of kubeadm is not taken apart by another method', async () => {
  const { exitCode, events } = await runPlaybook(
    'playbooks/upgrade.mjs',
    [
      '--tags',
      'control-plane',
      '--skip-tags',
      'etcd',
      '-e',
      'control_plane_method=binaries',
      '-e',
      'etcd_deployment_type=host',
    ],
    { inventory },
  )
  equal(exitCode, 2)
  match(JSON.stringify(events), /kube-apiserver\.yaml is kubeadm's: set control_plane_method to kubeadm/)
  equal(await kubectl('get --raw /readyz', 'master-1'), 'ok')
})

whole('the first master leaves: its member, its node and its names go with it, and nothing of it is left', async () => {
  const removed = await asked(() => run('remove-master', ['-e', 'node=master-1']))
  equal(removed.exitCode, 0)
  equal(await members(), ['started master-2', 'started master-3'])
  equal((await kubectl('get nodes -o name')).split('\n'), ['node/master-2', 'node/master-3'])
  not.match(await config(), /master-1/)
  equal(await on('master-1', "ss -Hltn | grep -E ':(6443|8443|2379|2380|10250|10257|10259)\\b' || :"), '')
  equal(await on('master-1', 'find /etc/kubernetes /var/lib/etcd -type f; docker ps -aq'), '')
})

whole('the one that left joins again; one that is dead leaves with -e gone=true, its member too', async () => {
  edit(text => removeFromGroup(removeFromGroup(text, 'master-1', 'kube_control_plane'), 'master-1', 'etcd'))
  edit(text => addToGroup(addToGroup(text, 'master-1', 'kube_control_plane'), 'master-1', 'etcd'))
  const back = await run('upgrade', ['--tags', 'master'])
  equal(back.exitCode, 0)
  equal(await members(), ['started master-1', 'started master-2', 'started master-3'])
  await execa('docker', ['stop', '-t', '1', `rota-${lab}-master-3`])
  const removed = await run('remove-master', ['-e', 'node=master-3', '-e', 'gone=true'])
  equal(removed.exitCode, 0)
  equal(await members(), ['started master-1', 'started master-2'])
  equal((await kubectl('get nodes -o name')).split('\n'), ['node/master-1', 'node/master-2'])
  not.match(await config(), /master-3/)
})

test.after(async () => {
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
})

test.run()
