import { didYouMean, refused } from '../failure/index.ts'
import { hostNamed, type Inventory } from '../inventory/index.ts'
import type { AnyCluster } from '../role/index.ts'
import { explainParams } from '../values/index.ts'
import { type Bound, clustersOf } from './bind.ts'
import { askedAs, lookupIn } from './cluster-values.ts'

/**
 * The values of the cluster and the params of every role on one host, line by line: what is in effect, where it was
 * set, what it overrode. Of a play that the host is not in, there are none. Throws a refusal for a host that is not
 * known.
 */
export function listParams(
  { plays, given }: Pick<Bound, 'plays' | 'given'>,
  inventory: Inventory,
  name: string,
): readonly string[] {
  const host = hostNamed(inventory, name)
  if (host === undefined)
    throw refused([
      { message: `there is no host ${name} in the inventory`, ...didYouMean(name, inventory.hosts.keys()) },
    ])
  const lookup = lookupIn(inventory, host)
  const mine = plays.filter(({ everyone }) => everyone.some(each => each.name === name))
  const clusters = widest(mine.flatMap(({ play }) => clustersOf(play)))
  const calls = mine.flatMap(({ roles }) => roles.map(({ call }) => call))
  // A role that several plays call in the same way is one.
  const once = new Map(calls.map(call => [`${call.role.name} ${JSON.stringify(call.params)}`, call]))
  return [...clusters.map(askedAs), ...once.values()].flatMap(call => [
    ...explainParams(call, lookup, given.on(name)),
    '',
  ])
}

/** Without those whose values another one has too, because it extends them. */
function widest(clusters: readonly AnyCluster[]): readonly AnyCluster[] {
  const sizeOf = ({ params }: AnyCluster) => Object.keys(params.properties).length
  const kept: AnyCluster[] = []
  for (const one of [...clusters].sort((a, b) => sizeOf(b) - sizeOf(a))) {
    const known = new Set(kept.flatMap(({ params }) => Object.values(params.properties)))
    if (!Object.values(one.params.properties).every(schema => known.has(schema))) kept.push(one)
  }
  return kept
}
