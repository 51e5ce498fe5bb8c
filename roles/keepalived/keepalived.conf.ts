/** What the configuration is made of, in keepalived's words. */
export interface KeepalivedConf {
  readonly routerId: string
  readonly state: 'MASTER' | 'BACKUP'
  readonly priority: number
  readonly interface: string
  readonly virtualRouterId: number
  readonly advertInterval: number
  /** With its prefix. */
  readonly virtualAddress: string
  readonly authPassword?: string | undefined
  readonly trackInterface: boolean
  readonly dontTrackPrimary: boolean
  readonly unicast?: { readonly source: string; readonly peers: readonly string[] } | undefined
  readonly check: {
    readonly script: string
    readonly interval: number
    readonly weight: number
    readonly fall: number
    readonly rise: number
  }
  readonly scriptUser: string
  readonly scriptSecurity: boolean
}

/** keepalived.conf(5): one virtual address that follows a healthy haproxy. */
export const keepalivedConf = (conf: KeepalivedConf): string =>
  `${[
    'global_defs {',
    `    router_id ${conf.routerId}`,
    ...(conf.scriptUser === '' ? [] : [`    script_user ${conf.scriptUser}`]),
    ...(conf.scriptSecurity ? ['    enable_script_security'] : []),
    '}',
    '',
    'vrrp_script check_haproxy {',
    `    script "${conf.check.script}"`,
    `    interval ${conf.check.interval}`,
    `    weight ${conf.check.weight}`,
    `    fall ${conf.check.fall}`,
    `    rise ${conf.check.rise}`,
    '}',
    '',
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
    `        ${conf.virtualAddress}`,
    '    }',
    '    track_script {',
    '        check_haproxy',
    '    }',
    '}',
  ].join('\n')}\n`

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
