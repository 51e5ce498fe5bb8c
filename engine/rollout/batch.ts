import { failure } from '../failure/index.ts'
import type { HostWork, ReadyPlay } from '../plan/index.ts'
import { onceOwners, type PeersOf, workOn } from '../plan/index.ts'
import type { TagSelection } from '../playbook/index.ts'
import type { HostView } from '../role/index.ts'
import type { Session } from './session.ts'

/** What all hosts of a batch share. */
export interface Batch {
  readonly session: Session
  readonly ready: ReadyPlay
  readonly ask: (question: string) => Promise<boolean>
  /** All that the play asks of a host, also what another of the batch does for it. Throws what is wrong with it. */
  readonly workOf: (host: HostView) => HostWork
  /** Which host is to run what runs once. */
  readonly owners: ReadonlyMap<string, string>
  /** What of it has been run. */
  readonly done: Set<string>
}

export function openBatch(
  session: Session,
  ready: ReadyPlay,
  hosts: readonly HostView[],
  given: {
    readonly peers: PeersOf
    readonly tags: TagSelection
    readonly ask: (question: string) => Promise<boolean>
  },
): Batch {
  const build = (host: HostView): HostWork => {
    const { work, problems } = workOn(ready, host, session.view, given.tags, given.peers)
    const [problem] = problems
    if (problem) throw failure(problem.message)
    return work
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
  return { session, ready, ask: given.ask, workOf, owners, done: new Set() }
}

function orError(build: () => HostWork): { readonly work: HostWork } | { readonly error: unknown } {
  try {
    return { work: build() }
  } catch (error) {
    return { error }
  }
}
