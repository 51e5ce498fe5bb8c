import { defineFact } from './fact.ts'

/** A TCP socket that waits for connections. */
export interface ListeningPort {
  /** `0.0.0.0`, `127.0.0.1`, `::`, `2001:db8:0:0:0:0:0:1`. */
  readonly address: string
  readonly port: number
}

/** TCP sockets that listen, from /proc/net/tcp and tcp6: no tool is needed. */
export const listeningPorts = defineFact<Record<never, never>, readonly ListeningPort[]>({
  name: 'listeningPorts',
  lasting: () => undefined,
  // State 0A is LISTEN.
  probe: () => `grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null || :`,
  parse: (output, args) => {
    const ports = output.split('\n').flatMap(line => {
      const [, address, port] = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /.exec(line) ?? []
      return address === undefined || port === undefined
        ? []
        : [{ address: readAddress(address), port: Number.parseInt(port, 16) }]
    })
    return args.map(() => ports)
  },
})

// Words of four bytes, each in the byte order of the host: little-endian on all that Kubernetes runs on but s390x.
function readAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap(word => (word.match(/../g) ?? []).reverse().map(byte => Number.parseInt(byte, 16)))
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.every(byte => byte === 0)) return '::'
  if (bytes.slice(0, 15).every(byte => byte === 0) && bytes[15] === 1) return '::1'
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0))
  return groups.map(group => group.toString(16)).join(':')
}
