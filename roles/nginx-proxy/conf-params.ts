import { time } from './time.ts'

/** Params of nginx's configuration that mean the same to a proxy of a node and to one behind a virtual address. */
export const protocol = {
  type: 'string',
  enum: ['tcp', 'http'],
  default: 'tcp',
  description:
    '`tcp`: connections are passed on as they are. `http`: `proxy_pass http://` to the insecure port of API servers before 1.20; refused unless `allowInsecureUpstream`.',
} as const

export const allowInsecureUpstream = {
  type: 'boolean',
  default: false,
  description: 'Accept that with `protocol: http` everybody who reaches the proxy is an administrator of the cluster.',
} as const

export const insecurePort = {
  type: 'integer',
  minimum: 0,
  maximum: 65535,
  default: 8080,
  var: 'kube_apiserver_insecure_port',
  description: 'Port of every API server with `protocol: http`; 0 says that they have none.',
} as const

export const serverName = {
  type: 'string',
  pattern: '^[^\\s;{}"\'#]+$',
  description: "nginx: `server_name`, with `protocol: http`; the proxy's address and port where it is not set.",
} as const

export const listen = {
  type: 'array',
  items: { type: 'string', format: 'listen-address' },
  minItems: 1,
  description: 'Addresses to listen on.',
} as const

export const port = { type: 'integer', minimum: 1, maximum: 65535, description: 'Port to listen on.' } as const

export const balance = {
  type: 'string',
  enum: ['least_conn', 'round_robin', 'hash $remote_addr consistent'],
  description: 'How connections are spread.',
} as const

export const connectTimeout = {
  type: 'string',
  pattern: time,
  description: 'nginx: `proxy_connect_timeout`.',
} as const

export const proxyTimeout = {
  type: 'string',
  pattern: time,
  description: 'nginx: `proxy_timeout` (http: `proxy_read_timeout`), for connections on which nothing is said.',
} as const

export const keepaliveTimeout = {
  type: 'string',
  pattern: time,
  var: 'loadbalancer_apiserver_keepalive_timeout',
  description:
    "static-pod: nginx's `keepalive_timeout`. Each release of kubespray has a value for it; where there is one, a new node's configuration is what kubespray would write.",
} as const

export const maxFails = {
  type: 'integer',
  minimum: 0,
  description: "nginx: `max_fails` of every server; nginx's own default is 1.",
} as const

export const failTimeout = {
  type: 'string',
  pattern: time,
  description: "nginx: `fail_timeout` of every server; nginx's own default is 10s.",
} as const

export const workerShutdownTimeout = {
  type: 'string',
  pattern: `^0$|${time}`,
  description:
    'How long connections of before a reload may go on; 0 is for ever. kubespray cuts them after 10s; here a kept connection survives a new list of masters.',
} as const

export const workerProcesses = {
  type: ['string', 'integer'],
  minimum: 1,
  pattern: '^(auto|[1-9][0-9]*)$',
  default: 'auto',
  description: 'nginx: `worker_processes`.',
} as const

export const workerConnections = { type: 'integer', minimum: 16, description: 'nginx: `worker_connections`.' } as const

export const workerOpenFiles = {
  type: 'integer',
  description: 'nginx: `worker_rlimit_nofile`; 0 leaves it out.',
} as const

export const multiAccept = { type: 'boolean', description: 'nginx: `multi_accept`.' } as const

export const errorLog = { type: 'string', pattern: '^[^;{}"\'#$\\\\]+$', description: 'nginx: `error_log`.' } as const

export const healthPort = {
  type: 'integer',
  minimum: 0,
  maximum: 65535,
  default: 0,
  description:
    'Port of a web server that answers `/healthz` and `/stub_status`; 0 for none. It is on 127.0.0.1; of `static-pod`, as in kubespray, at every address, where the kubelet asks it.',
} as const

export const modules = {
  type: 'array',
  items: { type: 'string', format: 'word' },
  description: 'Modules to load; none where `stream` is built in.',
} as const

export const distributionUnit = {
  type: 'string',
  enum: ['off', 'leave'],
  default: 'off',
  description: "The distribution's `nginx.service`, which takes port 80: stopped and disabled, or left as it is.",
} as const

export const unitName = { type: 'string', format: 'unit-name', description: 'Name of the unit.' } as const
