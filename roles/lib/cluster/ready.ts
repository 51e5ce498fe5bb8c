import { type FactValues, facts, type HostView, type PeerFacts } from 'rota'
import { canonicalEndpoint, httpsUrl } from './address.ts'

/**
 * What an API server that serves says to somebody without credentials: it is ready, or it wants to know who asks
 * (`--anonymous-auth=false`, conditions in its AuthenticationConfiguration). One that is not ready says 500.
 */
export const servingStatuses: readonly number[] = [200, 401, 403]

/** It serves, and tells nothing to somebody without credentials. */
export const wantsToKnowWho = (status: number): boolean => status === 401 || status === 403

/**
 * The API server of a master, asked on that master itself: it dials 127.0.0.1, which no drain closes, and wants a
 * certificate for the host's own address.
 */
export const readyz = (host: HostView, port: number, ca: string) =>
  facts.http({
    url: httpsUrl(host.address, port, '/readyz'),
    address: '127.0.0.1',
    ca,
    status: servingStatuses,
    timeout: 5,
  })

export type ReadyFacts = { readonly ready: ReturnType<typeof readyz> }

export interface Listing {
  readonly listed: readonly HostView[]
  /** Masters that are not listed, and why. */
  readonly left: readonly { readonly master: HostView; readonly reason: string }[]
}

/**
 * Which masters a proxy lists: those that answer ready now, and those that it lists already: one that is down for a
 * moment is passed over by the proxy itself, and taking it out would need every proxy to be changed twice. A master
 * that has never joined is never listed. Where nothing is listed yet and nobody is ready, there is nothing to lose: all
 * are.
 */
export function masterListing(
  masters: readonly HostView[],
  peers: PeerFacts<ReadyFacts>,
  isListed: (master: HostView) => boolean,
): Listing {
  const judged = masters.map(master => ({
    master,
    reason: isListed(master) ? undefined : notReady(peers.get(master.name)),
  }))
  const left = judged.flatMap(({ master, reason }) => (reason === undefined ? [] : [{ master, reason }]))
  if (left.length === masters.length) return { listed: masters, left: [] }
  return { listed: judged.filter(({ reason }) => reason === undefined).map(({ master }) => master), left }
}

function notReady(facts: FactValues<ReadyFacts> | undefined): string | undefined {
  if (facts === undefined) return 'it can not be reached'
  const { ready } = facts
  if (ready.type !== 'answered') return `its API server does not answer: ${ready.reason}`
  return ready.expected ? undefined : `its API server answers ${ready.status}`
}

/** A line for the operator about masters that are left out. */
export const leftOutText = ({ left }: Listing): string =>
  left.map(({ master, reason }) => `${master.name} is not listed yet: ${reason}`).join('; ')

/** The `server` lines of an nginx or haproxy configuration name these endpoints, each in its canonical form. */
export function endpointsIn(config: string): ReadonlySet<string> {
  const found = config.matchAll(/^[ \t]*server[ \t]+(?:\S+[ \t]+)?((?:\[[0-9a-fA-F:.]+\]|[^\s:;{]+):\d+)[ \t;]/gm)
  return new Set([...found].map(match => canonicalEndpoint(match[1] ?? '')))
}
