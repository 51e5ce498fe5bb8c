import type { FactRequest, Facts } from '../facts/index.ts'
import { type Failure, failure, messageOf, placeIn } from '../failure/index.ts'
import { hostContext } from '../plan/index.ts'
import type { Condition, Gate, HostView, InventoryView, Verdict } from '../role/index.ts'

/** A gate, or what counts a host as available by it, asked about one host. */
export interface Judge {
  readonly requests: () => readonly FactRequest[]
  readonly verdict: (facts: Facts) => Verdict
}

/**
 * A fault in a gate's own code says nothing about the host, least of all that it is down and may be worked on at no
 * cost: it is told as what it is, with its place in the code.
 */
export function judge(
  { name, cluster }: Gate,
  { facts: wanted, check }: Condition,
  host: HostView,
  inventory: InventoryView,
): Judge {
  const context = () => hostContext(cluster, host, inventory) as never
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw faultOf(name, error)
    }
  }
  return {
    requests: () => guarded(() => wanted(context())),
    verdict: facts => guarded(() => check(facts, context())),
  }
}

const faultOf = (gate: string, error: unknown): Failure =>
  failure(`the gate's own code failed: ${messageOf(error)}`, { where: [`gate ${gate}`], ...placeIn(error) })
