import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, not } from 'uvu/assert'
import { addNode, labDown, labInfo, removeNode } from '../../scripts/lab/index.mjs'
import { installProgram } from '../../scripts/lab/runtime.mjs'
import { apply, raiseVersion } from '../../scripts/night/index.mjs'
import { testLab } from '../lab/lab.ts'
import { allAre, allRun, newVersion, nightIn, nothingChanged, oldVersion, sayProfile } from './night.ts'
import { whole } from './whole.ts'

/**
 * One night of a cluster in kubespray's layout, whose hosts have two container runtimes: real kubelets and pods,
 * clients of the API and of a workload that must not fall below its bound. Then its workers alone.
 */
const lab = `${testLab}-workers`
const { up, run, running, seen, asked, kubectl, on, inventory } = nightIn(lab)

const deployment = (name: string, count: number, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: count,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 2,
        containers: [{ name, image: 'k8s.gcr.io/pause:3.2', imagePullPolicy: 'IfNotPresent' }],
        ...more,
      },
    },
  },
})

const budget = (name: string, minAvailable: number) => ({
  apiVersion: 'policy/v1beta1',
  kind: 'PodDisruptionBudget',
  metadata: { name, namespace: 'default' },
  spec: { minAvailable, selector: { matchLabels: { app: name } } },
})

/** The kubelets of these are older again, as if they had been left out. */
async function older(names: readonly string[]) {
  const info = await labInfo(lab)
  for (const name of names) {
    await installProgram(info, name, oldVersion, 'kubelet')
    await on(name, 'systemctl restart kubelet')
  }
  const wanted = names.map(name => `${name} ${oldVersion}`)
  for (let left = 60; ; left -= 1) {
    const now = await seen()
    if (wanted.every(line => now.some(text => text.startsWith(line)))) break
    if (left === 0) throw new Error(`${names.join(', ')} did not come back with ${oldVersion}`)
    await sleep(1000)
  }
  await kubectl(`wait --for=condition=Ready ${names.map(name => `node/${name}`).join(' ')} --timeout=60s`)
}

const only = ['--tags', 'node']
const settings = 'drain_grace_period: 5\ndrain_timeout: 40s\ndrain_retries: 0\n'

test('one night: one command takes masters and workers of two runtimes to the new version, nobody who asks is failed, and a second run changes nothing', async () => {
  const info = await up()
  equal(await running(), allRun(oldVersion))
  await raiseVersion(info)
  const early = await run(only)
  equal(early.exitCode, 2)
  match(JSON.stringify(early.events), /a kubelet may not be newer, so the masters come first/)
  equal(await seen(), allAre(oldVersion), 'nobody was cordoned')
  const result = await asked(() => run([]))
  equal(result.exitCode, 0)
  sayProfile(result)
  equal(await running(), allRun(newVersion))
  equal(await seen(), allAre(newVersion), 'nobody is cordoned')
  nothingChanged(await run([]))
  match(
    await on('node-1', 'head -c 20 /etc/kubernetes/kubelet.env; ls /var/lib/kubelet/config.yaml 2>&1 || :'),
    /KUBE_LOGTOSTDERR/,
  )
})

test('two at a time: both are cordoned before the first is drained', async () => {
  await older(['node-1', 'node-2'])
  const result = await asked(() => run([...only, '--serial', '2', '-l', 'node-1,node-2']), { out: 2 })
  equal(result.exitCode, 0)
  const order = result.events.flatMap(event =>
    event.kind === 'around' && event.name === 'the node is drained' && event.status === 'done'
      ? [`${event.phase}`]
      : [],
  )
  equal(order.slice(0, 2), ['announce', 'announce'])
  equal(await seen(), allAre(newVersion))
})

test('a budget that holds a pod is named, with the pod, and the node is as it was', async () => {
  await older(['node-1'])
  writeFileSync(join(dirname(inventory), 'group_vars/all/drain.yml'), settings)
  const pinned = { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }
  await apply(await labInfo(lab), [deployment('held', 2, pinned), budget('held', 2)])
  await kubectl('rollout status deployment/held --timeout=120s')
  const held = await run([...only, '-l', 'node-1'])
  equal(held.exitCode, 2)
  match(
    JSON.stringify(held.events),
    /node-1 could not be drained in time: the disruption budget default\/held does not allow default\/held-\S+, default\/held-\S+ to go/,
  )
  equal(await seen(), [`node-1 ${oldVersion}`, ...allAre(newVersion).slice(1)])
  await kubectl('delete deployment/held pdb/held --timeout=60s')
})

