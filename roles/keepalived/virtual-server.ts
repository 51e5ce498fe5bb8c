import { canonicalAddress, endpoint } from '../lib/cluster/address.ts'

/** keepalived.conf(5), `virtual_server`: the kernel (IPVS) balances, keepalived checks the masters and tells it. */
export interface VirtualServer {
  readonly address: string
  readonly port: number
  readonly delayLoop: number
  readonly algorithm: string
  readonly kind: 'DR' | 'NAT'
  /** Seconds for which a client stays on its master; 0 for not at all. */
  readonly persistence: number
  readonly check: 'ssl-get' | 'tcp'
  /** API servers tell somebody without credentials that they are ready: keepalived has none. */
  readonly anonymousAuth: boolean
  readonly masters: readonly { readonly address: string }[]
  readonly masterPort: number
}

export const virtualServer = (server: VirtualServer): readonly string[] => [
  `virtual_server ${server.address} ${server.port} {`,
  `    delay_loop ${server.delayLoop}`,
  `    lb_algo ${server.algorithm}`,
  `    lb_kind ${server.kind}`,
  ...(server.persistence === 0 ? [] : [`    persistence_timeout ${server.persistence}`]),
  '    protocol TCP',
  ...server.masters.flatMap(({ address }) => [
    `    real_server ${address} ${server.masterPort} {`,
    '        weight 1',
    ...checkOf(server),
    '    }',
  ]),
  '}',
]

// The answer must be 200; its text is of no interest, so no digest of it is asked for. The certificate is not checked
// by keepalived. Several statuses are understood by its newer versions alone; and one that tells nothing says the same
// whether it is ready or not, so a connection says as much.
const checkOf = ({ check, anonymousAuth }: VirtualServer): readonly string[] =>
  check === 'tcp' || !anonymousAuth
    ? ['        TCP_CHECK {', '            connect_timeout 3', '        }']
    : [
        '        SSL_GET {',
        '            url {',
        '                path /readyz',
        '                status_code 200',
        '            }',
        '            connect_timeout 3',
        '            retry 1',
        '            delay_before_retry 1',
        '        }',
      ]

/** The masters that a configuration lists, as `10.0.0.1:6443`. */
export const realServersIn = (config: string): ReadonlySet<string> =>
  new Set(
    [...config.matchAll(/^[ \t]*real_server[ \t]+(\S+)[ \t]+(\d+)/gm)].map(([, address = '', port]) =>
      endpoint(canonicalAddress(address), Number(port)),
    ),
  )
