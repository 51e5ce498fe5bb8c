// @ts-check
/** @import { Host, LabInfo, Runtime } from '../types.ts' */
/** @import { Cluster, Member } from './cluster.mjs' */
/** @import { ImageSet } from '../runtime-images.mjs' */
/** @import { HostFile } from './files.mjs' */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import * as YAML from 'yaml'
import { ensureCrictl } from '../crictl.mjs'
import { ensureKube } from '../kube.mjs'
import { containerOf, inside, installProgram, put } from '../runtime.mjs'
import { ensureDaemonPrograms, ensureRuntimeImages } from '../runtime-images.mjs'
import { say } from '../say.mjs'
import { everybody, port } from './cluster.mjs'
import { restartContainers, startRuntime } from './engine.mjs'
import { etcdCertificates, opensslConf } from './etcd-certificates.mjs'
import { filesOf } from './files.mjs'
import { joinConfig } from './master-files.mjs'
import { objects } from './objects.mjs'
import { podNetwork } from './pod-network.mjs'
import { releaseOf } from './releases.mjs'

/**
 * Makes a cluster as kubespray leaves one, on the hosts of a lab that is up: real etcd, kubelet, kubeadm and API
 * servers in its layout. Spares get a container runtime and the images, as a machine has before kubespray is run on it.
 * @param {LabInfo} lab
 * @param {{ release: string, runtimeOf: (host: string) => Runtime, versions: readonly string[] }} how versions: of
 * Kubernetes; the cluster is made with the first
 */
export async function makeCluster(lab, { release, runtimeOf, versions }) {
  const [version = ''] = versions
  const hosts = lab.hosts.map(host => ({ ...host, runtime: runtimeOf(host.name) }))
  /** @param {string} group */
  const members = group => hosts.filter(host => host.group === group)
  /** @type {Cluster} */
  const cluster = {
    release: releaseOf(release),
    version,
    masters: members('master'),
    nodes: members('node'),
    encryptionKey: randomBytes(32).toString('base64'),
  }
  const [first] = cluster.masters
  if (!first || (await isMade(lab, first))) return
  await ensureKube([...versions])
  const programs = await ensureDaemonPrograms()
  if (hosts.some(({ runtime }) => runtime === 'containerd')) await ensureCrictl()
  say(`a cluster in the layout of kubespray ${release}`)
  /** @type {readonly ImageSet[]} */
  const ofNodes = ['pause', 'kube-proxy', 'coredns', 'nginx']
  const archives = {
    node: await ensureRuntimeImages(ofNodes, versions),
    master: await ensureRuntimeImages([...ofNodes, 'kube'], versions),
  }
  await Promise.all(
    hosts.map(host => ready(lab, host, cluster, archives[host.group.endsWith('master') ? 'master' : 'node'], programs)),
  )
  await Promise.all(everybody(cluster).map(host => prepare(lab, cluster, host)))
  await startEtcd(lab, cluster, programs)
  await begin(lab, first)
  // Each master that joins writes to what the next one reads; workers do not.
  for (const host of cluster.masters.slice(1)) await joinCluster(lab, cluster, first, host)
  await Promise.all(cluster.nodes.map(host => joinCluster(lab, cluster, first, host)))
  await finish(lab, cluster, first)
}

/** @param {LabInfo} lab @param {Member} first */
async function isMade(lab, first) {
  const made = await execa('docker', ['exec', containerOf(lab, first.name), 'test', '-e', madeFile], { reject: false })
  return made.exitCode === 0
}

const madeFile = '/opt/rota-lab/kubespray-layout'

/**
 * A container runtime with the images that this host may ever need, and the plugins of the container network.
 * @param {LabInfo} lab
 * @param {Host & Member} host
 * @param {Cluster} cluster
 * @param {string} archive
 * @param {string} programs
 */
async function ready(lab, host, cluster, archive, programs) {
  const { name } = host
  await startRuntime(lab, host, cluster, archive)
  await inside(lab, name, 'mkdir -p /opt/cni/bin; apt-get install -y -q conntrack ebtables ipset socat >/dev/null')
  await execa('docker', ['cp', `${join(programs, 'cni')}/.`, `${containerOf(lab, name)}:/opt/cni/bin`])
  await putFiles(lab, name, podNetwork(lab.hosts, host))
  await inside(lab, name, 'systemctl daemon-reload; systemctl enable -q --now lab-pod-network')
}

