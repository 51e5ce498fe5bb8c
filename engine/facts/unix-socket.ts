import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { quoted } from './output.ts'

export interface UnixSocketArgs {
  /** Absolute. */
  readonly path: string
}

/** `stale`: the socket is there, but nobody listens on it. */
export type UnixSocketFact = { readonly type: 'listening' | 'stale' | 'absent' }

/**
 * Whether somebody listens on a stream socket in the file system: read from /proc/net/unix, so no tool is needed and
 * nothing is sent.
 */
export const unixSocket = defineFact<UnixSocketArgs, UnixSocketFact>({
  name: 'unixSocket',
  probe: args => `${unixSocketFunction}\n${args.map(unixSocketCall).join('\n')}\n:`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map((_, index) => {
      const type = rows[index]
      if (type === 'listening' || type === 'stale' || type === 'absent') return { type }
      throw new Error(`unexpected answer about a socket: ${quoted(type)}`)
    })
  },
})

export const unixSocketCall = ({ path }: UnixSocketArgs): string => `unix_socket ${quote(path)}`

// The table has the path that the server named, often /var/run where /run is meant, so both are looked for. 00010000
// marks a listener.
/** Shell function `unix_socket PATH`: prints one word, succeeds when somebody listens. */
export const unixSocketFunction = `unix_socket() {
  [ -S "$1" ] || { echo absent; return 1; }
  r=$(readlink -f "$1")
  while read -r _ _ _ flags _ _ _ name; do
    if [ "$flags" = 00010000 ]; then
      case $name in "$1"|"$r"|"/var$r") echo listening; return 0 ;; esac
    fi
  done <<EOF_SOCKETS
$(grep -F -e " $1" -e " $r" -e " /var$r" /proc/net/unix)
EOF_SOCKETS
  echo stale; return 1
}`
