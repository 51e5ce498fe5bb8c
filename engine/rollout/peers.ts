import { type FactMap, type FactRequest, type Facts, factKey } from '../facts/index.ts'
import { messageOf } from '../failure/index.ts'
import { type BoundRole, type PeersOf, peersFrom, plainContext } from '../plan/index.ts'
import type { HostView } from '../role/index.ts'
import type { Session } from './session.ts'

interface Wanted {
  readonly hosts: readonly string[]
  readonly facts: (peer: HostView) => FactMap
}

/**
 * Reads the facts of other hosts that the roles of a play want, each peer once, whatever `--limit` says. A peer that
 * can't be reached is said once and is `undefined` to the role.
 */
export async function readPeers(
  session: Session,
  roles: readonly BoundRole[],
  hosts: readonly HostView[],
): Promise<PeersOf> {
  const wants = new Map<string, Wanted>()
  const requests = new Map<string, Map<string, FactRequest>>()
  for (const bound of roles) {
    for (const host of hosts) {
      const wanted = wantedBy(session, bound, host)
      if (!wanted) continue
      wants.set(`${bound.label} ${host.name}`, wanted)
      for (const peer of wanted.hosts) {
        const list = requests.get(peer) ?? new Map<string, FactRequest>()
        for (const request of Object.values(wanted.facts(session.view.host(peer)))) list.set(factKey(request), request)
        requests.set(peer, list)
      }
    }
  }
  const read = new Map<string, Facts>()
  await session.each([...requests], async ([peer, list]) => {
    try {
      read.set(peer, await (await session.channel(peer)).probe([...list.values()]))
    } catch (error) {
      session.emit({
        kind: 'warning',
        host: peer,
        text: `its facts are not known to the others: ${messageOf(error)}`,
      })
    }
  })
  return (bound, host) => {
    const wanted = wants.get(`${bound.label} ${host.name}`)
    return wanted ? peersFrom(wanted, name => read.get(name), session.view) : new Map()
  }
}

function wantedBy(session: Session, bound: BoundRole, host: HostView): Wanted | undefined {
  if (!bound.call.role.peers) return undefined
  return bound.call.role.peers(plainContext(bound, host, session.view) as never)
}
