import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { facts, type Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { controlPlaneAbsent } from '../../roles/control-plane/absent.ts'
import { demote, marksIn } from '../../roles/control-plane/kubeadm/demote.ts'
import { noKeysAreLeft } from '../../roles/control-plane/kubeadm/no-keys.ts'
import { noControlPlane } from '../../roles/control-plane/kubeadm/stays.ts'
import { etchosts } from '../../roles/etchosts/role.ts'
import { hasHaproxy } from '../../roles/haproxy-proxy/place.ts'
import { kubeClients } from '../../roles/kube-clients/role.ts'
import { serverOf } from '../../roles/kube-clients/server.ts'
import { comeBack, standAside, staysNode } from '../../roles/lib/cluster/index.ts'
import { drainNode } from '../../roles/lib/drain/node.ts'
import { nodeAbsent } from '../../roles/node/absent.ts'
import { nodeProxyAbsent } from '../../roles/node-proxy/absent.ts'
import { contextOn, host, inventory, withGiven } from './support/inventory.ts'
import { localHosts } from './support/local-hosts.ts'
import { remote } from './support/remote.ts'
import { contentOf, paramsOf, titlesOf, unitsOf } from './support/role.ts'

/** Masters of which one is a node too; it leaves. */
const cluster = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'kube_node', 'k8s_cluster']),
  host('m2', '10.0.0.2', ['kube_control_plane', 'k8s_cluster']),
  host('m3', '10.0.0.3', ['kube_control_plane', 'k8s_cluster']),
  host('n1', '10.0.1.1', ['kube_node', 'k8s_cluster']),
])
const [both, onlyMaster, worker] = ['m1', 'm2', 'n1'].map(cluster.host) as [
  ReturnType<typeof cluster.host>,
  ReturnType<typeof cluster.host>,
  ReturnType<typeof cluster.host>,
]
const kubeadm = { method: 'kubeadm', etcdDeployment: 'kubeadm' } as const

test('a master that is in kube_node too stays a node, unless the operator says that all of it goes', () => {
  assert.is(staysNode(both, cluster, 'm1'), true)
  assert.is(staysNode(both, cluster, 'm2'), false)
  assert.is(staysNode(onlyMaster, cluster, 'm2'), false)
  assert.is(staysNode(worker, cluster, ''), false)
  assert.is(staysNode(both, cluster, 'm1', false), false)
})

test('its control plane goes, its kubelet is neither reset nor stopped', () => {
  const titles = (leaving: string) =>
    titlesOf(controlPlaneAbsent({ ...kubeadm, leaving }), cluster.host(leaving), cluster)
  assert.ok(titles('m1').includes('no control plane, its kubelet stays'))
  for (const title of ['kubeadm reset', 'service kubelet']) {
    assert.not(titles('m1').includes(title), title)
    assert.ok(titles('m2').includes(title), title)
  }
})

test('its node is no longer a master, and is not deleted; one that is dead is', () => {
  const titles = (more: object) => titlesOf(nodeAbsent({ ...more, leaving: 'm1' }), onlyMaster, cluster)
  assert.is(titles({})[0], 'm1 is a node, and no master')
  assert.is(titles({ leavingStayNodes: false })[0], 'm1 is no node of the cluster')
  assert.is(titlesOf(nodeAbsent({ leaving: 'm3' }), onlyMaster, cluster)[0], 'm3 is no node of the cluster')
})

test('it goes through a proxy like any node, and every host knows it', () => {
  const port = { port: 6443, apiserverPort: 6443, vipLoadBalancer: 'haproxy', haproxyPort: 8443 } as const
  const has = (name: string, leaving: string) =>
    hasHaproxy(
      { ...port, kubeVip: false, nginxVipProtocol: 'tcp', type: 'haproxy', leaving } as never,
      cluster.host(name),
      cluster,
    )
  assert.equal([has('m1', ''), has('m1', 'm1'), has('m2', 'm2'), has('n1', 'm1')], [false, true, false, true])
  const server = (name: string, leaving: string, nodeProxyPort = 7443) =>
    serverOf(paramsOf(kubeClients({ leaving, nodeProxyPort })), cluster.host(name), cluster)
  assert.is(server('m1', ''), 'https://127.0.0.1:6443')
  assert.is(server('m1', 'm1'), 'https://127.0.0.1:7443')
  assert.is(server('m2', 'm2'), undefined)
  const block = (leaving: string) =>
    contentOf(unitsOf(etchosts({ leaving }), worker, cluster), '/etc/hosts', [
      [facts.path({ path: '/etc/hosts', sha256: true, content: true }), { type: 'absent' }],
    ])
  assert.match(block('m1'), '10.0.0.1 m1.cluster.local m1')
  assert.not.match(block('m2'), '10.0.0.2')
})

