import pLimit from 'p-limit'
import { isFailure, messageOf, type Problem, type Refused, refused } from '../failure/index.ts'
import { openChannel } from '../transport/index.ts'
import { ansibleFactRequests, ansibleFacts } from '../values/index.ts'
import type { Connections } from './connections.ts'

/** Facts of hosts for templates: read only when a value that is needed is made from one. */
export interface TemplateFacts {
  /** For the inventory: a host that is asked for and not known is noted. */
  readonly factsOf: (host: string) => Readonly<Record<string, unknown>> | undefined
  /** Runs the work; where it lacked facts, reads those of just these hosts, all at once, and runs it again. */
  readonly complete: <T>(work: () => Promise<T>, connections: () => Connections, forks: number) => Promise<T>
}

export function templateFacts(): TemplateFacts {
  const known = new Map<string, Readonly<Record<string, unknown>>>()
  const wanted = new Set<string>()
  const complete: TemplateFacts['complete'] = async (work, connections, forks) => {
    wanted.clear()
    const done = await attempt(work)
    if (wanted.size === 0) return unwrap(done)
    const limit = pLimit(forks)
    const problems: Problem[] = []
    const all = connections()
    await Promise.all([...wanted].map(host => limit(() => readFacts(host, all, known, problems))))
    if (problems.length > 0) throw refused(problems)
    return complete(work, connections, forks)
  }
  return {
    factsOf: host => {
      const facts = known.get(host)
      if (!facts) wanted.add(host)
      return facts
    },
    complete,
  }
}

type Done<T> = { readonly value: T } | { readonly error: Refused }

async function attempt<T>(work: () => Promise<T>): Promise<Done<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (isFailure(error, 'refused')) return { error }
    throw error
  }
}

function unwrap<T>(done: Done<T>): T {
  if ('error' in done) throw done.error
  return done.value
}

async function readFacts(
  host: string,
  connections: Connections,
  known: Map<string, Readonly<Record<string, unknown>>>,
  problems: Problem[],
): Promise<void> {
  try {
    const connection = connections.get(host)
    if (!connection) throw new Error(`no connection is known for host ${host}`)
    // A channel that only reads; the run's own comes over the same warm connection.
    const channel = await openChannel(connection, { readOnly: true, eager: true })
    try {
      known.set(host, ansibleFacts(await channel.probe(ansibleFactRequests)))
    } finally {
      await channel.close()
    }
  } catch (error) {
    problems.push({
      message: `${host}: a template needs its facts, and it could not be asked: ${messageOf(error)}`,
      hint: `leave it out with --limit 'all:!${host}', or set the values in the inventory`,
    })
  }
}
