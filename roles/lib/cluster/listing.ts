import {
  type Computed,
  computed,
  type FactMap,
  type FactValues,
  facts,
  type HostView,
  type PeerFacts,
  type Step,
  step,
} from 'rota'
import { canonicalEndpoint, endpoint } from './address.ts'
import { endpointsIn, type Listing, leftOutText, masterListing, type ReadyFacts } from './ready.ts'

/** A proxy's configuration, made from the masters it shall list; what it lists now is read from the file. */
export interface ListingOptions {
  readonly path: string
  readonly port: number
  readonly masters: readonly HostView[]
  readonly peers: PeerFacts<ReadyFacts>
  /** Endpoints that a configuration names, in their canonical form; those of nginx and haproxy by default. */
  readonly endpoints?: (config: string) => ReadonlySet<string>
}

/**
 * The content for the masters that are listed; `more` is what it needs to know of the host beside them. `render` is
 * given the content of now too, empty where there is none.
 */
export const listingContent = <M extends FactMap = Record<never, never>>(
  options: ListingOptions,
  render: (masters: readonly HostView[], values: FactValues<M>, current: string) => string,
  more?: M,
): Computed<string> => {
  const current = facts.path({ path: options.path, content: true })
  return computed({ ...more, current }, values => {
    const bytes = facts.bytesOf(values.current)
    const text = Buffer.from(bytes ?? new Uint8Array()).toString()
    return render(listing(options, bytes).listed, values as unknown as FactValues<M>, text)
  })
}

/** Says which masters are left out, and runs only where there are any. */
export const sayLeftOut = (options: ListingOptions): Step =>
  step({
    title: 'masters that are not listed',
    facts: { current: facts.path({ path: options.path, content: true }) },
    needed: ({ current }) => leftOutText(listing(options, facts.bytesOf(current))) || false,
    run: async ({ say, $ }) => {
      const config = await $`cat ${options.path}`.nothrow().text()
      say(leftOutText(listing(options, Buffer.from(config))))
      return { changed: false }
    },
  })

const listing = (
  { masters, peers, port, endpoints = endpointsIn }: ListingOptions,
  config: Uint8Array | undefined,
): Listing => {
  const present = endpoints(Buffer.from(config ?? new Uint8Array()).toString())
  return masterListing(masters, peers, master => present.has(canonicalEndpoint(endpoint(master.address, port))))
}
