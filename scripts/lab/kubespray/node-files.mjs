// @ts-check
/** @import { Cluster, Member } from './cluster.mjs' */
/** @import { HostFile } from './files.mjs' */

import { criSocket, dnsAddress, dnsDomain, everybody, port } from './cluster.mjs'
import { crictlConfig } from './engine.mjs'

/**
 * What every host of the cluster has.
 * @param {Cluster} cluster
 * @param {Member} host
 * @param {'master' | 'node'} kind
 * @returns {readonly HostFile[]}
 */
export const filesOfAll = (cluster, host, kind) => [
  { path: '/etc/hosts', mode: '0644', text: etcHosts(cluster, host) },
  {
    path: '/etc/sysctl.d/bridge-nf-call.conf',
    mode: '0644',
    text: 'vm.overcommit_memory=1\nkernel.panic=10\nkernel.panic_on_oops=1\n',
  },
  { path: '/etc/kubernetes/kubelet-config.yaml', mode: '0644', text: kubeletConfig(cluster, host, kind) },
  { path: '/etc/kubernetes/kubelet.env', mode: '0644', text: kubeletEnv(host) },
  { path: '/etc/systemd/system/kubelet.service', mode: '0644', text: kubeletUnit(host) },
  ...(host.runtime === 'docker' ? [] : [{ path: '/etc/crictl.yaml', mode: '0644', text: crictlConfig(host) }]),
]

/** The names of all hosts between kubespray's marks. @param {Cluster} cluster @param {Member} host */
function etcHosts(cluster, host) {
  const lines = everybody(cluster).map(({ name, ip }) => `${ip} ${name}.${dnsDomain} ${name}`)
  return `127.0.0.1 localhost localhost.localdomain
::1 localhost6 localhost6.localdomain
${host.ip}\t${host.name}
# Ansible inventory hosts BEGIN
${lines.join('\n')}
# Ansible inventory hosts END
`
}

/**
 * The last settings are the lab's: its machine gives away no control groups, and its disks are small. A kubelet of 1.20
 * passes over settings that it does not know.
 * @param {Cluster} cluster
 * @param {Member} host
 * @param {'master' | 'node'} kind
 */
const kubeletConfig = (cluster, host, kind) => `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
nodeStatusUpdateFrequency: "10s"
failSwapOn: False
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: True
  x509:
    clientCAFile: /etc/kubernetes/ssl/ca.crt
authorization:
  mode: Webhook
staticPodPath: ${cluster.release.quotes.includes('staticPodPath') ? '"/etc/kubernetes/manifests"' : '/etc/kubernetes/manifests'}
cgroupDriver: cgroupfs
containerLogMaxFiles: 5
containerLogMaxSize: 10Mi
${cluster.release.kubelet.includes('containerRuntimeEndpoint') ? `containerRuntimeEndpoint : unix://${criSocket(host)}\n` : ''}maxPods: 110
address: ${cluster.release.quotes.includes('address') ? `"${host.ip}"` : host.ip}
readOnlyPort: 0
healthzPort: 10248
healthzBindAddress: 127.0.0.1
kubeletCgroups: /systemd/system.slice
clusterDomain: ${dnsDomain}
protectKernelDefaults: true
rotateCertificates: true
clusterDNS:
- ${dnsAddress}
kubeReserved:
  cpu: ${kind === 'master' ? '200m' : '100m'}
  memory: ${kind === 'master' ? '512Mi' : '256Mi'}
resolvConf: "/etc/resolv.conf"
cgroupsPerQOS: false
enforceNodeAllocatable: []
evictionHard:
  imagefs.available: 1%
  memory.available: 1Mi
  nodefs.available: 1%
eventRecordQPS: 5
${cluster.release.kubelet.includes('maxParallelImagePulls') ? 'maxParallelImagePulls: 1\n' : ''}`

/** @param {Member} host */
const kubeletEnv = ({ name, ip, runtime }) => `KUBE_LOGTOSTDERR="--logtostderr=true"
KUBE_LOG_LEVEL="--v=2"
KUBELET_ADDRESS="--node-ip=${ip}"
KUBELET_HOSTNAME="--hostname-override=${name}"

