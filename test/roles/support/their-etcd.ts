import type { PathFact } from 'rota'

/** What kubespray's playbooks leave of an etcd member on a host, for tests: its settings and its unit. */
export const theirEnv = (
  options: {
    readonly name?: string
    readonly host?: string
    readonly ip?: string
    readonly members?: readonly string[]
    readonly more?: readonly string[]
  } = {},
): string => {
  const { name = 'etcd1', host = 'm1', ip = '10.0.0.1', more = [] } = options
  const members = options.members ?? ['etcd1=https://10.0.0.1:2380', 'etcd2=https://10.0.0.2:2380']
  const ssl = '/etc/ssl/etcd/ssl'
  return `# Environment file for etcd
ETCD_DATA_DIR=/var/lib/etcd
ETCD_ADVERTISE_CLIENT_URLS=https://${ip}:2379
ETCD_INITIAL_ADVERTISE_PEER_URLS=https://${ip}:2380
ETCD_INITIAL_CLUSTER_STATE=existing
ETCD_METRICS=basic
ETCD_LISTEN_METRICS_URLS=http://${ip}:2381,http://127.0.0.1:2381
ETCD_LISTEN_CLIENT_URLS=https://${ip}:2379,https://127.0.0.1:2379
ETCD_ELECTION_TIMEOUT=5000
ETCD_HEARTBEAT_INTERVAL=250
ETCD_LISTEN_PEER_URLS=https://${ip}:2380
ETCD_NAME=${name}
ETCD_INITIAL_CLUSTER=${members.join(',')}
ETCD_QUOTA_BACKEND_BYTES=4294967296

ETCD_TRUSTED_CA_FILE=${ssl}/ca.pem
ETCD_CERT_FILE=${ssl}/member-${host}.pem
ETCD_KEY_FILE=${ssl}/member-${host}-key.pem
ETCD_CLIENT_CERT_AUTH=true
ETCD_PEER_TRUSTED_CA_FILE=${ssl}/ca.pem
ETCD_PEER_CERT_FILE=${ssl}/member-${host}.pem
ETCD_PEER_KEY_FILE=${ssl}/member-${host}-key.pem
ETCD_PEER_CLIENT_CERT_AUTH=True

ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
ETCDCTL_CACERT=${ssl}/ca.pem
ETCDCTL_KEY=${ssl}/admin-${host}-key.pem
ETCDCTL_CERT=${ssl}/admin-${host}.pem
${more.map(line => `${line}\n`).join('')}`
}

export const theirUnit = `[Unit]
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

/** The unit of a member in a container. */
export const theirContainerUnit = (name: string): string => `[Unit]
Description=etcd in a container
Wants=docker.socket
After=docker.service

[Service]
User=root
EnvironmentFile=-/etc/etcd.env
ExecStart=/usr/local/bin/etcd
ExecStartPre=-/usr/bin/docker rm -f ${name}
ExecStop=/usr/bin/docker stop ${name}
Restart=always
RestartSec=15s
TimeoutStartSec=30s

[Install]
WantedBy=multi-user.target
`

/** The script that is called `etcd` there, and starts the container. */
export const theirScript = (name: string, image: string): string => `#!/bin/bash
/usr/bin/docker run \\
  --restart=on-failure:5 \\
  --env-file=/etc/etcd.env \\
  --net=host \\
  -v /etc/ssl/certs:/etc/ssl/certs:ro \\
  -v /etc/ssl/etcd/ssl:/etc/ssl/etcd/ssl:ro \\
  -v /var/lib/etcd:/var/lib/etcd:rw \\
  --memory=512M \\
  --name=${name} \\
  ${image} \\
  /usr/local/bin/etcd \\
  "$@"
`

export const fileFact = (text: string): PathFact => ({
  ...{ type: 'file', mode: '0640', owner: 'root', group: 'root', uid: 0, gid: 0 },
  ...{ size: text.length, modified: 1 },
  content: { base64: Buffer.from(text).toString('base64') },
})

/** What a host shows of it; `undefined` for a text that is not there. */
export const theirFacts = (
  env: string | undefined = theirEnv(),
  unit: string | undefined = theirUnit,
  certificates: readonly string[] = ['ca-key.pem', 'ca.pem', 'member-m1.pem', 'member-m1-key.pem'],
) => ({
  env: env === undefined ? absent : fileFact(env),
  unit: unit === undefined ? absent : fileFact(unit),
  certificates: { exitCode: 0, stdout: certificates.map(name => `${name}\n`).join(''), stderr: '' },
  events: absent,
})

const absent: PathFact = { type: 'absent' }

/** A host without any of it. */
export const nothingOfTheirs = {
  ...{ env: absent, unit: absent, events: absent },
  certificates: { exitCode: 0, stdout: '', stderr: '' },
}
