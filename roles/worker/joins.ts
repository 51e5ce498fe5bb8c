import { facts, type HostView, type InventoryView, type PathFact } from 'rota'
import { isThere, markerOf } from '../control-plane/kubeadm/seen.ts'
import { isOneOf, workersOf } from '../lib/cluster/index.ts'
import type { JoinParams } from './join-params.ts'

/** By the inventory alone. */
export const mayJoin = (
  { join, method }: Pick<JoinParams, 'join' | 'method'>,
  host: HostView,
  inventory: InventoryView,
): boolean => join && method === 'kubeadm' && isOneOf(workersOf(inventory), host)

/** What tells whether a host is a node: its kubelet has joined, and not by an attempt that has not ended. */
export const nodeFacts = (params: Pick<JoinParams, 'kubeConfigDir'>) => ({
  kubelet: facts.path({ path: `${params.kubeConfigDir}/kubelet.conf` }),
  marker: facts.path({ path: markerOf(params) }),
})

export const isNode = (seen: { readonly kubelet: PathFact; readonly marker: PathFact } | undefined): boolean =>
  seen !== undefined && isThere(seen.kubelet) && !isThere(seen.marker)