test('a pod that never ends is named, with what keeps it', async () => {
  const pod = (metadata: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'endless', namespace: 'default', ...metadata },
    spec: { nodeName: 'node-1', containers: [{ name: 'web', image: 'k8s.gcr.io/pause:3.2' }] },
  })
  await apply(await labInfo(lab), [pod({ finalizers: ['example.com/keep'] })])
  await kubectl('wait --for=condition=Ready pod/endless --timeout=60s')
  const held = await run([...only, '-l', 'node-1'])
  equal(held.exitCode, 2)
  match(JSON.stringify(held.events), /default\/endless has not ended .*kept by example\.com\/keep/)
  equal(await seen(), [`node-1 ${oldVersion}`, ...allAre(newVersion).slice(1)])
  await kubectl(`patch pod endless --type merge -p '{"metadata":{"finalizers":null}}'`)
})

test('a control machine that dies in the middle: the next run goes on, and takes the node back', async () => {
  const died = await run([...only, '-l', 'node-1'], {
    dieOn: event => event.kind === 'task' && event.host === 'node-1' && /^program .*kubelet$/.test(event.task),
  })
  is(died.exitCode, -1)
  match((await seen()).join('\n'), /^node-1 \S+ true/)
  // The run that died may hold the host's lock for as long as what it had begun goes on.
  let next = await run([...only, '-l', 'node-1'])
  for (let left = 5; next.exitCode === 4 && left > 0; left -= 1) {
    await sleep(5000)
    next = await run([...only, '-l', 'node-1'])
  }
  equal(next.exitCode, 0)
  equal(await seen(), allAre(newVersion))
})

test('a node that the operator has cordoned is upgraded where it is, and stays cordoned', async () => {
  await older(['node-2'])
  await kubectl('cordon node-2')
  const done = await run([...only, '-l', 'node-2'])
  equal(done.exitCode, 0)
  equal((await seen()).at(1), `node-2 ${newVersion} true`)
  await kubectl('uncordon node-2')
})

test('a worker more joins with the files of its neighbours, and leaves without a key', async () => {
  const edit = (change: (text: string) => string) => writeFileSync(inventory, change(readFileSync(inventory, 'utf8')))
  edit(text => addNode(text, 'node-5'))
  const watch = 'while [ ! -e /tmp/stop ]; do ps -eww -o args=; sleep 0.05; done'
  const watching = Promise.all(['master-1', 'node-5'].map(host => on(host, watch)))
  const joined = await run([]).finally(() =>
    Promise.all(['master-1', 'node-5'].map(host => on(host, 'touch /tmp/stop'))),
  )
  const words = (await watching).join('\n')
  equal(joined.exitCode, 0)
  match(words, /kubeadm join/)
  for (const text of [words, joined.journal, joined.stderr]) not.match(text, /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/)
  equal(await seen(), [...allAre(newVersion), `node-5 ${newVersion}`])
  await kubectl('wait --for=condition=Ready node/node-5 --timeout=60s')
  const { hosts } = await labInfo(lab)
  const ip = hosts.find(({ name }) => name === 'node-5')?.ip ?? ''
  match(await on('node-5', 'cat /etc/kubernetes/kubelet.env'), `--node-ip=${ip}"`)
  match(await on('node-5', 'cat /etc/kubernetes/kubelet.conf'), /server: https:\/\/(?:127\.0\.0\.1|localhost):6443/)
  equal(
    await kubectl('-n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o name').then(text =>
      /a new worker/.test(text),
    ),
    false,
  )
  nothingChanged(await run([]))

  const left = await run(['-e', 'node=node-5'], { playbook: 'remove-node' })
  equal(left.exitCode, 0)
  equal(await seen(), allAre(newVersion))
  equal(await on('node-5', "grep -rl 'PRIVATE KEY' /etc/kubernetes /var/lib/kubelet || :"), '')
  equal(await on('node-5', 'systemctl is-active kubelet || :'), 'inactive')
  equal(await on('node-1', 'grep -c node-5 /etc/hosts || :'), '0')
  edit(text => removeNode(text, 'node-5'))
})

whole('a node whose host dies is named, and the others are left alone', async () => {
  await older(['node-2', 'node-3'])
  const { hosts } = await labInfo(lab)
  const container = hosts.find(({ name }) => name === 'node-2')?.container ?? ''
  const died = await run([...only, '-l', 'node-2,node-3'], {
    interruptOn: event => {
      if (event.kind === 'around' && event.host === 'node-2' && event.phase === 'enter' && event.status === 'done')
        if (event.name === 'the node is drained')
          // Once for each hook: what is dead already stays so.
          void execa('docker', ['kill', container], { reject: false })
      return false
    },
  })
  equal(died.exitCode === 0, false)
  const last = died.events.flatMap(event =>
    event.kind === 'hostFinished' && event.play === 'workers, a few at a time' ? [[event.host, event.outcome]] : [],
  )
  equal(last, [
    ['node-2', 'unreachable'],
    ['node-3', 'skipped'],
  ])
  match((await seen()).join('\n'), new RegExp(`^node-3 ${oldVersion}$`, 'm'))
  await execa('docker', ['start', container])
})

test.after(async () => {
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
})

test.run()
