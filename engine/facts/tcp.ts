import { isIP } from 'node:net'
import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { quoted } from './output.ts'
import { parallel } from './parallel.ts'
import { within } from './timeout.ts'

export interface TcpArgs {
  /** Name or address; default 127.0.0.1. */
  readonly host?: string
  readonly port: number
  /** Seconds to wait for the connection; default 2. */
  readonly timeout?: number
}

export type TcpFact =
  | { readonly type: 'open' }
  | { readonly type: 'closed'; readonly reason: string }
  | { readonly type: 'unavailable'; readonly reason: string }

/**
 * Whether a TCP port can be connected to from the host: by bash, curl or nc, whichever is there; all at the same time.
 */
export const tcp = defineFact<TcpArgs, TcpFact>({
  name: 'tcp',
  probe: args => `${within}\n${tcpFunction}\n${parallel(args.map(tcpCall))}\n:`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map((_, index) => {
      const [type, ...rest] = (rows[index] ?? '').split(' ')
      if (type === 'open') return { type }
      if (type === 'closed' || type === 'unavailable') return { type, reason: rest.join(' ').trim() }
      throw new Error(`unexpected answer about a TCP port: ${quoted(rows[index])}`)
    })
  },
})

export const tcpCall = ({ host = '127.0.0.1', port, timeout = 2 }: TcpArgs): string =>
  `tcp ${quote(host)} ${port} ${timeout} ${quote(isIP(host) === 6 ? `[${host}]` : host)}`

/** Shell function `tcp HOST PORT SECONDS URLHOST`: prints one line, succeeds when the port is open. Needs `within`. */
export const tcpFunction = `tcp() {
  if command -v bash >/dev/null 2>&1; then
    if e=$(within "$3" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1); then echo open; return 0; else c=$?; fi
    case $c in
      124|143) echo "closed no answer within $3 s" ;;
      *) printf 'closed %s\\n' "$(printf %s "\${e##*/dev/tcp/}" | tr '\\n' ' ')" ;;
    esac
    return 1
  elif command -v curl >/dev/null 2>&1; then
    e=$(curl -s -o /dev/null --noproxy '*' --connect-timeout "$3" --max-time "$3" -w '%{time_connect}' "http://$4:$2/" </dev/null); c=$?
    case $e in *[1-9]*) echo open; return 0 ;; esac
    case $c in
      6) echo 'closed host name unknown' ;;
      7) echo 'closed connection refused' ;;
      *) echo "closed no answer within $3 s" ;;
    esac
    return 1
  elif command -v nc >/dev/null 2>&1; then
    within "$(($3 + 1))" nc -w "$3" "$1" "$2" </dev/null >/dev/null 2>&1; c=$?
    case $c in 0|124|143) echo open; return 0 ;; *) echo 'closed nc could not connect'; return 1 ;; esac
  else echo 'unavailable none of bash, curl and nc is installed'; return 2; fi
}`