const master = { metadata: { labels: { a: 'b', 'node-role.kubernetes.io/master': '' } } }
const marks: readonly (readonly [string, object | undefined, readonly string[], readonly string[]])[] = [
  ['none', { metadata: { labels: { a: 'b' } }, spec: {} }, [], []],
  ['no node', undefined, [], []],
  ['a label', master, ['node-role.kubernetes.io/master'], []],
  [
    'a taint beside one of somebody else',
    {
      spec: {
        taints: [
          { key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' },
          { key: 'x', effect: 'NoExecute' },
        ],
      },
    },
    [],
    ['node-role.kubernetes.io/master:NoSchedule'],
  ],
  ['an effect that is none', { spec: { taints: [{ key: 'node-role.kubernetes.io/master', effect: '$(x)' }] } }, [], []],
]
for (const [name, node, labels, taints] of marks)
  test(`marks of a master: ${name}`, () =>
    assert.equal(marksIn(node === undefined ? '' : JSON.stringify(node)), { labels, taints }))
test('only the marks that are there are taken away', async () => {
  const { context, commands } = remote(command => (command.includes(' get node ') ? JSON.stringify(master) : ''))
  assert.equal(await demote(context.$, ['kubectl'], 'm1'), ['node-role.kubernetes.io/master'])
  assert.equal(
    commands.slice(1).map(({ text }) => text),
    ['kubectl label node m1 node-role.kubernetes.io/master-'],
  )
})
test('a taint of a master goes with its effect', async () => {
  const node = { spec: { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] } }
  const { context, commands } = remote(command => (command.includes(' get node ') ? JSON.stringify(node) : ''))
  await demote(context.$, ['kubectl'], 'm1')
  assert.equal(
    commands.slice(1).map(({ text }) => text),
    ['kubectl taint node m1 node-role.kubernetes.io/control-plane:NoSchedule-'],
  )
})

test('what a kubelet goes by stays with it, every other key goes', async () => {
  const root = '/root-of-the-host'
  const hosts = localHosts(root)
  const dir = hosts.dirOf('m1')
  const files = [
    ['kubelet.conf', 'client-key-data: AAAA', true],
    ['kubeadm-client.conf', 'token: abcdef.0123456789abcdef', true],
    ['kubelet.conf.1.2026-11-28@18:21:44~', 'x', false],
    ['admin.conf.1~', 'x', false],
    ['ssl/secrets_encryption.yaml', 'kind: EncryptionConfig', false],
    ['ssl/ca.crt', '-----BEGIN CERTIFICATE-----', true],
  ] as const
  for (const [path, content] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), `${content}\n`)
  }
  const params = {
    ...paramsOf<Parameters<typeof noKeysAreLeft>[0]>(controlPlaneAbsent({ ...kubeadm, leaving: 'm1' })),
    kubeConfigDir: root,
  }
  const step = noKeysAreLeft(params, both, cluster).at(-1) as Step
  const context = { $: hosts.on('m1'), on: hosts.on, host: both, inventory: cluster }
  await step.run({
    ...context,
    say: () => {},
    ask: async () => true,
    reconnect: async () => {},
    run: '20260101T030405Z-4711',
  })
  for (const [path, , stays] of files) assert.is(existsSync(join(dir, path)), stays, path)
  hosts.end()
})

