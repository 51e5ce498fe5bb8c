import { type Check, defineRole, type Finding, type HostView, hostCheck, type InventoryView } from 'rota'
import { cluster, clusterProblems, isOneOf, mastersOf, workersOf } from '../lib/cluster/index.ts'
import { decide, saidOf } from './decide.ts'
import { askedOf, type SeenParams, seenParams } from './params.ts'
import { readSeen, type Seen, seenFact } from './seen.ts'

/**
 * Which container engine a host has, in which versions, and whether what is asked for can be done: on every master,
 * before the first host is touched. Changes nothing.
 */
export const masterEnginePreflight = preflightOf('master-engine-preflight', inventory => mastersOf(inventory))

/** The same of nodes that are no masters. */
export const workerEnginePreflight = preflightOf('worker-engine-preflight', workersOf)

function preflightOf(name: string, who: (inventory: InventoryView) => readonly HostView[]) {
  return defineRole({
    name,
    description: 'the container engine of a host, and whether it can be what is asked for',
    params: seenParams,
    cluster,
    inventoryCheck: clusterProblems,
    tasks: () => [],
    checks: ({ params, host, inventory }) => (isOneOf(who(inventory), host) ? [engineMayFollow(params)] : []),
  })
}

const engineMayFollow = (params: SeenParams): Check =>
  hostCheck({
    name: 'the container engine',
    facts: { seen: seenFact(params) },
    verdict: ({ seen }) => judgeEngine(params, readSeen(seen)),
  })

export function judgeEngine(params: SeenParams, seen: Seen): Finding {
  const asked = askedOf(params)
  const versions = Object.entries(asked.versions).map(([part, version]) => `${part} ${version}`)
  const expected = versions.length === 0 ? 'nothing is asked for: it stays' : versions.join(', ')
  const { moves, problems } = decide(asked, seen, params)
  const changes = moves.map(({ part, from, to }) => `${part} ${from} → ${to}`)
  return { ok: problems.length === 0, expected, saw: [saidOf(seen), ...changes, ...problems].join('; ') }
}
