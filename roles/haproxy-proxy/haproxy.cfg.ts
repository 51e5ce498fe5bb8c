import type { HostView } from 'rota'
import { wantedStatus } from '../haproxy/haproxy.cfg.ts'
import { endpoint } from '../lib/cluster/address.ts'

/** What the configuration is made of. Times are in haproxy's own notation. */
export interface ProxyConf {
  readonly bind: readonly string[]
  readonly port: number
  readonly apiserverPort: number
  readonly healthPort: number
  readonly healthBind: string
  readonly check: string
  readonly anonymousAuth: boolean
  readonly checkInterval: string
  readonly fall: number
  readonly rise: number
  readonly slowStart: string
  readonly connectTimeout: string
  readonly clientTimeout: string
  readonly serverTimeout: string
  readonly resilient: boolean
}

/** kubespray's layout (roles/kubernetes/node/templates/loadbalancer/haproxy.cfg.j2). */
export const proxyCfg = (conf: ProxyConf, masters: readonly HostView[]): string =>
  `${[
    'global',
    '    maxconn 4000',
    '    log 127.0.0.1 local0',
    '',
    'defaults',
    '    mode http',
    '    log global',
    '    option httplog',
    '    option dontlognull',
    '    option http-server-close',
    `    option redispatch${conf.resilient ? ' 1' : ''}`,
    '    retries 5',
    '    timeout http-request 5m',
    '    timeout queue 5m',
    `    timeout connect ${conf.connectTimeout}`,
    `    timeout client ${conf.clientTimeout}`,
    `    timeout server ${conf.serverTimeout}`,
    '    timeout http-keep-alive 30s',
    '    timeout check 30s',
    '    maxconn 4000',
    '',
    ...(conf.healthPort > 0
      ? [
          'frontend healthz',
          `    bind ${endpoint(conf.healthBind, conf.healthPort)}`,
          ...(conf.healthBind === '0.0.0.0' && conf.bind.includes('::1')
            ? [`    bind :::${conf.healthPort} v6only`]
            : []),
          '    mode http',
          '    monitor-uri /healthz',
          '',
        ]
      : []),
    'frontend kube_api_frontend',
    ...conf.bind.map(address => `    bind ${endpoint(address, conf.port)}`),
    '    mode tcp',
    '    option tcplog',
    '    default_backend kube_api_backend',
    '',
    'backend kube_api_backend',
    '    mode tcp',
    '    balance leastconn',
    `    default-server ${serverWords(conf)} maxconn 1000 maxqueue 256 weight 100`,
    `    option httpchk GET /${conf.check}`,
    `    http-check expect ${wantedStatus(conf)}`,
    ...masters.map(
      master => `    server ${master.name} ${endpoint(master.address, conf.apiserverPort)} check check-ssl verify none`,
    ),
  ].join('\n')}\n`

const serverWords = ({ checkInterval, rise, fall, slowStart, resilient }: ProxyConf): string =>
  `inter ${checkInterval} downinter ${checkInterval}${resilient ? ' fastinter 2s' : ''} rise ${rise} fall ${fall} slowstart ${slowStart}`
