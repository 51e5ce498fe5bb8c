import { type Computed, type FactMap, type FactValues, facts, type HostView } from 'rota'
import { type ListingOptions, listingContent } from './listing.ts'

/** What tells whether the kernel of a host has IPv6, and lets it be used: it then has `::1`. */
const loopbackFacts = { addresses: facts.addresses({}) }

/** Where a proxy listens: as it is told, and where `bothFamilies` says so, at the same of IPv6 too. */
export interface Listening {
  readonly listen: readonly string[]
  readonly bothFamilies: boolean
}

/**
 * A proxy's configuration as `listingContent` makes it, for where it listens. On a host whose kernel has no IPv6 a
 * daemon that is to listen there does not start: there it is told nothing of it.
 */
export const listeningContent = <M extends FactMap = Record<never, never>>(
  listing: ListingOptions,
  { listen, bothFamilies }: Listening,
  render: (masters: readonly HostView[], listen: readonly string[], values: FactValues<M>, current: string) => string,
  more?: M,
): Computed<string> =>
  bothFamilies
    ? listingContent(
        listing,
        (masters, values, current) => {
          const all = values as unknown as FactValues<typeof loopbackFacts & M>
          return render(masters, hasV6(all) ? withV6(listen) : listen, all as unknown as FactValues<M>, current)
        },
        { ...loopbackFacts, ...more },
      )
    : listingContent<M>(listing, (masters, values, current) => render(masters, listen, values, current), more)

const hasV6 = ({ addresses }: FactValues<typeof loopbackFacts>): boolean =>
  addresses.some(({ address }) => address === '::1')

const withV6 = (listen: readonly string[]): readonly string[] => [
  ...new Set(listen.flatMap(address => [address, sameOfV6.get(address) ?? address])),
]

const sameOfV6: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '::1'],
  ['0.0.0.0', '::'],
])
