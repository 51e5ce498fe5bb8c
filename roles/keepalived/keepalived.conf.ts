import { type VirtualServer, virtualServer } from './virtual-server.ts'

/** What the configuration is made of, in keepalived's words. */
export interface KeepalivedConf {
  readonly routerId: string
  readonly state: 'MASTER' | 'BACKUP'
  readonly priority: number
  readonly interface: string
  readonly virtualRouterId: number
  readonly advertInterval: number
  /** With their prefixes. */
  readonly virtualAddresses: readonly string[]
  readonly authPassword?: string | undefined
  readonly trackInterface: boolean
  readonly dontTrackPrimary: boolean
  readonly unicast?: { readonly source: string; readonly peers: readonly string[] } | undefined
  /** Left out where the kernel balances: there is no daemon that could fail. */
  readonly check?:
    | {
        /** Of the daemon that is watched: names the script. */
        readonly name: string
        readonly script: string
        readonly interval: number
        readonly weight: number
        readonly fall: number
        readonly rise: number
      }
    | undefined
  readonly traps: boolean
  readonly virtualServer?: VirtualServer | undefined
  readonly scriptUser?: string | undefined
  readonly scriptSecurity: boolean
}

/**
 * keepalived.conf(5): one virtual address that follows a healthy load balancer, and with LVS the load balancer itself.
 */
export const keepalivedConf = (conf: KeepalivedConf): string =>
  `${[
    'global_defs {',
    ...(conf.traps ? ['    enable_traps'] : []),
    `    router_id ${conf.routerId}`,
    ...(conf.scriptUser === undefined ? [] : [`    script_user ${conf.scriptUser}`]),
    ...(conf.scriptSecurity ? ['    enable_script_security'] : []),
    '}',
    '',
    ...(conf.check === undefined ? [] : checkScript(conf.check)),
    'vrrp_instance VI_KUBE_APISERVER {',
    `    state ${conf.state}`,
    `    priority ${conf.priority}`,
    `    interface ${conf.interface}`,
    ...(conf.dontTrackPrimary ? ['    dont_track_primary'] : []),
    ...(conf.trackInterface ? ['    track_interface {', `        ${conf.interface}`, '    }'] : []),
    `    virtual_router_id ${conf.virtualRouterId}`,
    `    advert_int ${conf.advertInterval}`,
    ...(conf.unicast === undefined ? [] : unicast(conf.unicast)),
    ...(conf.authPassword === undefined
      ? []
      : ['    authentication {', '        auth_type PASS', `        auth_pass ${conf.authPassword}`, '    }']),
    '    virtual_ipaddress {',
    ...conf.virtualAddresses.map(address => `        ${address}`),
    '    }',
    ...(conf.check === undefined ? [] : ['    track_script {', `        check_${conf.check.name}`, '    }']),
    '}',
    ...(conf.virtualServer === undefined ? [] : ['', ...virtualServer(conf.virtualServer)]),
  ].join('\n')}\n`

const checkScript = (check: NonNullable<KeepalivedConf['check']>): readonly string[] => [
  `vrrp_script check_${check.name} {`,
  `    script "${check.script}"`,
  `    interval ${check.interval}`,
  `    weight ${check.weight}`,
  `    fall ${check.fall}`,
  `    rise ${check.rise}`,
  '}',
  '',
]

const unicast = ({
  source,
  peers,
}: {
  readonly source: string
  readonly peers: readonly string[]
}): readonly string[] => [
  `    unicast_src_ip ${source}`,
  '    unicast_peer {',
  ...peers.map(peer => `        ${peer}`),
  '    }',
]
