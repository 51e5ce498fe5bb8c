import { isFailure, saidOf } from '../failure/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import { type BoundRole, type PeersOf, plainContext } from '../plan/index.ts'
import type { HostView, ProvideContext } from '../role/index.ts'
import type { Session } from './session.ts'
import type { Stop } from './verdict.ts'

/** Milliseconds between two words about how far something is. */
const interval = 100

/**
 * The play with what its roles have provided on the control machine for its hosts, or why it can't be begun. One role
 * after another: two that want the same file fetch it once.
 */
export async function provideFor(
  session: Session,
  ready: ReadyPlay,
  hosts: readonly HostView[],
  peers: PeersOf,
): Promise<ReadyPlay | Stop> {
  const roles: BoundRole[] = []
  for (const bound of ready.roles) {
    try {
      roles.push(await providedOf(session, bound, hosts, peers))
    } catch (error) {
      if (session.signal.aborted) return { reason: 'interrupted' }
      const { message, hint } = saidOf(error)
      const more = hint === undefined ? '' : isFailure(error, 'failed') ? `; ${hint}` : `\n${hint}`
      return { reason: `${bound.label}: ${message}${more}` }
    }
  }
  return roles.every((bound, index) => bound === ready.roles[index]) ? ready : { ...ready, roles }
}

async function providedOf(
  session: Session,
  bound: BoundRole,
  hosts: readonly HostView[],
  peers: PeersOf,
): Promise<BoundRole> {
  const { provide } = bound.call.role
  if (!provide) return bound
  const told = new Map<string, number>()
  const context: ProvideContext<unknown> = {
    // Not spread: what it works out when it is asked stays so.
    hosts: hosts.map(host =>
      Object.assign(plainContext(bound, host, session.view), { peers: peers(bound, host) }),
    ) as never,
    inventory: session.view,
    // What is shown to be agreed on is made of what will be sent.
    check: session.check && session.agreed === undefined,
    signal: session.signal,
    say: text => session.emit({ kind: 'note', text }),
    progress: (what, done, total) => {
      const now = Date.now()
      if (now - (told.get(what) ?? 0) < interval) return
      told.set(what, now)
      session.emit({ kind: 'progress', what, done, ...(total === undefined ? {} : { total }) })
    },
  }
  try {
    return { ...bound, prepared: await provide(context as never) }
  } finally {
    for (const what of told.keys()) session.emit({ kind: 'progress', what, done: 0, ended: true })
  }
}
