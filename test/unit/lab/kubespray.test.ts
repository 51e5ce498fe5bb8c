import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, is, match, ok, throws } from 'uvu/assert'
import { parse, parseAllDocuments } from 'yaml'
import { filesOf as betraying, marksText, releasesBetrayed } from '../../../roles/lib/kubespray/index.ts'
import { containerdConfig, restartContainers } from '../../../scripts/lab/kubespray/engine.mjs'
import { filesOf } from '../../../scripts/lab/kubespray/files.mjs'
import { inventoryFiles } from '../../../scripts/lab/kubespray/inventory.mjs'
import { podNetwork } from '../../../scripts/lab/kubespray/pod-network.mjs'
import { layoutRelease, releaseNames, releaseOf } from '../../../scripts/lab/kubespray/releases.mjs'
import { planHosts } from '../../../scripts/lab/plan.mjs'

const hosts = planHosts({ masters: 3, nodes: 2, spareMasters: 1, spareNodes: 0 }, '10.77.3.0/24')
const members = (group: string, runtime: 'docker' | 'containerd' = 'docker') =>
  hosts.filter(host => host.group === group).map(host => ({ ...host, runtime }))
const masters = members('master')
const nodes = members('node')
const clusterOf = (release: string) => ({
  release: releaseOf(release),
  version: 'v1.20.2',
  masters,
  nodes,
  encryptionKey: 'a2V5',
})
const textOf = (release: string, host: number, path: string, runtime: 'docker' | 'containerd' = 'docker') => {
  const member = [...masters, ...nodes][host]
  return member && filesOf(clusterOf(release), { ...member, runtime }).find(file => file.path === path)?.text
}

test('a layout names a release, or the newest; another one is refused with the list', () => {
  is(layoutRelease('kubespray'), '2.32')
  is(layoutRelease('kubespray-2.28'), '2.28')
  throws(() => layoutRelease('kubespray-2.24'), /no layout of kubespray 2\.24; there are 2\.25, 2\.26/)
  throws(() => layoutRelease('k3s'), /no layout k3s/)
})

test('a master has what its ClusterConfiguration names, its own etcd member, and no proxy', () => {
  const [first] = masters
  ok(first)
  const paths = filesOf(clusterOf('2.28'), first).map(({ path }) => path)
  for (const path of ['/etc/kubernetes/kubescheduler-config.yaml', '/etc/kubernetes/ssl/secrets_encryption.yaml'])
    ok(paths.includes(path), path)
  ok(!paths.includes('/etc/nginx/nginx.conf'))
  match(textOf('2.28', 1, '/etc/etcd.env') ?? '', /^ETCD_NAME=etcd2$/m)
  const [init, configuration] = parseAllDocuments(textOf('2.28', 1, '/etc/kubernetes/kubeadm-config.yaml') ?? '')
  equal(init?.toJS().nodeRegistration.name, 'master-2')
  const { apiServer, etcd } = configuration?.toJS() ?? {}
  equal(apiServer.extraArgs['encryption-provider-config'], '/etc/kubernetes/ssl/secrets_encryption.yaml')
  is(apiServer.certSANs.includes('lb-apiserver.kubernetes.local'), true)
  equal(etcd.external.endpoints, ['https://10.77.3.11:2379', 'https://10.77.3.12:2379', 'https://10.77.3.13:2379'])
})

test('what releases differ in: image of the proxy, open files, name of the balancer', () => {
  const seen = releaseNames.map(name => {
    const pod = textOf(name, 3, '/etc/kubernetes/manifests/nginx-proxy.yml') ?? ''
    const conf = textOf(name, 3, '/etc/nginx/nginx.conf') ?? ''
    return `${name} ${/nginx:(\S+)/.exec(pod)?.[1]} ${/worker_rlimit_nofile (\d+)/.exec(conf)?.[1]}`
  })
  equal(seen, [
    '2.25 1.25.2-alpine 130048',
    '2.26 1.25.2-alpine 130048',
    '2.27 1.25.2-alpine 130048',
    '2.28 1.27.4-alpine 130048',
    '2.29 1.28.0-alpine 130048',
    '2.30 1.28.0-alpine 130048',
    '2.31 1.28.2-alpine 130048',
    '2.32 1.30.1-alpine 65535',
  ])
})

test('what releases differ in: files that betray the release to who asks a master', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-lab-'))
  const files = betraying(name => ({ kube_config_dir: dir, bin_dir: dir })[name])
  const seen = releaseNames.map(name => {
    for (const [path, here] of [
      ['/etc/kubernetes/kubelet-config.yaml', files.config],
      ['/etc/kubernetes/kubelet.env', files.env],
      ['/etc/kubernetes/kubeadm-config.yaml', files.kubeadm],
      ['/usr/local/bin/k8s-certs-renew.sh', files.script],
    ] as const)
      writeFileSync(here, textOf(name, 0, path) ?? '')
    execFileSync('bash', ['-n', files.script])
    return releasesBetrayed(execFileSync('sh', ['-c', marksText(files)], { encoding: 'utf8' }))?.releases
  })
  rmSync(dir, { recursive: true })
  // Kubernetes 1.20, which all of them have in the lab, tells neither 2.25 from those before nor 2.29 from 2.30.
  equal(seen, [[24, 25], [26], [27], [28], [29, 30], [29, 30], [31], [32]])
})