test('a control plane is taken off by its own files alone', async () => {
  const root = '/root-of-the-host'
  const hosts = localHosts(root)
  const dir = hosts.dirOf('m1')
  const gone = ['manifests/kube-apiserver.yaml', 'manifests/etcd.yaml', 'manifests/kube-vip.yml', 'admin.conf']
  const keys = ['pki/ca.key', 'pki/sa.key', 'pki/apiserver.crt', 'pki/etcd/ca.key', 'data/member/wal']
  const stay = ['manifests/mine.yaml', 'kubelet.conf', 'pki/ca.crt', 'pki/mine.crt', 'data/mine']
  for (const path of [...gone, ...keys, ...stay]) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), '')
  }
  const at = {
    kubeConfigDir: root,
    manifestDir: `${root}/manifests`,
    etcdDeployment: 'kubeadm',
    etcdDataDir: `${root}/data`,
  }
  await noControlPlane(at as never).run({
    ...{ $: hosts.on('m1'), on: hosts.on, host: both, inventory: cluster },
    ...{ say: () => {}, ask: async () => true, reconnect: async () => {}, run: '20260101T030405Z-4711' },
  })
  for (const path of [...gone, ...keys]) assert.not(existsSync(join(dir, path)), path)
  for (const path of stay) assert.ok(existsSync(join(dir, path)), path)
  hosts.end()
})
/** A host whose containers run until they were asked for so often. */
async function stripped(times: number) {
  const bin = mkdtempSync(join(tmpdir(), 'rota-strip-'))
  const hosts = localHosts('/root-of-the-host', bin)
  const dir = hosts.dirOf('m1')
  const programs = {
    // Whether the keys are there is written down each time.
    docker: `echo "$* $([ -e "$HOST_DIR/pki/ca.key" ] && echo keys)" >>${bin}/asked
[ "$(wc -l <${bin}/asked)" -gt ${times} ] || echo id`,
    crictl: 'exit 0',
    sleep: `echo "$1" >>${bin}/slept`,
  }
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  for (const path of ['manifests/kube-apiserver.yaml', 'pki/ca.key', 'data/member/wal']) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), '')
  }
  const root = '/root-of-the-host'
  const at = {
    kubeConfigDir: root,
    manifestDir: `${root}/manifests`,
    etcdDeployment: 'kubeadm',
    etcdDataDir: `${root}/data`,
  }
  const context = { $: hosts.on('m1'), on: hosts.on, host: both, inventory: cluster }
  const result = await noControlPlane(at as never)
    .run({ ...context, say: () => {}, ask: async () => true, reconnect: async () => {}, run: '20260101T030405Z-4711' })
    .then(
      () => 'ended',
      (error: Error) => error.message,
    )
  const asked = readFileSync(join(bin, 'asked'), 'utf8').trim().split('\n')
  const left = ['manifests/kube-apiserver.yaml', 'pki/ca.key', 'data/member/wal'].filter(path =>
    existsSync(join(dir, path)),
  )
  hosts.end()
  rmSync(bin, { recursive: true })
  return { result, asked, left }
}
test('its keys and its data go when the last container has ended, of its etcd too', async () => {
  const { result, asked, left } = await stripped(6)
  assert.equal([result, left], ['ended', []])
  assert.ok(asked.length > 6 && asked.every(line => line.endsWith(' keys')), asked.join('\n'))
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'])
    assert.ok(
      asked.some(line => line.includes(`container.name=${name} `)),
      name,
    )
})
test('where the kubelet does not stop them they keep what they work with, and it is said', async () => {
  const { result, left } = await stripped(Number.MAX_SAFE_INTEGER)
  assert.match(result, 'the kubelet has not stopped the control plane within 90 s')
  assert.equal(left, ['pki/ca.key', 'data/member/wal'])
})
test('where nothing of a control plane is left nothing is done', () => {
  const step = noControlPlane(paramsOf(controlPlaneAbsent({ ...kubeadm, leaving: 'm1' })))
  const needed = (type: string) =>
    step.needed?.(factTable(...Object.values(step.facts ?? {}).map(request => [request, { type }] as const)) as never)
  assert.is(needed('absent'), false)
  assert.match(String(needed('file')), 'kube-apiserver.yaml')
})
test('what a run that was cut has left of its keys and data is reason enough', () => {
  const params = {
    ...paramsOf<Parameters<typeof noControlPlane>[0]>(controlPlaneAbsent({ ...kubeadm, leaving: 'm1' })),
  }
  const looked = JSON.stringify(noControlPlane(params).facts)
  for (const path of ['/etc/kubernetes/super-admin.conf', '/etc/kubernetes/pki/sa.key', '/var/lib/etcd/member'])
    assert.match(looked, path)
})

