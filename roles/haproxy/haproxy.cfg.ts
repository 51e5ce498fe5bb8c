import type { HostView } from 'rota'
import { endpoint } from '../lib/cluster/address.ts'
import { type HaproxyVersion, hasProcesses } from './version.ts'

/** What the configuration is made of. Times are in haproxy's own notation. */
export interface HaproxyConf {
  readonly bind: readonly string[]
  readonly bindPort: number
  readonly apiserverPort: number
  readonly balance: string
  readonly check: 'readyz' | 'healthz' | 'tcp'
  /** Otherwise 401 and 403 are answers, too: haproxy has no credentials. */
  readonly anonymousAuth: boolean
  readonly checkCa?: string | undefined
  readonly checkInterval: string
  readonly fall: number
  readonly rise: number
  readonly weight?: number | undefined
  readonly slowStart?: string | undefined
  readonly connectTimeout: string
  readonly clientTimeout: string
  readonly serverTimeout: string
  readonly hardStopAfter: string
  readonly maxConnections: number
  readonly processes?: number | undefined
  readonly chroot: string
  readonly socket: string
  readonly statsPort: number
  readonly statsUri: string
  readonly statsUser: string
  readonly statsPassword?: string | undefined
  readonly statsRealm: string
  readonly statsLog?: string | undefined
  readonly statsAdmin: boolean
  readonly resilient: boolean
}

/**
 * A TCP proxy to the masters, valid for haproxy 1.8 to 2.8 and later. Two things make a master's restart invisible: the
 * check turns it away while it says it is not ready, and a connection that is refused goes to another master at once
 * (`option redispatch 1`; by default only the last retry does). Where none is ready any is better than nobody: when
 * etcd has no leader, all of them say so at once. What the host's version refuses is left out; of one that is not known
 * only what all of them accept is written.
 */
export const haproxyCfg = (conf: HaproxyConf, masters: readonly HostView[], version?: HaproxyVersion): string =>
  `${[
    'global',
    '    log /dev/log local0',
    '    log /dev/log local1 notice',
    ...(conf.chroot === 'none' ? [] : [`    chroot ${conf.chroot}`]),
    // With the listening sockets handed over, a reload loses no connection.
    `    stats socket ${conf.socket} mode 660 level admin${conf.resilient ? ' expose-fd listeners' : ''}`,
    '    stats timeout 30s',
    '    user haproxy',
    '    group haproxy',
    '    daemon',
    ...(conf.resilient ? [`    maxconn ${conf.maxConnections}`, `    hard-stop-after ${conf.hardStopAfter}`] : []),
    ...(conf.processes === undefined || !hasProcesses(version) ? [] : [`    nbproc ${conf.processes}`]),
    '',
    'defaults',
    '    log global',
    '    mode tcp',
    ...(conf.resilient ? ['    option dontlognull', '    retries 3', '    option redispatch 1'] : []),
    `    timeout connect ${conf.connectTimeout}`,
    `    timeout client ${conf.clientTimeout}`,
    `    timeout server ${conf.serverTimeout}`,
    ...(conf.resilient ? ['    timeout check 3s'] : []),
    '',
    ...(conf.statsPassword === undefined ? [] : statsPage(conf, conf.statsPassword)),
    'listen kube-apiserver',
    ...conf.bind.map(address => `    bind ${bindAddress(address, conf)}`),
    '    mode tcp',
    '    option tcplog',
    `    balance ${conf.balance}`,
    ...(conf.check === 'tcp'
      ? []
      : [`    option httpchk GET /${conf.check}`, `    http-check expect ${wantedStatus(conf)}`]),
    `    default-server inter ${conf.checkInterval} fall ${conf.fall} rise ${conf.rise}${serverWords(conf)}`,
    ...masters.map(
      master => `    server ${master.name} ${endpoint(master.address, conf.apiserverPort)} ${checkWords(conf)}`,
    ),
    ...(conf.resilient && conf.check !== 'tcp' ? whereNoneIsReady(masters, conf.apiserverPort) : []),
  ].join('\n')}\n`

/** All masters once more, unchecked, for as long as no check of any is passed. No host has a colon in its name. */
const whereNoneIsReady = (masters: readonly HostView[], port: number): readonly string[] => [
  '    option allbackups',
  ...masters.map(master => `    server ${master.name}:unready ${endpoint(master.address, port)} backup`),
]

/** A list of statuses is understood since 2.4 alone, a pattern by all. */
export const wantedStatus = ({ anonymousAuth }: { readonly anonymousAuth: boolean }): string =>
  anonymousAuth ? 'status 200' : 'rstatus ^(200|401|403)$'

const serverWords = ({ weight, slowStart }: HaproxyConf): string =>
  `${slowStart === undefined ? '' : ` slowstart ${slowStart}`}${weight === undefined ? '' : ` weight ${weight}`}`

const checkWords = ({ check, checkCa }: HaproxyConf): string => {
  if (check === 'tcp') return 'check'
  return checkCa === undefined ? 'check check-ssl verify none' : `check check-ssl verify required ca-file ${checkCa}`
}

// `::` listens on both families only when told so; the kernel's default may differ.
const bindAddress = (address: string, { bind, bindPort }: HaproxyConf): string => {
  if (address !== '::') return endpoint(address, bindPort)
  return `:::${bindPort} ${bind.some(other => ['0.0.0.0', '*'].includes(other)) ? 'v6only' : 'v4v6'}`
}

const statsPage = (conf: HaproxyConf, password: string): readonly string[] => [
  'listen admin_stats',
  `    bind 0.0.0.0:${conf.statsPort}`,
  '    mode http',
  ...(conf.statsLog === undefined ? [] : [`    log ${conf.statsLog}`]),
  '    stats enable',
  '    stats refresh 30s',
  `    stats uri ${conf.statsUri}`,
  `    stats realm ${conf.statsRealm.replaceAll(' ', '\\ ')}`,
  `    stats auth ${conf.statsUser}:${password}`,
  '    stats hide-version',
  ...(conf.statsAdmin ? ['    stats admin if TRUE'] : []),
  '',
]
