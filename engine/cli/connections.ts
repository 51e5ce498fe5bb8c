import { isFailure, type Problem, refused } from '../failure/index.ts'
import { type ConnectionFlags, connectionOf, connectionSecrets, flagProblems } from '../host/index.ts'
import { type Host, hostNamed, type Inventory } from '../inventory/index.ts'
import type { Connection } from '../transport/index.ts'

export interface Connections {
  /** Of any host of the inventory: made when it is needed, for a vaulted password may not be needed at all. */
  readonly get: (name: string) => Connection | undefined
  readonly problems: readonly Problem[]
}

/** Those of the hosts that are certain to be connected to are checked at once. */
export function connectionsOf(
  inventory: Inventory,
  flags: ConnectionFlags,
  needed: Iterable<string>,
  onSecret: (secrets: readonly string[]) => void,
): Connections {
  const known = new Map<string, { readonly connection?: Connection; readonly problems: readonly Problem[] }>()
  const find = (name: string) => {
    const host = hostNamed(inventory, name)
    const found = known.get(name) ?? (host ? read(inventory, host, flags) : { problems: [] })
    known.set(name, found)
    if (found.connection) onSecret(connectionSecrets(found.connection))
    return found
  }
  const problems = [...flagProblems(flags), ...[...new Set(needed)].flatMap(name => find(name).problems)]
  return {
    // What is wrong with a jump host is wrong for all behind it.
    problems: [...new Map(problems.map(problem => [JSON.stringify(problem), problem])).values()],
    get: name => {
      const found = find(name)
      if (found.problems.length > 0) throw refused(found.problems)
      return found.connection
    },
  }
}

function read(inventory: Inventory, host: Host, flags: ConnectionFlags): ReturnType<typeof connectionOf> {
  try {
    return connectionOf(inventory, host, flags)
  } catch (error) {
    if (isFailure(error, 'refused')) return { problems: error.reason.problems }
    throw error
  }
}
