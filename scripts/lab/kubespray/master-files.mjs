// @ts-check
/** @import { Cluster, Member } from './cluster.mjs' */
/** @import { HostFile } from './files.mjs' */
import * as YAML from 'yaml'
import {
  certificateNames,
  criSocket,
  dnsAddress,
  dnsDomain,
  endpoints,
  memberName,
  podAddresses,
  port,
  serviceAddresses,
} from './cluster.mjs'

export const encryptionFile = '/etc/kubernetes/ssl/secrets_encryption.yaml'
export const schedulerFile = '/etc/kubernetes/kubescheduler-config.yaml'

/**
 * @param {Cluster} cluster
 * @param {Member} host
 * @returns {readonly HostFile[]}
 */
export const filesOfMaster = (cluster, host) => [
  { path: '/etc/etcd.env', mode: '0640', text: etcdEnv(cluster, host) },
  { path: '/etc/systemd/system/etcd.service', mode: '0644', text: etcdUnit },
  { path: encryptionFile, mode: '0640', text: encryption(cluster) },
  { path: schedulerFile, mode: '0644', text: scheduler },
  { path: '/etc/kubernetes/kubeadm-config.yaml', mode: '0640', text: kubeadmConfig(cluster, host) },
  { path: '/usr/local/bin/k8s-certs-renew.sh', mode: '0755', text: renewScript(cluster, host) },
  { path: '/etc/systemd/system/k8s-certs-renew.service', mode: '0644', text: renewService },
  { path: '/etc/systemd/system/k8s-certs-renew.timer', mode: '0644', text: renewTimer(cluster) },
]

/** @param {Cluster} cluster @param {Member} host */
export function etcdEnv(cluster, host) {
  const { masters, release } = cluster
  const peers = masters.map(({ ip }, index) => `${memberName(index)}=https://${ip}:2380`)
  const pem = '/etc/ssl/etcd/ssl'
  return `# Environment file for etcd v3.4.23
ETCD_DATA_DIR=/var/lib/etcd
ETCD_ADVERTISE_CLIENT_URLS=https://${host.ip}:2379
ETCD_INITIAL_ADVERTISE_PEER_URLS=https://${host.ip}:2380
ETCD_INITIAL_CLUSTER_STATE=existing
ETCD_METRICS=basic
ETCD_LISTEN_CLIENT_URLS=https://${host.ip}:2379,https://127.0.0.1:2379
ETCD_ELECTION_TIMEOUT=5000
ETCD_HEARTBEAT_INTERVAL=250
ETCD_INITIAL_CLUSTER_TOKEN=k8s_etcd
ETCD_LISTEN_PEER_URLS=https://${host.ip}:2380
ETCD_NAME=${memberName(masters.findIndex(({ name }) => name === host.name))}
ETCD_PROXY=off
ETCD_INITIAL_CLUSTER=${peers.join(',')}
ETCD_AUTO_COMPACTION_RETENTION=8
${Object.entries(release.etcd)
  .map(([name, value]) => `${name}=${value}\n`)
  .join('')}
# TLS settings
ETCD_TRUSTED_CA_FILE=${pem}/ca.pem
ETCD_CERT_FILE=${pem}/member-${host.name}.pem
ETCD_KEY_FILE=${pem}/member-${host.name}-key.pem
ETCD_CLIENT_CERT_AUTH=true

ETCD_PEER_TRUSTED_CA_FILE=${pem}/ca.pem
ETCD_PEER_CERT_FILE=${pem}/member-${host.name}.pem
ETCD_PEER_KEY_FILE=${pem}/member-${host.name}-key.pem
ETCD_PEER_CLIENT_CERT_AUTH=True

# CLI settings
ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
ETCDCTL_CACERT=${pem}/ca.pem
ETCDCTL_KEY=${pem}/admin-${host.name}-key.pem
ETCDCTL_CERT=${pem}/admin-${host.name}.pem
`
}

const etcdUnit = `[Unit]
Description=etcd
After=network.target

[Service]
Type=notify
User=root
EnvironmentFile=/etc/etcd.env
ExecStart=/usr/local/bin/etcd
NotifyAccess=all
Restart=always
RestartSec=10s
LimitNOFILE=40000

[Install]
WantedBy=multi-user.target
`

/** @param {Cluster} cluster */
const encryption = ({ encryptionKey }) => `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
    - secrets
    providers:
    - secretbox:
        keys:
        - name: key
          secret: ${encryptionKey}
    - identity: {}
`

