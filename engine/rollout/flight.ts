import pLimit from 'p-limit'
import { askOnce, type ReadyPlay } from '../plan/index.ts'
import type { Planned } from './planned.ts'
import { type HostTurn, openRoom } from './room.ts'
import type { Session } from './session.ts'
import type { Stop } from './verdict.ts'

/**
 * What is in flight at the same time: one batch or, in a window, several of one host each. What they have in common is
 * here.
 */
export interface Flight {
  /** The same question is asked once, and one at a time. */
  readonly ask: (question: string) => Promise<boolean>
  /** Which hosts of a batch may be worked on now, counted as out of service until they are `back`. */
  readonly turnFor: (batch: object, left: readonly Planned[]) => Promise<HostTurn>
  readonly back: (hosts: readonly string[]) => void
  /** What runs once runs on one host after the other. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
  /** A batch that is on its way to what hooks announce: nobody is entered before. */
  readonly begins: (batch: object) => void
  /** It has announced what it had to, waits for room, or is over. */
  readonly announced: (batch: object) => void
  /** Waits for those that are on their way to it now. */
  readonly othersAnnounced: () => Promise<void>
  /** Nothing is started any more. */
  readonly stop: (why: Stop) => void
  readonly stopped: () => Stop | undefined
}

export function openFlight(session: Session, ready: ReadyPlay): Flight {
  let why: Stop | undefined
  const stopped = () => why
  const room = openRoom(session, ready, stopped)
  const announces = (ready.play.around ?? []).some(hook => hook.announce !== undefined)
  const coming = new Map<object, { readonly done: Promise<void>; readonly end: () => void }>()
  const places = new Map<object, number>()
  const begins = (batch: object) => {
    if (!places.has(batch)) places.set(batch, places.size)
    if (announces) coming.set(batch, ending())
  }
  const announced = (batch: object) => {
    coming.get(batch)?.end()
    coming.delete(batch)
  }
  return {
    ask: askOnce(session.ask),
    turnFor: async (batch, left) => {
      announced(batch)
      const turn = await room.turnFor(left, places.get(batch) ?? 0)
      if ('hosts' in turn) begins(batch)
      return turn
    },
    back: room.back,
    alone: pLimit(1),
    begins,
    announced,
    othersAnnounced: async () => void (await Promise.all([...coming.values()].map(({ done }) => done))),
    stop: stop => {
      // What goes wrong until all have come to their end is told before that the time is over.
      if (why === undefined || (why.isInOrder && !stop.isInOrder)) why = stop
    },
    stopped,
  }
}

function ending(): { readonly done: Promise<void>; readonly end: () => void } {
  let end = () => {}
  const done = new Promise<void>(resolve => {
    end = resolve
  })
  return { done, end }
}