/**
 * Files, programs and settings that kubespray brings to every host.
 * @param {LabInfo} lab
 * @param {Cluster} cluster
 * @param {Member} host
 */
async function prepare(lab, cluster, host) {
  const { name } = host
  const isMaster = cluster.masters.some(master => master.name === name)
  await inside(
    lab,
    name,
    `id kube >/dev/null 2>&1 || useradd -r -s /sbin/nologin kube
for dir in /etc/kubernetes /etc/kubernetes/manifests /etc/kubernetes/ssl; do install -d -m 0755 -o kube -g root $dir; done
[ -e /etc/kubernetes/pki ] || ln -s /etc/kubernetes/ssl /etc/kubernetes/pki
${isMaster ? 'id etcd >/dev/null 2>&1 || useradd -r -s /sbin/nologin etcd' : 'install -d -m 0700 /etc/nginx'}`,
  )
  await putFiles(lab, name, filesOf(cluster, host))
  for (const program of ['kubelet', 'kubeadm', ...(isMaster ? ['kubectl'] : [])])
    await installProgram(lab, name, cluster.version, program)
  await inside(
    lab,
    name,
    `sysctl -q -p /etc/sysctl.d/bridge-nf-call.conf
pod=/etc/kubernetes/manifests/nginx-proxy.yml
if [ -e $pod ]; then sed -i "s/@NGINX_CONF_SHA1@/$(sha1sum /etc/nginx/nginx.conf | cut -d' ' -f1)/" $pod; fi
systemctl daemon-reload; systemctl enable -q --now kubelet`,
  )
}

/** @param {LabInfo} lab @param {Cluster} cluster @param {string} programs */
async function startEtcd(lab, cluster, programs) {
  const certificates = await etcdCertificates(cluster)
  const files = [
    { path: '/etc/ssl/etcd/openssl.conf', mode: '0640', text: opensslConf(cluster) },
    ...Object.entries(certificates).map(([name, text]) => ({ path: `/etc/ssl/etcd/ssl/${name}`, mode: '0640', text })),
  ]
  await Promise.all(
    cluster.masters.map(async ({ name }) => {
      for (const program of ['etcd', 'etcdctl'])
        await put(lab, name, `/usr/local/bin/${program}`, await readFile(join(programs, program)), '0755')
      await putFiles(lab, name, files)
      // Members begin as a new cluster; what kubespray leaves says that it exists.
      await inside(
        lab,
        name,
        `install -d -m 0700 /var/lib/etcd; chown -R etcd:root /etc/ssl/etcd/ssl; chmod 0700 /etc/ssl/etcd/ssl
sed -i s/CLUSTER_STATE=existing/CLUSTER_STATE=new/ /etc/etcd.env
systemctl enable -q etcd; systemctl start etcd
sed -i s/CLUSTER_STATE=new/CLUSTER_STATE=existing/ /etc/etcd.env`,
      )
    }),
  )
}

/** @param {LabInfo} lab @param {Member} first */
async function begin(lab, first) {
  await inside(
    lab,
    first.name,
    `PATH=/usr/local/bin:$PATH kubeadm init --config=/etc/kubernetes/kubeadm-config.yaml --ignore-preflight-errors=all --skip-phases=addon/coredns --upload-certs >/tmp/kubeadm.log 2>&1 || { cat /tmp/kubeadm.log; exit 1; }
rm /tmp/kubeadm.log`,
  )
  await leadToItself(lab, first)
}

/**
 * A master of the cluster, or a node.
 * @param {LabInfo} lab
 * @param {Cluster} cluster
 * @param {Member} first
 * @param {Member} host
 */
