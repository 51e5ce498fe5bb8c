import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import { equal, is } from 'uvu/assert'
import { labDown } from '../../scripts/lab/index.mjs'
import { raiseVersion } from '../../scripts/night/index.mjs'
import { compare } from '../../scripts/takeover/changes.mjs'
import { changed, snapshot } from '../../scripts/takeover/snapshot.mjs'
import { testLab } from '../lab/lab.ts'
import { allAre, allRun, newVersion, nightIn, nothingChanged, oldVersion, sayProfile } from './night.ts'

/** The night of workers.whole.test.ts, when it does not go as planned, and a part at a time. */
const lab = `${testLab}-night`
const { up, run, running, seen, asked, free, kubectl, on, inventory } = nightIn(lab)

/** Until a pod of the workload is ending on this node. */
async function draining(node: string) {
  const of = '{range .items[*]}{.metadata.deletionTimestamp}{"\\n"}{end}'
  const words = `get pods -l app=web --field-selector spec.nodeName=${node} -o 'jsonpath=${of}'`
  for (let left = 600; left > 0; left -= 1) {
    if (/\d/.test(await kubectl(words).catch(() => ''))) return
    await sleep(500)
  }
  throw new Error(`${node} was not drained`)
}

test('the control machine dies during a master, and again during the drain of a worker: the same command goes on, nobody is failed', async () => {
  await raiseVersion(await up())
  await asked(async () => {
    const first = await run([], {
      dieOn: event =>
        event.kind === 'taskStarted' && event.host === 'master-2' && event.task.startsWith('kubeadm upgrade to'),
    })
    is(first.exitCode, -1)
    await free()
    const second = await run([], { dieAfter: () => draining('node-2') })
    is(second.exitCode, -1)
    await free()
    const third = await run([])
    equal(third.exitCode, 0)
    sayProfile(third)
  })
  equal(await running(), allRun(newVersion))
  equal(await seen(), allAre(newVersion), 'nobody is cordoned')
  nothingChanged(await run([]))
})

/** What of a host or the API a tag may change, and has to: a sign, who, what, as in docs/kubespray.md. */
const parts: readonly (readonly [tag: string, ...rows: readonly string[]])[] = [
  ['etcd'],
  ['haproxy'],
  ['keepalived'],
  ['addons'],
  ['leftovers'],
  ['download', '+ * /opt/kubernetes/*'],
  ['etchosts', '~ node-1 /etc/hosts'],
  ['nginx', '~ node-2 /etc/nginx/nginx.conf'],
  ['labels', '~ api Node node-3'],
  ['clients', '~ api ConfigMap kube-system/kube-proxy kubeconfig.conf', '+- * process kube-proxy*'],
  [
    'master',
    ...['~ master-* /etc/kubernetes/manifests/kube-*.yaml', '~ master-* /usr/local/bin/kube*'],
    ...['~ master-* /etc/kubernetes/*.conf', '~ master-* /etc/kubernetes/ssl/*', '+ master-* /etc/kubernetes/tmp/*'],
    ...['+~ master-* /var/lib/kubelet/*', '+-~ master-* process kube*', '+- node-* process kube-proxy*'],
    ...['~ api ConfigMap kube-system/kubeadm-config *', '~ api DaemonSet kube-system/kube-proxy'],
    ...['~ api ConfigMap kube-system/kubelet-config-* kubelet', '~ api Node *'],
  ],
  [
    'node',
    ...['~ node-* /usr/local/bin/kube*', '~ node-* process kubelet', '+- node-* process web_*'],
    ...['+- node-* process coredns_*', '~ api Node node-*'],
  ],
]
/** What need not be seen: where the one pod of CoreDNS is, and how often the nodes are written to, is chance. */
const chance = [
  '+- node-* process coredns_*',
  '~ api Node *',
  '~ api Node node-*',
  '~ api ConfigMap kube-system/kubelet-config-* kubelet',
]

test('each tag alone does its part and no other’s, and after all of them nothing is left to do', async () => {
  const info = await up()
  await raiseVersion(info)
  // Something to do for everybody.
  await on('node-1', "sed 's/ master-3$//' /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts")
  await on('node-2', "sed -i 's/least_conn;/least_conn; server 192.0.2.1:6443;/' /etc/nginx/nginx.conf")
  const ini = readFileSync(inventory, 'utf8')
  writeFileSync(inventory, ini.replace(/^(node-3 .*)$/m, `$1 node_labels='{"night": "yes"}'`))
  const elsewhere = "sed 's#server: https://127.0.0.1:6443#server: https://master-1:6443#'"
  await kubectl(
    `-n kube-system get configmap kube-proxy -o yaml | ${elsewhere} | kubectl --kubeconfig /etc/kubernetes/admin.conf replace -f -`,
  )
  for (const [tag, ...rows] of parts) {
    const table = rows.map(row => {
      const [sign = '', who = '', ...what] = row.split(' ')
      return { operations: [tag], sign, who, what: what.join(' ') }
    })
    const before = await snapshot(info)
    const { exitCode } = await run(['--tags', tag])
    const changes = changed(before, await snapshot(info))
    const { unexpected, unseen } = compare(table, tag, changes)
    equal([tag, exitCode, unexpected, unseen.filter(row => !chance.includes(row))], [tag, 0, [], []])
    if (tag === 'clients') equal(await running(), allRun(oldVersion))
  }
  equal(await running(), allRun(newVersion))
  nothingChanged(await run([]))
})

test.after(async () => {
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
})

test.run()
