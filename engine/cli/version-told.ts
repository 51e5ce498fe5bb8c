import { setTimeout } from 'node:timers/promises'
import pLimit from 'p-limit'
import { check } from '../facts/index.ts'
import type { DefaultsFound, Host, Inventory, VersionOnHosts } from '../inventory/index.ts'
import { openChannel } from '../transport/index.ts'
import { readVar } from '../values/index.ts'
import type { Connections } from './connections.ts'

/** What each host is asked, by its name. */
export function askedOf(inventory: Inventory, rule: VersionOnHosts): ReadonlyMap<string, string> {
  const scriptFor = (host: Host) =>
    rule.script(name => {
      const value = readVar(inventory, host, name)
      return typeof value === 'string' && value !== '' ? value : undefined
    })
  return new Map(inventory.hostsOf(rule.group).map(host => [host.name, scriptFor(host)]))
}

/**
 * What hosts tell of a version. They are asked at once, one program each. One that can't be asked tells nothing: the
 * run itself will say why. The others are not waited for long once one has answered.
 */
export async function versionTold(
  rule: VersionOnHosts,
  asked: ReadonlyMap<string, string>,
  connections: Connections,
  forks: number,
): Promise<DefaultsFound | undefined> {
  const limit = pLimit(forks)
  const printed = new Map<string, string>()
  const answers = [...asked].map(async ([name, run]) => {
    const text = await limit(() => ask(name, run, connections))
    printed.set(name, text)
  })
  const all = Promise.allSettled(answers)
  const late = new AbortController()
  const first = Promise.any(answers).then(
    () => setTimeout(longestGrace, undefined, { signal: late.signal }),
    () => undefined,
  )
  await Promise.race([all, first])
  late.abort()
  await first.catch(() => undefined)
  return rule.look(
    new Map([...asked.keys()].flatMap(name => (printed.has(name) ? [[name, printed.get(name) ?? '']] : []))),
  )
}

/** Milliseconds. */
const longestGrace = 2000

async function ask(name: string, run: string, connections: Connections): Promise<string> {
  const connection = connections.get(name)
  if (!connection) throw new Error(`no connection is known for host ${name}`)
  // A channel that only reads; the run's own comes over the same warm connection.
  const channel = await openChannel(connection, { readOnly: true, eager: true })
  const wanted = check({ run })
  try {
    return (await channel.probe([wanted])).get(wanted).stdout
  } finally {
    // What is left of one that does not answer ends by itself.
    void channel.close().catch(() => undefined)
  }
}