// v1beta1 is what a scheduler of 1.20 reads.
const scheduler = `apiVersion: kubescheduler.config.k8s.io/v1beta1
kind: KubeSchedulerConfiguration
clientConnection:
  kubeconfig: "/etc/kubernetes/scheduler.conf"
leaderElection:
  leaseDuration: 15s
  renewDeadline: 10s
`

/**
 * In v1beta2, which kubeadm 1.20 reads; kubespray of today writes v1beta4 with the same content.
 * @param {Cluster} cluster
 * @param {Member} host
 */
export function kubeadmConfig(cluster, host) {
  const apiVersion = 'kubeadm.k8s.io/v1beta2'
  const [first] = cluster.masters
  const pem = '/etc/ssl/etcd/ssl'
  const documents = [
    {
      apiVersion,
      kind: 'InitConfiguration',
      localAPIEndpoint: { advertiseAddress: host.ip, bindPort: port },
      nodeRegistration: {
        name: host.name,
        taints: [{ effect: 'NoSchedule', key: 'node-role.kubernetes.io/master' }],
        criSocket: criSocket(host),
      },
    },
    {
      apiVersion,
      kind: 'ClusterConfiguration',
      clusterName: dnsDomain,
      etcd: {
        external: {
          endpoints: endpoints(cluster),
          caFile: `${pem}/ca.pem`,
          certFile: `${pem}/node-${host.name}.pem`,
          keyFile: `${pem}/node-${host.name}-key.pem`,
        },
      },
      dns: { type: 'CoreDNS', imageRepository: 'k8s.gcr.io', imageTag: '1.7.0' },
      networking: { dnsDomain, serviceSubnet: serviceAddresses, podSubnet: podAddresses },
      kubernetesVersion: cluster.version,
      controlPlaneEndpoint: `${first?.ip}:${port}`,
      certificatesDir: '/etc/kubernetes/ssl',
      imageRepository: 'k8s.gcr.io',
      apiServer: {
        extraArgs: apiServerArguments(cluster),
        extraVolumes: [volume('usr-share-ca-certificates', '/usr/share/ca-certificates')],
        certSANs: certificateNames(cluster),
        timeoutForControlPlane: '5m0s',
      },
      controllerManager: { extraArgs: controllerArguments },
      scheduler: {
        extraArgs: { 'bind-address': '0.0.0.0', config: schedulerFile },
        extraVolumes: [volume('kubescheduler-config', schedulerFile)],
      },
    },
    {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      bindAddress: '0.0.0.0',
      clusterCIDR: podAddresses,
      conntrack: { maxPerCore: 0, min: 0, tcpCloseWaitTimeout: '0s', tcpEstablishedTimeout: '0s' },
      healthzBindAddress: '0.0.0.0:10256',
      hostnameOverride: host.name,
      metricsBindAddress: '127.0.0.1:10249',
      mode: 'iptables',
      oomScoreAdj: -999,
    },
    { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', clusterDNS: [dnsAddress] },
  ]
  return documents.map(document => YAML.stringify(document)).join('---\n')
}

/** @param {Cluster} cluster */
const apiServerArguments = cluster => ({
  'default-not-ready-toleration-seconds': '300',
  'default-unreachable-toleration-seconds': '300',
  'anonymous-auth': 'True',
  'authorization-mode': 'Node,RBAC',
  'bind-address': '0.0.0.0',
  'insecure-port': '0',
  'apiserver-count': String(cluster.masters.length),
  'endpoint-reconciler-type': 'lease',
  'service-node-port-range': '30000-32767',
  'service-cluster-ip-range': serviceAddresses,
  'kubelet-preferred-address-types': 'InternalDNS,InternalIP,Hostname,ExternalDNS,ExternalIP',
  profiling: 'False',
  'request-timeout': '1m0s',
  'enable-aggregator-routing': 'False',
  'encryption-provider-config': encryptionFile,
  'storage-backend': 'etcd3',
  'allow-privileged': 'true',
  'event-ttl': '1h0m0s',
})

const controllerArguments = {
  'node-monitor-grace-period': '40s',
  'node-monitor-period': '5s',
  'cluster-cidr': podAddresses,
  'service-cluster-ip-range': serviceAddresses,
  'node-cidr-mask-size': '24',
  profiling: 'False',
  'terminated-pod-gc-threshold': '12500',
  'bind-address': '0.0.0.0',
  'leader-elect-lease-duration': '15s',
  'leader-elect-renew-deadline': '10s',
  'configure-cloud-routes': 'false',
}

/** @param {string} name @param {string} path */
const volume = (name, path) => ({ name, hostPath: path, mountPath: path, readOnly: true })

/** @param {Pick<Cluster, 'release'>} cluster @param {Pick<Member, 'runtime'>} host */
const renewScript = ({ release }, { runtime }) => `#!/bin/bash

${release.renews === 'always' ? 'echo "## Expiration before renewal ##"' : 'echo "## Check Expiration before renewal ##"\n'}
/usr/local/bin/kubeadm certs check-expiration

${release.renews === 'always' ? '' : onlyInTime(release)}echo "## Renewing certificates managed by kubeadm ##"
/usr/local/bin/kubeadm certs renew all

echo "## Restarting control plane pods managed by kubeadm ##"
${
  runtime === 'docker'
    ? "/usr/bin/docker ps -af 'name=k8s_POD_(kube-apiserver|kube-controller-manager|kube-scheduler|etcd)-*' -q | /usr/bin/xargs /usr/bin/docker rm -f"
    : "/usr/local/bin/crictl pods --namespace kube-system --name 'kube-scheduler-*|kube-controller-manager-*|kube-apiserver-*|etcd-*' -q | /usr/bin/xargs /usr/local/bin/crictl rmp -f"
}

echo "## Updating /root/.kube/config ##"
cp /etc/kubernetes/admin.conf /root/.kube/config

echo "## Waiting for apiserver to be up again ##"
until printf "" 2>>/dev/null >>/dev/tcp/127.0.0.1/${port}; do sleep 1; done
`

/**
 * Ends the script where no certificate ends before the timer's next run and a week more. kubeadm of 1.20 can't be asked
 * so (`-o` came later), and its answer stands in for none: it renews.
 * @param {Cluster['release']} release
 */
const onlyInTime = ({ renews }) => `days_buffer=7
next_time=$(${
  renews === 'asks the timer'
    ? 'systemctl show k8s-certs-renew.timer -p NextElapseUSecRealtime --value'
    : `LC_ALL=C systemd-analyze calendar "${calendar}" | grep -oP 'Next elapse:\\s*\\K.*\\S'`
})

if [ -n "$next_time" ] && [ "$next_time" != never ]; then
  seconds=$(( $(date -d "$next_time + $days_buffer days" +%s) - $(date +%s) ))
  if ends=$(/usr/local/bin/kubeadm certs check-expiration -o jsonpath="{.certificates[?(@.residualTime<$seconds.0)]}"); then
    if [ -z "$ends" ]; then
      echo "## Skip cert renew and K8S container restart, since all residualTimes are beyond threshold ##"
      exit 0
    fi
  fi
fi

`

const calendar = 'Mon *-*-1,2,3,4,5,6,7 03:00:00'

const renewService = `[Unit]
Description=Renew K8S control plane certificates

[Service]
Type=oneshot
ExecStart=/usr/local/bin/k8s-certs-renew.sh
`

/** @param {Cluster} cluster */
const renewTimer = ({ masters }) => `[Unit]
Description=Timer to renew K8S control plane certificates

[Timer]
OnCalendar=${calendar}
RandomizedDelaySec=${10 * masters.length}min
FixedRandomDelay=yes
Persistent=yes

[Install]
WantedBy=multi-user.target
`

/**
 * What the other masters and the nodes are joined with. The token is made for it and is short-lived.
 * @param {Cluster} cluster
 * @param {Member} host
 * @param {{ token: string, certificateKey?: string }} secrets
 */
export function joinConfig(cluster, host, { token, certificateKey }) {
  const [first] = cluster.masters
  return YAML.stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta2',
    kind: 'JoinConfiguration',
    discovery: {
      bootstrapToken: { apiServerEndpoint: `${first?.ip}:${port}`, token, unsafeSkipCAVerification: true },
      tlsBootstrapToken: token,
    },
    caCertPath: '/etc/kubernetes/ssl/ca.crt',
    ...(certificateKey === undefined
      ? {}
      : { controlPlane: { localAPIEndpoint: { advertiseAddress: host.ip, bindPort: port }, certificateKey } }),
    nodeRegistration: {
      name: host.name,
      criSocket: criSocket(host),
      ...(certificateKey === undefined
        ? {}
        : { taints: [{ effect: 'NoSchedule', key: 'node-role.kubernetes.io/master' }] }),
    },
  })
}
