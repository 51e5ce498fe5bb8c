import type { HostView } from 'rota'
import { httpsUrl } from '../lib/cluster/address.ts'

export interface EtcdConf {
  readonly clientPort: number
  readonly peerPort: number
  readonly dataDir: string
  readonly configDir: string
  readonly unit: string
  readonly user: string
  readonly binary: string
  readonly heartbeatInterval: number
  readonly electionTimeout: number
  readonly snapshotCount: number
  readonly compactionRetention: number | string
  readonly quotaBytes: number | string
}

export const peerUrl = (host: HostView, port: number): string => httpsUrl(host.address, port)

/** Where members are for each other. */
export interface PeersAt {
  readonly peerPort: number
  /** A further URL of its own, by the name of the host: what is written down there, or said by the inventory. */
  readonly peerUrls?: ReadonlyMap<string, string>
}

/**
 * The member of a host: kubeadm's are known by the address that the host itself binds. Host and port are compared as
 * what they are: 10.0.0.2 is not 10.0.0.21, and `[fd00::1]` is `[fd00:0::1]`.
 */
export const isMemberOf =
  (host: HostView, { peerPort, peerUrls: written }: PeersAt) =>
  ({ peerUrls }: { readonly peerUrls: readonly string[] }): boolean => {
    const own = written?.get(host.name)
    const urls = [host.address, host.ip].map(address => httpsUrl(address, peerPort)).concat(own ?? [])
    const known = new Set(urls.map(placeOf))
    return peerUrls.some(url => known.has(placeOf(url)))
  }

/** `10.0.0.1:2380` of a URL; what is none is like nothing but itself. */
function placeOf(url: string): string {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return `no URL: ${url}`
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || (protocol === 'http:' ? '80' : '443')}`
}

/**
 * The environment of a member: nothing in it depends on the other members, so that a new one restarts none. Clients
 * reach it at `accessAddress`.
 */
export const etcdEnv = (conf: EtcdConf, host: HostView, accessAddress: string): string =>
  environment({
    ETCD_NAME: host.name,
    ETCD_DATA_DIR: conf.dataDir,
    ETCD_LISTEN_PEER_URLS: httpsUrl(host.ip, conf.peerPort),
    ETCD_LISTEN_CLIENT_URLS: `${httpsUrl(host.ip, conf.clientPort)},${httpsUrl('127.0.0.1', conf.clientPort)}`,
    ETCD_ADVERTISE_CLIENT_URLS: httpsUrl(accessAddress, conf.clientPort),
    ETCD_HEARTBEAT_INTERVAL: conf.heartbeatInterval,
    ETCD_ELECTION_TIMEOUT: conf.electionTimeout,
    ETCD_SNAPSHOT_COUNT: conf.snapshotCount,
    ETCD_AUTO_COMPACTION_RETENTION: conf.compactionRetention,
    ETCD_QUOTA_BACKEND_BYTES: conf.quotaBytes,
    ETCD_CERT_FILE: `${conf.configDir}/pki/server.crt`,
    ETCD_KEY_FILE: `${conf.configDir}/pki/server.key`,
    ETCD_TRUSTED_CA_FILE: `${conf.configDir}/pki/ca.crt`,
    ETCD_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CERT_FILE: `${conf.configDir}/pki/peer.crt`,
    ETCD_PEER_KEY_FILE: `${conf.configDir}/pki/peer.key`,
    ETCD_PEER_TRUSTED_CA_FILE: `${conf.configDir}/pki/ca.crt`,
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
  })

/** What etcd reads only as long as it has no data: it is written once, when the member joins, and never notifies. */
export const bootstrapEnv = (
  host: HostView,
  options: { readonly peerPort: number; readonly state: 'new' | 'existing'; readonly cluster: readonly string[] },
): string =>
  environment({
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrl(host, options.peerPort),
    ETCD_INITIAL_CLUSTER: options.cluster.join(','),
    ETCD_INITIAL_CLUSTER_STATE: options.state,
    ETCD_INITIAL_CLUSTER_TOKEN: 'kubernetes',
  })

export const bootstrapPath = (configDir: string): string => `${configDir}/bootstrap.env`

const environment = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

export const etcdUnit = (conf: EtcdConf): string => `[Unit]
Description=etcd of Kubernetes
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
User=${conf.user}
EnvironmentFile=${conf.configDir}/etcd.env
EnvironmentFile=-${bootstrapPath(conf.configDir)}
ExecStart=${conf.binary}
Restart=always
RestartSec=5
TimeoutStartSec=180
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`