KUBELET_ARGS="--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \\
--config=/etc/kubernetes/kubelet-config.yaml \\
--kubeconfig=/etc/kubernetes/kubelet.conf \\
${
  runtime === 'docker'
    ? '--pod-infra-container-image=k8s.gcr.io/pause:3.2'
    : `--container-runtime=remote \\\n--container-runtime-endpoint=unix://${criSocket({ runtime })}`
} \\
--runtime-cgroups=/systemd/system.slice \\
 "
KUBELET_NETWORK_PLUGIN="--network-plugin=cni --cni-conf-dir=/etc/cni/net.d --cni-bin-dir=/opt/cni/bin"
KUBELET_CLOUDPROVIDER=""

PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`

/** @param {Pick<Member, 'runtime'>} host */
const kubeletUnit = ({ runtime }) => `[Unit]
Description=Kubernetes Kubelet Server
Documentation=https://github.com/GoogleCloudPlatform/kubernetes
After=${runtime}.service
Wants=${runtime === 'docker' ? 'docker.socket' : 'containerd.service'}

[Service]
EnvironmentFile=-/etc/kubernetes/kubelet.env
ExecStart=/usr/local/bin/kubelet \\
${['LOGTOSTDERR', 'LOG_LEVEL'].map(name => `\t\t$KUBE_${name} \\\n`).join('')}${[
  ...['API_SERVER', 'ADDRESS', 'PORT', 'HOSTNAME', 'ARGS'].map(name => `\t\t$KUBELET_${name} \\\n`),
  '\t\t$DOCKER_SOCKET \\\n',
  ...['NETWORK_PLUGIN', 'VOLUME_PLUGIN'].map(name => `\t\t$KUBELET_${name} \\\n`),
].join('')}\t\t$KUBELET_CLOUDPROVIDER
Restart=always
RestartSec=10s

[Install]
WantedBy=multi-user.target
`

/**
 * What a node that is no master has: its proxy to the masters.
 * @param {Cluster} cluster
 * @returns {readonly HostFile[]}
 */
export const filesOfNode = cluster => [
  { path: '/etc/nginx/nginx.conf', mode: '0755', text: nginxConf(cluster) },
  { path: '/etc/kubernetes/manifests/nginx-proxy.yml', mode: '0640', text: nginxPod(cluster) },
]

export const healthPort = 8081

/** @param {Pick<Cluster, 'masters' | 'release'>} cluster */
export const nginxConf = ({ masters, release }) => `error_log stderr notice;

worker_processes 2;
worker_rlimit_nofile ${release.openFiles};
worker_shutdown_timeout 10s;

events {
  multi_accept on;
  use epoll;
  worker_connections 16384;
}

stream {
  upstream kube_apiserver {
    least_conn;
${masters.map(({ ip }) => `    server ${ip}:${port};\n`).join('')}    }

  server {
    listen        127.0.0.1:${port};
    proxy_pass    kube_apiserver;
    proxy_timeout 10m;
    proxy_connect_timeout 1s;
  }
}

http {
  aio threads;
  aio_write on;
  tcp_nopush on;
  tcp_nodelay on;

  keepalive_timeout 5m;
  keepalive_requests 100;
  reset_timedout_connection on;
  server_tokens off;
  autoindex off;

  server {
    listen ${healthPort};
    location /healthz {
      access_log off;
      return 200;
    }
    location /stub_status {
      stub_status on;
      access_log off;
    }
  }
  }
`

/** The annotation is filled in on the host, from the file that is there. @param {Pick<Cluster, 'release'>} cluster */
export const nginxPod = ({ release }) => `apiVersion: v1
kind: Pod
metadata:
  name: nginx-proxy
  namespace: kube-system
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    k8s-app: kube-nginx
  annotations:
    nginx-cfg-checksum: "@NGINX_CONF_SHA1@"
spec:
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  nodeSelector:
    kubernetes.io/os: linux
  priorityClassName: system-node-critical
  containers:
  - name: nginx-proxy
    image: docker.io/library/nginx:${release.nginxTag}
    imagePullPolicy: IfNotPresent
    resources:
      requests:
        cpu: 25m
        memory: 32M
    livenessProbe:
      httpGet:
        path: /healthz
        port: ${healthPort}
    readinessProbe:
      httpGet:
        path: /healthz
        port: ${healthPort}
    volumeMounts:
    - mountPath: /etc/nginx
      name: etc-nginx
      readOnly: true
  volumes:
  - name: etc-nginx
    hostPath:
      path: /etc/nginx
`