test('what releases differ in: settings of etcd', () => {
  const names = ['SNAPSHOT_COUNT', 'QUOTA_BACKEND_BYTES', 'ENABLE_V2', 'EXPERIMENTAL_WATCH_PROGRESS_NOTIFY_INTERVAL']
  const seen = releaseNames.map(name => {
    const env = textOf(name, 0, '/etc/etcd.env') ?? ''
    return `${name} ${names.map(setting => new RegExp(`^ETCD_${setting}=(.*)$`, 'm').exec(env)?.[1] ?? '-').join(' ')}`
  })
  equal(seen, [
    '2.25 - - true -',
    '2.26 - - true 5s',
    '2.27 - - true 5s',
    '2.28 100000 - true 5s',
    '2.29 100000 2147483648 true 5s',
    '2.30 100000 2147483648 true 5s',
    '2.31 100000 2147483648 - 5s',
    '2.32 100000 2147483648 - 5s',
  ])
})

test('with containerd the kubelet of that host is told its socket, and crictl too', () => {
  match(
    textOf('2.32', 3, '/etc/kubernetes/kubelet.env', 'containerd') ?? '',
    /container-runtime-endpoint=unix:\/\/\S+containerd\.sock/,
  )
  match(textOf('2.32', 3, '/etc/crictl.yaml', 'containerd') ?? '', /^runtime-endpoint: unix:/)
  is(textOf('2.32', 3, '/etc/crictl.yaml'), undefined)
})

test('containerd has the lab’s runc and the pause that is there; containers are restarted by the runtime that runs them', () => {
  match(containerdConfig, 'binaryName = "/opt/rota-lab/runc"')
  match(containerdConfig, 'sandbox_image = "k8s.gcr.io/pause:3.2"')
  const names = ['kube-scheduler', 'kube-controller-manager']
  is(
    restartContainers({ runtime: 'containerd' }, names),
    "crictl ps -q --name '^(kube-scheduler|kube-controller-manager)$' | xargs -r crictl stop",
  )
  match(restartContainers({ runtime: 'docker' }, names), /^docker ps -q .* \| xargs -r docker restart/)
})

test('the inventory is in the form of the sample: etcd is made of the masters, nobody names k8s_cluster', () => {
  const files = inventoryFiles({
    hosts,
    key: '/k',
    knownHosts: '/known',
    kubeVersion: 'v1.20.2',
    kubeBinCache: '/cache',
    runtime: 'docker',
  })
  const ini = files['hosts.ini'] ?? ''
  match(ini, /^master-2 ansible_host=10\.77\.3\.12 ip=10\.77\.3\.12 etcd_member_name=etcd2$/m)
  match(ini, /\[etcd:children\]\nkube_control_plane\n/)
  ok(!ini.includes('k8s_cluster'))
  match(files['group_vars/k8s_cluster/k8s-cluster.yml'] ?? '', /^kube_version: 1\.20\.2$/m)
})

test('the inventory names the runtime of all, and that of a host that has another one, as kubespray has it', () => {
  const files = inventoryFiles({
    hosts,
    ...{ key: '/k', knownHosts: '/known', kubeVersion: 'v1.20.2', kubeBinCache: '/cache' },
    runtime: 'docker',
    runtimes: { 'node-2': 'containerd', 'node-1': 'docker' },
  })
  const { container_manager, cri_socket } = parse(files['group_vars/all/all.yml'] ?? '')
  equal([container_manager, cri_socket], ['docker', '/var/run/dockershim.sock'])
  const ini = files['hosts.ini'] ?? ''
  match(ini, /^node-1 ansible_host=10\.77\.3\.101 ip=10\.77\.3\.101$/m)
  match(ini, /^node-2 .* container_manager=containerd cri_socket=\/var\/run\/containerd\/containerd\.sock$/m)
})

test('the pods of each host have addresses of their own, and every host knows the way to those of all others', () => {
  const [first] = hosts
  ok(first)
  const [bridge, unit] = podNetwork(hosts, first).map(({ text }) => text)
  match(bridge ?? '', /"subnet": "10\.233\.64\.0\/24"/)
  const ways = [...(unit ?? '').matchAll(/ip route replace (\S+) via (\S+)$/gm)].map(([, to, via]) => `${to} ${via}`)
  equal(ways, [
    '10.233.65.0/24 10.77.3.12',
    '10.233.66.0/24 10.77.3.13',
    '10.233.67.0/24 10.77.3.14',
    '10.233.68.0/24 10.77.3.101',
    '10.233.69.0/24 10.77.3.102',
  ])
})

test.run()
