import { type FactRequest, factKey } from '../facts/index.ts'
import { factsNeeded } from '../plan/index.ts'
import type { HostPlan } from './host-plan.ts'
import type { HostRun } from './run.ts'

/** A fact that a host was planned on, as far as it lasts. */
export interface Seen {
  /** Its kind and what it is about: `path /etc/motd`. */
  readonly about: string
  /** What is at this path. */
  readonly path?: string
  /** To be compared as JSON. */
  readonly value: unknown
}

/** What a host's tasks, steps and handlers were planned on. Gates look at hosts as they are when they are asked. */
export function factsSeen({ work, diff }: Pick<HostRun, 'work' | 'diff'>, { facts }: HostPlan): readonly Seen[] {
  const requests = factsNeeded(work.items, work.handlers, diff)
  const each = [...new Map(requests.map(request => [factKey(request), request])).values()]
  return each.flatMap(request => {
    const found = facts.get(request)
    const value = request.kind.lasting ? request.kind.lasting(found) : found
    if (value === undefined) return []
    const { name } = request.kind
    const subject = subjectOf(request)
    return [{ about: subject === '' ? name : `${name} ${subject}`, ...(name === 'path' && { path: subject }), value }]
  })
}

/**
 * Words of the arguments. What may hold a secret is left out, and so are checksums: what they are of may be guessed
 * from them.
 */
const subjectOf = ({ kind, args }: FactRequest): string =>
  Object.entries(args as Readonly<Record<string, unknown>>)
    .filter(([name]) => !kind.unseen?.includes(name))
    .flatMap(([, value]) => [value].flat())
    .filter(value => typeof value === 'number' || (typeof value === 'string' && !/^[0-9a-f]{64}$/.test(value)))
    .join(' ')
