import { defineRole } from 'rota'
import {
  cluster,
  clusterProblems,
  etcdMembersOf,
  isEtcdOfHosts,
  isLeaving,
  membersOf,
  unknownLeavingMember,
} from '../lib/cluster/index.ts'
import { seenFacts, seenMembers } from './kubespray/seen.ts'
import { layoutOf } from './layouts/index.ts'
import { absentParams } from './params.ts'
import { staysMember } from './stays-member.ts'

/**
 * An etcd member that leaves: out of the cluster first, then stopped, then its data and keys removed. Does nothing on
 * other hosts.
 */
export const etcdAbsent = defineRole({
  name: 'etcd-absent',
  description: 'no etcd member on this host',
  params: absentParams,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => [
    ...unknownLeavingMember(inventory, params.leaving),
    ...(membersOf(inventory, params.deployment, params.leaving).length === 0 ? ['no etcd member would be left'] : []),
  ],
  peers: ({ params, inventory, host }) => ({
    hosts:
      isEtcdOfHosts(params.deployment) && isLeaving(host, params.leaving)
        ? etcdMembersOf(inventory).map(({ name }) => name)
        : [],
    facts: () => seenFacts,
  }),
  tasks: ({ params, host, inventory, peers }) => {
    if (!isLeaving(host, params.leaving)) return []
    if (params.deployment === 'external') return [staysMember(host)]
    // A member that kubeadm made leaves with its master.
    if (params.deployment === 'kubeadm') return []
    const seen = seenMembers(peers)
    return layoutOf(seen).absent({ params, host, inventory, seen })
  },
})
