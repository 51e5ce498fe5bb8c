import { apiserverPort, kubeConfigDir, leaving, packageNames } from '../cluster/params.ts'

const seconds = '^([0-9]+(ms|s|m|h|d))+$'

export const params = {
  type: 'object',
  properties: {
    variant: {
      type: 'string',
      enum: ['system'],
      default: 'system',
      description: "`system`: the distribution's nginx with a unit and a configuration of its own.",
    },
    listen: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      default: ['127.0.0.1'],
      var: 'nginx_proxy_listen',
      description: 'Addresses to listen on.',
    },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      default: 6443,
      var: 'loadbalancer_apiserver_port',
      description: 'Port to listen on.',
    },
    apiserverPort,
    balance: {
      type: 'string',
      enum: ['least_conn', 'round_robin', 'hash $remote_addr consistent'],
      default: 'least_conn',
      description: 'How connections are spread.',
    },
    connectTimeout: { type: 'string', pattern: seconds, default: '1s', description: 'nginx: `proxy_connect_timeout`.' },
    proxyTimeout: {
      type: 'string',
      pattern: seconds,
      default: '10m',
      var: 'loadbalancer_apiserver_proxy_timeout',
      description: 'nginx: `proxy_timeout`, for connections on which nothing is said.',
    },
    maxFails: {
      type: 'integer',
      minimum: 0,
      description: "nginx: `max_fails` of every server; nginx's own default is 1.",
    },
    failTimeout: {
      type: 'string',
      pattern: seconds,
      description: "nginx: `fail_timeout` of every server; nginx's own default is 10s.",
    },
    workerShutdownTimeout: {
      type: 'string',
      pattern: seconds,
      default: '10m',
      var: 'loadbalancer_apiserver_worker_shutdown_timeout',
      description:
        'How long connections of before a reload may go on. kubespray cuts them after 10s; here a kept connection survives a new list of masters.',
    },
    workerProcesses: { type: ['string', 'integer'], default: 'auto', description: 'nginx: `worker_processes`.' },
    workerConnections: { type: 'integer', minimum: 16, default: 16384, description: 'nginx: `worker_connections`.' },
    workerOpenFiles: {
      type: 'integer',
      default: 130048,
      description: 'nginx: `worker_rlimit_nofile`; 0 leaves it out.',
    },
    multiAccept: { type: 'boolean', default: true, description: 'nginx: `multi_accept`.' },
    errorLog: { type: 'string', default: 'stderr notice', description: 'nginx: `error_log`.' },
    healthPort: {
      type: 'integer',
      minimum: 0,
      maximum: 65535,
      default: 0,
      var: 'loadbalancer_apiserver_healthcheck_port',
      description: 'Port of a web server on 127.0.0.1 that answers `/healthz` and `/stub_status`; 0 for none.',
    },
    unit: { type: 'string', pattern: '^[A-Za-z0-9_.@-]+$', default: 'kube-nginx', description: 'Name of the unit.' },
    config: { type: 'string', pattern: '^/', default: '/etc/nginx/kube-nginx.conf', description: 'The configuration.' },
    binary: { type: 'string', pattern: '^/', default: '/usr/sbin/nginx', description: 'The program.' },
    modules: {
      type: 'array',
      items: { type: 'string' },
      default: ['/usr/lib/nginx/modules/ngx_stream_module.so'],
      description: 'Modules to load; none where `stream` is built in.',
    },
    distributionUnit: {
      type: 'string',
      enum: ['off', 'leave'],
      default: 'off',
      description: "The distribution's `nginx.service`, which takes port 80: stopped and disabled, or left as it is.",
    },
    packages: packageNames(['nginx', 'libnginx-mod-stream']),
    kubeConfigDir,
    leaving,
  },
} as const
