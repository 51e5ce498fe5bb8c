import { failure } from '../failure/index.ts'
import type { HostWork, ReadyPlay } from '../plan/index.ts'
import { onceOwners, type PeersOf, workOn } from '../plan/index.ts'
import type { TagSelection } from '../playbook/index.ts'
import type { HostView } from '../role/index.ts'
import type { Flight } from './flight.ts'
import type { Session } from './session.ts'
import type { Reverted } from './take-back.ts'
import type { Stop } from './verdict.ts'

/** What all batches of a play share. */
export interface Given {
  readonly session: Session
  readonly ready: ReadyPlay
  /** The play's place among those of the playbook, from 1 on. */
  readonly number: number
  readonly peers: PeersOf
  readonly tags: TagSelection
  readonly reverted?: Reverted
}

/** What all hosts of a batch share. */
export interface Batch extends Pick<Given, 'session' | 'ready' | 'number'> {
  readonly flight: Flight
  /** All that the play asks of a host, also what another of the batch does for it. Throws what is wrong with it. */
  readonly workOf: (host: HostView) => HostWork
  /** Which host is to run what runs once. */
  readonly owners: ReadonlyMap<string, string>
  /** The run that this one goes on with had finished the host in this play. */
  readonly wasDone: (host: string) => boolean
  /** The run that is taken back. */
  readonly uses?: string
  /** What of it has been run. */
  readonly done: Set<string>
  /** Asked before the first of its changes, with the hosts that are changed: why there is no time left for them. */
  readonly outOfTime: (hosts: readonly string[]) => Stop | undefined
}

/**
 * Whether nothing is to be done on a host: what of its work depended on other hosts is known by now. It is not even
 * connected to. One that a hook or a handler of an earlier run may wait on is.
 */
export function isIdle({ ready: { play }, workOf }: Batch, host: HostView): boolean {
  if (play.gate !== undefined || (play.around ?? []).length > 0) return false
  const built = orError(() => workOf(host))
  return 'work' in built && built.work.items.length === 0 && built.work.handlers.length === 0
}

export function openBatch(
  given: Given,
  flight: Flight,
  hosts: readonly HostView[],
  outOfTime: Batch['outOfTime'],
): Batch {
  const { session, ready, number } = given
  const build = (host: HostView): HostWork => {
    const { work, problems } = workOn(ready, host, session.view, given.tags, given.peers)
    const [problem] = problems
    if (problem) throw failure(problem.message)
    return given.reverted ? { ...work, items: given.reverted.itemsOf(number, host.name, work.handlers) } : work
  }
  const works = new Map(hosts.map(host => [host.name, orError(() => build(host))]))
  const owners = onceOwners(
    [...works].flatMap(([host, built]) => ('work' in built ? [[host, built.work] as const] : [])),
  )
  const workOf = ({ name }: HostView): HostWork => {
    const built = works.get(name)
    if (built && 'work' in built) return built.work
    throw built?.error ?? new Error(`${name} is not of this batch`)
  }
  const wasDone = (host: string) => session.before?.isDone({ play: ready.play.name, number }, host) === true
  const uses = given.reverted ? { uses: given.reverted.run } : {}
  return { session, ready, number, flight, workOf, owners, wasDone, ...uses, done: new Set(), outOfTime }
}

function orError(build: () => HostWork): { readonly work: HostWork } | { readonly error: unknown } {
  try {
    return { work: build() }
  } catch (error) {
    return { error }
  }
}
