import type { HostView } from 'rota'
import { endpoint } from '../cluster/address.ts'

/** What the configuration is made of; every directive is in nginx's own words. */
export interface NginxConf {
  readonly listen: readonly string[]
  readonly port: number
  readonly apiserverPort: number
  readonly balance: string
  readonly connectTimeout: string
  readonly proxyTimeout: string
  readonly maxFails?: number | undefined
  readonly failTimeout?: string | undefined
  readonly workerShutdownTimeout: string
  readonly workerProcesses: string | number
  readonly workerConnections: number
  readonly workerOpenFiles: number
  readonly multiAccept: boolean
  readonly errorLog: string
  readonly healthPort: number
  readonly modules: readonly string[]
  /** Left out where nginx stays in the foreground. */
  readonly pid?: string | undefined
}

/**
 * A TCP proxy to the masters, kubespray's layout (roles/kubernetes/node/templates/loadbalancer/nginx.conf.j2). A master that refuses the
 * connection is passed over at once and left alone for `fail_timeout`; nginx asks the next one, and the client notices nothing.
 */
export const nginxConf = (conf: NginxConf, masters: readonly HostView[]): string =>
  `${[
    ...conf.modules.map(module => `load_module ${module};`),
    `error_log ${conf.errorLog};`,
    ...(conf.pid === undefined ? [] : [`pid ${conf.pid};`]),
    '',
    `worker_processes ${conf.workerProcesses};`,
    ...(conf.workerOpenFiles > 0 ? [`worker_rlimit_nofile ${conf.workerOpenFiles};`] : []),
    `worker_shutdown_timeout ${conf.workerShutdownTimeout};`,
    '',
    'events {',
    `  multi_accept ${conf.multiAccept ? 'on' : 'off'};`,
    '  use epoll;',
    `  worker_connections ${conf.workerConnections};`,
    '}',
    '',
    'stream {',
    '  upstream kube_apiserver {',
    ...(conf.balance === 'round_robin' ? [] : [`    ${conf.balance};`]),
    ...masters.map(master => `    server ${endpoint(master.address, conf.apiserverPort)}${limits(conf)};`),
    '  }',
    '',
    '  server {',
    ...conf.listen.map(address => `    listen ${endpoint(address, conf.port)};`),
    '    proxy_pass kube_apiserver;',
    `    proxy_timeout ${conf.proxyTimeout};`,
    `    proxy_connect_timeout ${conf.connectTimeout};`,
    '  }',
    '}',
    ...(conf.healthPort > 0 ? healthServer(conf.healthPort) : []),
  ].join('\n')}\n`

const limits = ({ maxFails, failTimeout }: NginxConf): string =>
  [
    ...(maxFails === undefined ? [] : [` max_fails=${maxFails}`]),
    ...(failTimeout === undefined ? [] : [` fail_timeout=${failTimeout}`]),
  ].join('')

const healthServer = (port: number): readonly string[] => [
  '',
  'http {',
  '  access_log off;',
  '  server {',
  `    listen 127.0.0.1:${port};`,
  '    location /healthz { return 200; }',
  '    location /stub_status { stub_status on; }',
  '  }',
  '}',
]
