import type { ClusterOf, InventoryView, PeerFacts } from 'rota'
import { cluster, mastersOf } from '../lib/cluster/index.ts'
import { kubectlWords } from '../lib/cluster/kubectl.ts'
import { firstListed, type Unlisted } from '../lib/cluster/kubectl-list.ts'
import { type Kind, namesOf } from './kinds.ts'
import type { Marks } from './marks.ts'
import { type Nodes, nodesOf } from './nodes.ts'

/**
 * The masters that stay are asked for all nodes at once: each once a play, side by side, for any may be down. Where
 * nothing is wanted only those matter on which something is ours.
 */
export const askMasters = (
  inventory: InventoryView,
  { leaving }: Pick<ClusterOf<typeof cluster>, 'leaving'>,
  kind: Kind,
  wanted: Marks,
) => ({
  hosts: mastersOf(inventory, leaving).map(({ name }) => name),
  facts: (master: Parameters<InventoryView['cluster']>[1]) => ({
    nodes: nodesOf(kubectlWords(inventory.cluster(cluster, master)), wanted.size > 0 ? undefined : namesOf(kind).seal),
  }),
})

/** The first answer of a master. */
export const nodesFrom = (peers: PeerFacts<ReturnType<ReturnType<typeof askMasters>['facts']>>): Nodes | Unlisted =>
  firstListed([...peers.values()].map(seen => seen?.nodes))
