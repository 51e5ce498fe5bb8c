import type { HostView } from 'rota'
import { endpoint } from '../lib/cluster/address.ts'

/** What the configuration is made of; every directive is in nginx's own words. */
export interface NginxConf {
  readonly protocol: 'tcp' | 'http'
  readonly listen: readonly string[]
  readonly port: number
  readonly apiserverPort: number
  readonly insecurePort: number
  readonly serverName: string
  readonly balance: string
  readonly connectTimeout?: string | undefined
  readonly proxyTimeout?: string | undefined
  readonly maxFails?: number | undefined
  readonly failTimeout?: string | undefined
  readonly workerShutdownTimeout: string
  readonly workerProcesses: string | number
  readonly workerConnections: number
  readonly workerOpenFiles: number
  readonly multiAccept: boolean
  readonly errorLog: string
  readonly healthPort: number
  /**
   * kubespray's answers at every address, and its pod's probes ask that of the node; else only the host itself asks.
   */
  readonly healthEverywhere?: boolean
  readonly modules: readonly string[]
  /** Left out where nginx has a place of its own for it. */
  readonly pid?: string | undefined
}

/** The port of the masters that is proxied to. */
export const upstreamPort = (conf: Pick<NginxConf, 'protocol' | 'apiserverPort' | 'insecurePort'>): number =>
  conf.protocol === 'http' ? conf.insecurePort : conf.apiserverPort

/**
 * A proxy to the masters, kubespray's layout (roles/kubernetes/node/templates/loadbalancer/nginx.conf.j2). A master
 * that refuses the connection is passed over at once and left alone for `fail_timeout`; nginx asks the next one, and
 * the client notices nothing. What is nginx's own default is not written.
 */
export const nginxConf = (conf: NginxConf, masters: readonly HostView[]): string =>
  `${[
    ...conf.modules.map(module => `load_module ${module};`),
    `error_log ${conf.errorLog};`,
    ...(conf.pid === undefined ? [] : [`pid ${conf.pid};`]),
    '',
    `worker_processes ${conf.workerProcesses};`,
    ...(conf.workerOpenFiles > 0 ? [`worker_rlimit_nofile ${conf.workerOpenFiles};`] : []),
    ...(conf.workerShutdownTimeout === '0' ? [] : [`worker_shutdown_timeout ${conf.workerShutdownTimeout};`]),
    '',
    'events {',
    ...(conf.multiAccept ? ['  multi_accept on;'] : []),
    '  use epoll;',
    `  worker_connections ${conf.workerConnections};`,
    '}',
    ...(conf.protocol === 'tcp' ? streamBlock(conf, masters) : []),
    ...httpBlock(conf, masters),
  ].join('\n')}\n`

const streamBlock = (conf: NginxConf, masters: readonly HostView[]): readonly string[] => [
  '',
  'stream {',
  ...upstream(conf, masters),
  '',
  '  server {',
  ...listens(conf),
  '    proxy_pass kube_apiserver;',
  ...(conf.proxyTimeout === undefined ? [] : [`    proxy_timeout ${conf.proxyTimeout};`]),
  ...(conf.connectTimeout === undefined ? [] : [`    proxy_connect_timeout ${conf.connectTimeout};`]),
  '  }',
  '}',
]

/** The proxy of an insecure port, the server that says how nginx is, or nothing. */
function httpBlock(conf: NginxConf, masters: readonly HostView[]): readonly string[] {
  const proxy = conf.protocol === 'http' ? [...upstream(conf, masters), '', ...httpProxy(conf)] : []
  const health = conf.healthPort > 0 ? healthServer(conf) : []
  const gap = proxy.length > 0 && health.length > 0 ? [''] : []
  const body = [...proxy, ...gap, ...health]
  return body.length === 0 ? [] : ['', 'http {', '  access_log off;', ...body, '}']
}

const upstream = (conf: NginxConf, masters: readonly HostView[]): readonly string[] => [
  '  upstream kube_apiserver {',
  ...(conf.balance === 'round_robin' ? [] : [`    ${conf.balance};`]),
  ...masters.map(master => `    server ${endpoint(master.address, upstreamPort(conf))}${limits(conf)};`),
  '  }',
]

const httpProxy = (conf: NginxConf): readonly string[] => [
  '  server {',
  ...listens(conf),
  `    server_name ${conf.serverName};`,
  '    location / {',
  '      proxy_pass http://kube_apiserver;',
  ...(conf.connectTimeout === undefined ? [] : [`      proxy_connect_timeout ${conf.connectTimeout};`]),
  ...(conf.proxyTimeout === undefined ? [] : [`      proxy_read_timeout ${conf.proxyTimeout};`]),
  '    }',
  '  }',
]

const listens = (conf: NginxConf): readonly string[] =>
  conf.listen.map(address => `    listen ${endpoint(address, conf.port)};`)

const limits = ({ maxFails, failTimeout }: NginxConf): string =>
  [
    ...(maxFails === undefined ? [] : [` max_fails=${maxFails}`]),
    ...(failTimeout === undefined ? [] : [` fail_timeout=${failTimeout}`]),
  ].join('')

const healthServer = ({ healthPort: port, healthEverywhere = false, listen }: NginxConf): readonly string[] => [
  '  server {',
  `    listen ${healthEverywhere ? '' : '127.0.0.1:'}${port};`,
  ...(healthEverywhere && listen.includes('::1') ? [`    listen [::]:${port};`] : []),
  '    location /healthz { return 200; }',
  '    location /stub_status { stub_status on; }',
  '  }',
]
