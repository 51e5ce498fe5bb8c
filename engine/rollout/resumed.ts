import { pending } from '../facts/index.ts'
import { driftOf, type HostRun, hookName } from '../host/index.ts'
import { draftOf, type ReadyPlay } from '../plan/index.ts'
import type { HostView } from '../role/index.ts'
import type { Planned } from './planned.ts'
import type { Session } from './session.ts'

/** Hosts of a play as the run that this one goes on with has left them. */
export interface LeftBehind {
  /** Half-way: they may be out of service. */
  readonly halfDone: ReadonlySet<string>
  /** These, and those that it has finished there. */
  readonly known: ReadonlySet<string>
}

/**
 * Of a run that goes on with one that was broken off, the hosts that this one has left half-way come first: they may be
 * out of service. The journal tells which, and so do they themselves, for its last lines may be lost.
 */
export async function halfDoneFirst(
  session: Session,
  ready: ReadyPlay,
  number: number,
  hosts: readonly HostView[],
): Promise<LeftBehind & { readonly inOrder: readonly HostView[] }> {
  const { before } = session
  if (before === undefined) return { inOrder: hosts, halfDone: new Set(), known: new Set() }
  const play = { play: ready.play.name, number }
  const found = await session.each(hosts, async host => {
    if (before.isDone(play, host.name)) return []
    return before.isBegun(play, host.name) || (await owesHere(session, ready, host)) ? [host] : []
  })
  const first = found.flat()
  const done = hosts.filter(host => before.isDone(play, host.name))
  const halfDone = new Set(first.map(({ name }) => name))
  const known = new Set([...first, ...done].map(({ name }) => name))
  if (first.length === 0) return { inOrder: hosts, halfDone, known }
  const names = first.map(host => host.name).join(', ')
  session.emit({ kind: 'note', text: `${ready.play.name}: ${names} first: left half-way by run ${before.run}` })
  return { inOrder: [...first, ...hosts.filter(host => !first.includes(host))], halfDone, known }
}

/** Whether something is owed to it that this play pays: a hook, or a handler. */
async function owesHere(session: Session, ready: ReadyPlay, host: HostView): Promise<boolean> {
  const { work } = draftOf(ready, host)
  if ((ready.play.around ?? []).length + work.handlers.length === 0) return false
  try {
    const facts = await (await session.channel(host.name)).probe([pending({})])
    return facts.get(pending({})).some(name => settles({ play: ready.play, work }, name))
  } catch {
    // In its turn it will be said why it can't be asked.
    return false
  }
}

/** Whether what is pending on a host is a hook or a handler of this play. */
export const settles = ({ play, work }: Pick<HostRun, 'play' | 'work'>, name: string): boolean =>
  (play.around ?? []).some(hook => hookName(hook.name) === name) || work.handlers.some(handler => handler.name === name)

/**
 * A host that was done before has been looked at, and that is all, unless something is not as it should be: then it is
 * worked on as any other, and that is said.
 */
export function unlessDrifted(planned: Planned, by = ''): Planned {
  const { run, plan } = planned
  if ([...plan.pending].some(name => settles(run, name))) return planned
  const drift = plan.dirty ? driftOf(run, plan.facts) : []
  if (drift.length > 0) {
    const text = `it was done by run ${by}, and is not as it should be any more: ${drift.join('; ')}`
    run.emit({ kind: 'note', host: run.host.name, text })
    return planned
  }
  const work = { ...run.work, items: [] }
  return { run: { ...run, work }, plan: { ...plan, disrupts: false, dirty: false }, items: [] }
}
