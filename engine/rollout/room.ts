import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadyPlay } from '../plan/index.ts'
import { type Candidate, nextTurn } from './availability-rule.ts'
import type { Planned } from './planned.ts'
import type { Session } from './session.ts'
import type { Stop } from './verdict.ts'
import { type Availability, availabilityOf } from './who-serves.ts'

/** Which of some hosts may be worked on now; `reason` says why the others have to wait. */
export type HostTurn =
  | { readonly hosts: readonly Planned[]; readonly reason?: string }
  | { readonly refused: string }
  | { readonly stop: Stop }

/** How many hosts of a play may be taken down, shared by all that are in flight. */
export interface Room {
  /**
   * Waits until there is room for some of these, and counts them as out of service from then on. Of several that wait
   * those of the lowest `place` come first.
   */
  readonly turnFor: (left: readonly Planned[], place: number) => Promise<HostTurn>
  /** They have come to their end: their gates are believed again. */
  readonly back: (hosts: readonly string[]) => void
}

interface Waiter {
  readonly left: readonly Planned[]
  readonly place: number
  readonly go: (turn: HostTurn) => void
  readonly fail: (error: unknown) => void
  isTold: boolean
}

/**
 * Each time that somebody wants room or gives it back, all hosts are looked at, and those that wait are given what
 * there is by the availability rule. It refuses only where nobody is at work, who could give room back.
 */
export function openRoom(session: Session, ready: ReadyPlay, stopped: () => Stop | undefined): Room {
  const waiting = new Set<Waiter>()
  const atWork = new Map<string, Candidate>()
  let changes = 0
  let wake = () => {}
  let isServed = false

  const change = () => {
    changes += 1
    wake()
  }
  const nextChange = () =>
    new Promise<void>(resolve => {
      wake = resolve
      session.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  const answer = (waiter: Waiter, turn: HostTurn) => {
    waiting.delete(waiter)
    waiter.go(turn)
  }
  const answerAll = (turn: HostTurn) => {
    for (const waiter of waiting) answer(waiter, turn)
  }

  const admit = ({ hosts, reason }: { readonly hosts: readonly Candidate[]; readonly reason?: string }) => {
    const admitted = new Map(hosts.map(host => [host.name, host]))
    for (const waiter of waiting) {
      const own = waiter.left.filter(({ run }) => admitted.has(run.host.name))
      if (own.length === 0) continue
      for (const { run } of own) atWork.set(run.host.name, admitted.get(run.host.name) as Candidate)
      const isSplit = own.length < waiter.left.length
      answer(waiter, { hosts: own, ...(isSplit && reason !== undefined ? { reason } : {}) })
    }
  }

  const tellWaiting = (why: string) => {
    const untold = [...waiting].filter(({ isTold }) => !isTold)
    if (untold.length === 0) return
    for (const waiter of untold) waiter.isTold = true
    session.emit({ kind: 'note', text: `${ready.play.name}: ${why}; waiting` })
  }

  /** One turn for those that wait. */
  const look = async (patient: Patience): Promise<void> => {
    const stop = stopped() ?? (session.signal.aborted && atWork.size > 0 ? { reason: 'interrupted' } : undefined)
    if (stop) return answerAll({ stop })
    const seen = changes
    const found = await availabilityOf(session, ready, atWork)
    const groups = [...waiting].sort((one, other) => one.place - other.place).map(({ left }) => left)
    const turn = turnOf(ready, groups, found, [...atWork.values()])
    if ('hosts' in turn) {
      patient.begins()
      admit(turn)
    }
    if (waiting.size === 0) return
    if (atWork.size > 0) {
      tellWaiting('refused' in turn ? turn.refused : `${namesIn(waiting)} can't be taken down: ${turn.reason}`)
      if (seen === changes && !session.signal.aborted) await nextChange()
      patient.begins()
    } else if ('refused' in turn) {
      if ('unknown' in found || patient.isOver() || session.signal.aborted) return answerAll({ refused: turn.refused })
      await patient.waits(turn.refused)
    }
  }

  const serve = async () => {
    isServed = true
    try {
      const patient = patience(session, ready)
      while (waiting.size > 0) await look(patient)
    } catch (error) {
      for (const { fail } of waiting) fail(error)
      waiting.clear()
    } finally {
      isServed = false
    }
  }

  return {
    turnFor: (left, place) =>
      new Promise((go, fail) => {
        waiting.add({ left, place, go, fail, isTold: false })
        change()
        if (!isServed) void serve()
      }),
    back: hosts => {
      for (const name of hosts) atWork.delete(name)
      change()
    },
  }
}

const namesIn = (waiting: Iterable<Waiter>): string =>
  [...waiting].flatMap(({ left }) => left.map(({ run }) => run.host.name)).join(', ')

interface Patience {
  /** From here on it counts anew. */
  readonly begins: () => void
  readonly isOver: () => boolean
  readonly waits: (why: string) => Promise<void>
}

/** Seconds for which a refusal is looked at again: a host may be not ready for a moment only. */
const longest = 30

function patience({ emit, signal }: Session, { play }: ReadyPlay): Patience {
  const { timeout = longest, interval = 1 } = play.gate ?? {}
  const length = Math.min(longest, timeout) * 1000
  let end = Date.now() + length
  let isTold = false
  return {
    begins: () => {
      end = Date.now() + length
      isTold = false
    },
    isOver: () => Date.now() > end,
    waits: async why => {
      if (!isTold) emit({ kind: 'note', text: `${play.name}: ${why}; waiting for a moment` })
      isTold = true
      await sleep(interval * 1000, undefined, { signal }).catch(() => {})
    },
  }
}

/**
 * What the availability rule says of hosts that wait. `groups`: those that go together; what runs once in one of them
 * may bring about changes that the plan of another host of it does not show yet.
 */
export function turnOf(
  { play, everyone }: ReadyPlay,
  groups: readonly (readonly Planned[])[],
  found: Availability,
  atWork: readonly Candidate[] = [],
): { readonly hosts: readonly Candidate[]; readonly reason?: string } | { readonly refused: string } {
  if ('unknown' in found) return { refused: found.unknown }
  const { available, total, last } = found
  const candidates = groups.flatMap(group => {
    const mayFollow = group.some(({ plan }) => plan.dirty)
    return group.map(({ run, plan, items }) => ({
      name: run.host.name,
      available: available.has(run.host.name),
      last: last.has(run.host.name),
      disrupted: plan.disrupts || (mayFollow && items.some(({ once }) => once !== undefined)),
    }))
  })
  const untouched = atWork.filter(host => host.available && !host.disrupted)
  const repairing = atWork.some(host => !host.available && host.disrupted)
  const counted = { total, available: available.size + untouched.length, repairing }
  const turn = nextTurn(candidates, counted, play.keepAvailable ?? (() => 0))
  if (!('refused' in turn)) return turn
  const named = (what: string, names: readonly string[]) => (names.length > 0 ? [`${what}: ${names.join(', ')}`] : [])
  const working = atWork.map(({ name }) => name)
  const down = everyone.filter(({ name }) => !available.has(name) && !working.includes(name)).map(({ name }) => name)
  const who = [...named('at work', working), ...named('not available now', down)].join('; ')
  return { refused: `${turn.refused}${who === '' ? '' : ` (${who})`}` }
}
