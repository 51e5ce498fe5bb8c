import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { addressOf, wordOf } from './output.ts'

export interface RouteArgs {
  /** Address (no name): IPv4 or IPv6. */
  readonly to: string
}

export type RouteFact =
  | {
      readonly type: 'route'
      /** Interface the packets leave by: `eth0`; `lo` for an address of the host itself. */
      readonly interface: string
      /** Address they come from. */
      readonly source: string
      /** Next hop; undefined on the same link. */
      readonly gateway?: string
    }
  | { readonly type: 'none'; readonly reason: string }

/** The way packets to an address would take: `ip route get`. */
export const route = defineFact<RouteArgs, RouteFact>({
  name: 'route',
  probe: args => `for a in ${args.map(({ to }) => quote(to)).join(' ')}; do
  if command -v ip >/dev/null 2>&1; then ip -o route get "$a" 2>&1 | tr '\\n' ' '; else printf 'ip (iproute2) is not installed'; fi
  echo
done`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map((_, index) => {
      const row = rows[index] ?? ''
      const after = (word: string): string | undefined => new RegExp(`\\b${word} (\\S+)`).exec(row)?.[1]
      const [name, source, gateway] = [after('dev'), after('src'), after('via(?: inet6)?')]
      if (name === undefined) return { type: 'none', reason: row.trim() || 'no route' }
      return {
        type: 'route',
        interface: wordOf(name, 'the interface of a route'),
        source: source === undefined ? '' : addressOf(source, 'the source of a route'),
        ...(gateway === undefined ? {} : { gateway: addressOf(gateway, 'the gateway of a route') }),
      }
    })
  },
})