/** A process on a port that is a unit's, or a pod's of a manifest: it ends when that is stopped, or gone. */
async function standing(kind: 'unit' | 'pod') {
  const dir = mkdtempSync(join(tmpdir(), 'rota-aside-'))
  const child = spawn(process.execPath, [
    '-e',
    "require('net').createServer().listen(0,'127.0.0.1',function(){process.stdout.write(String(this.address().port))})",
  ])
  const port = Number(String((await once(child.stdout, 'data'))[0]))
  assert.ok(port > 0)
  const manifest = join(dir, 'manifests/p.yml')
  mkdirSync(dirname(manifest))
  writeFileSync(manifest, 'kind: Pod\n')
  const programs = {
    systemctl: `echo "$*" >>${dir}/asked
case $* in *MainPID*) echo MainPID=${child.pid} ;; *"stop -- one"*) kill ${child.pid} ;; esac`,
    docker: `case $1 in
  ps) [ -e ${manifest} ] || kill ${child.pid} 2>/dev/null; echo id ;;
  inspect) echo ${child.pid} ;;
esac`,
  }
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  const run = (script: string) => {
    const { status, stderr } = spawnSync('sh', ['-euc', script], {
      encoding: 'utf8',
      env: { PATH: `${dir}:${process.env.PATH}` },
      timeout: 30_000,
    })
    assert.is(status, 0, stderr)
  }
  const listeners =
    kind === 'unit' ? [{ name: 'one', unit: 'one' }] : [{ name: 'pod', pod: { pod: 'p', container: 'p', manifest } }]
  const aside = join(dir, 'aside')
  return {
    ...{ dir, manifest, aside, child },
    leave: () => run(standAside(port, listeners, aside)),
    back: () => run(comeBack(aside, dirname(manifest))),
    asked: () => readFileSync(join(dir, 'asked'), 'utf8'),
    end: () => {
      child.kill('SIGKILL')
      rmSync(dir, { recursive: true })
    },
  }
}
test('a pod stands aside until its port is free, and comes back by its own manifest', async () => {
  const pod = await standing('pod')
  try {
    pod.leave()
    await Promise.race([once(pod.child, 'exit'), sleep(3000)])
    assert.is(pod.child.signalCode, 'SIGTERM')
    assert.not(existsSync(pod.manifest))
    pod.back()
    assert.is(readFileSync(pod.manifest, 'utf8'), 'kind: Pod\n')
    assert.not(existsSync(pod.aside))
    pod.back()
  } finally {
    pod.end()
  }
})
test('a unit stands aside, and comes back enabled', async () => {
  const unit = await standing('unit')
  try {
    unit.leave()
    assert.equal(readdirSync(unit.aside), ['one.unit'])
    unit.back()
    assert.match(unit.asked(), 'enable --now -- one')
  } finally {
    unit.end()
  }
})

test('the proxy of a node that became a master goes, with its configuration', () =>
  assert.ok(titlesOf(nodeProxyAbsent({}), both, cluster).includes('absent /etc/kubernetes/manifests/nginx-proxy.yml')))

test('a node that stays is taken back into service', async () => {
  const uncordoned = async (leaving: string) => {
    const { context, commands } = remote(command =>
      command.includes('get node')
        ? JSON.stringify({
            metadata: { name: leaving, annotations: { 'rota/cordoned': 'x' } },
            spec: { unschedulable: true },
            status: { conditions: [{ type: 'Ready', status: 'True' }] },
          })
        : '',
    )
    const view = withGiven(cluster, [nodeAbsent({ leaving })])
    const on = contextOn(view.host(leaving), view)
    await drainNode().leave({ ...context, host: on.host, inventory: view, cluster: on.cluster } as never)
    return commands.some(({ text }) => text.includes('patch node'))
  }
  assert.is(await uncordoned('m1'), true)
  assert.is(await uncordoned('m2'), false)
})

test.run()