async function joinCluster(lab, cluster, first, host) {
  const isMaster = cluster.masters.some(({ name }) => name === host.name)
  const token = await output(lab, first.name, 'kubeadm token create')
  const upload = 'kubeadm init phase upload-certs --upload-certs --config /etc/kubernetes/kubeadm-config.yaml'
  const certificateKey = isMaster ? (await output(lab, first.name, upload)).split('\n').at(-1) : undefined
  const file = `/etc/kubernetes/${isMaster ? 'kubeadm-controlplane.yaml' : 'kubeadm-client.conf'}`
  const text = joinConfig(cluster, host, { token, ...(certificateKey === undefined ? {} : { certificateKey }) })
  await putFiles(lab, host.name, [{ path: file, mode: '0640', text }])
  await inside(
    lab,
    host.name,
    `PATH=/usr/local/bin:$PATH kubeadm join --config ${file} --ignore-preflight-errors=all >/tmp/kubeadm.log 2>&1 || { cat /tmp/kubeadm.log; exit 1; }
rm /tmp/kubeadm.log`,
  )
  if (isMaster) await leadToItself(lab, host)
  else
    await inside(
      lab,
      host.name,
      `cp -p /etc/kubernetes/kubelet.conf "/etc/kubernetes/kubelet.conf.${backup}"
sed -i 's#^    server: .*#    server: https://localhost:${port}#' /etc/kubernetes/kubelet.conf; systemctl restart kubelet`,
    )
}

const backup = '$$.$(date +%F@%T)~'

/**
 * A master's clients ask its own API server; kubespray leaves what was there before beside it.
 * @param {LabInfo} lab
 * @param {Member} host
 */
const leadToItself = (lab, host) =>
  inside(
    lab,
    host.name,
    `for name in admin controller-manager kubelet scheduler; do
  cp -p /etc/kubernetes/$name.conf "/etc/kubernetes/$name.conf.${backup}"
  sed -i 's#^    server: .*#    server: https://127.0.0.1:${port}#' /etc/kubernetes/$name.conf
done
install -d -m 0700 /root/.kube; install -m 0600 /etc/kubernetes/admin.conf /root/.kube/config
systemctl restart kubelet; ${restartContainers(host, ['kube-scheduler', 'kube-controller-manager'])}
systemctl enable -q --now k8s-certs-renew.timer`,
  )

/** @param {LabInfo} lab @param {Cluster} cluster @param {Member} first */
async function finish(lab, cluster, first) {
  const files = Object.entries(objects).map(([name, object]) => ({
    path: `/etc/kubernetes/${name}`,
    mode: '0644',
    text: YAML.stringify(object),
  }))
  await putFiles(lab, first.name, files)
  await inside(
    lab,
    first.name,
    `export PATH=/usr/local/bin:$PATH
ready() {
  for try in $(seq 90); do kubectl get --raw /readyz >/dev/null 2>&1 && return; sleep 1; done
  return 1
}
ready
for file in ${files.map(({ path }) => path).join(' ')}; do kubectl apply -f $file >/dev/null; done
kubectl -n kube-system get configmap kube-proxy -o yaml | sed 's#server:.*#server: https://127.0.0.1:${port}#' | kubectl replace -f - >/dev/null
kubectl -n kube-system delete pod -l k8s-app=kube-proxy --force --grace-period=0 >/dev/null 2>&1
kubectl wait --for=condition=Ready node --all --timeout=120s >/dev/null
kubectl -n kube-system rollout status daemonset/kube-proxy --timeout=120s >/dev/null
kubectl -n kube-system rollout status deployment/coredns --timeout=120s >/dev/null
touch ${madeFile}`,
  )
  say(`${everybody(cluster).length} hosts are in the cluster`)
}

/** @param {LabInfo} lab @param {string} host @param {string} command */
async function output(lab, host, command) {
  const words = ['exec', containerOf(lab, host), 'sh', '-c', `PATH=/usr/local/bin:$PATH ${command} 2>/dev/null`]
  return (await execa('docker', words)).stdout.trim()
}

/** @param {LabInfo} lab @param {string} host @param {readonly HostFile[]} files */
async function putFiles(lab, host, files) {
  const script = files.map(
    ({ path, mode, text }) =>
      `mkdir -p "$(dirname ${path})"; cat >${path} <<'END-OF-FILE'\n${text}END-OF-FILE\nchmod ${mode} ${path}\n`,
  )
  await execa('docker', ['exec', '-i', containerOf(lab, host), 'sh', '-eu'], { input: script.join('') })
}
