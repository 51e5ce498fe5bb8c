import { defineRole } from 'rota'
import {
  cluster,
  clusterProblems,
  etcdAccessAddressOf,
  etcdMembersOf,
  isEtcdOfHosts,
  isLeaving,
  unknownLeavingMember,
} from '../lib/cluster/index.ts'
import {
  defaultLifetime,
  etcdAuthorities,
  etcdWishes,
  type PreparedCertificates,
  prepareCertificates,
} from '../lib/pki/index.ts'
import { seenFacts, seenMembers } from './kubespray/seen.ts'
import { layoutOf } from './layouts/index.ts'
import { params } from './params.ts'

/**
 * A member of the etcd cluster: new clusters and new members alike, in our own layout or in kubespray's, whichever the
 * hosts have. Existing members are left alone when one is added.
 */
export const etcd = defineRole({
  name: 'etcd',
  description: 'a member of the etcd cluster',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeavingMember(inventory, params.leaving),
  prepare: ({ hosts, inventory, check }): Promise<PreparedCertificates> =>
    prepareCertificates(
      { inventory, check },
      hosts.flatMap(({ host, params }) =>
        isEtcdOfHosts(params.deployment) ? etcdWishes(host, etcdAccessAddressOf(host, inventory)) : [],
      ),
      etcdAuthorities,
      { ...defaultLifetime, certificateDays: hosts[0]?.params.certificateDays ?? defaultLifetime.certificateDays },
      // kubespray's members have theirs, and whether there are any the hosts are yet to be asked.
      'used',
    ),
  peers: ({ params, inventory }) => ({
    hosts: isEtcdOfHosts(params.deployment)
      ? etcdMembersOf(inventory, params.asksLeaving ? [] : params.leaving).map(({ name }) => name)
      : [],
    facts: () => seenFacts,
  }),
  tasks: ({ params, host, inventory, peers, prepared }) => {
    if (!isEtcdOfHosts(params.deployment) || isLeaving(host, params.leaving)) return []
    const seen = seenMembers(peers)
    return layoutOf(seen).tasks({ params, host, inventory, seen, prepared })
  },
  handlers: ({ params, peers }) => layoutOf(seenMembers(peers)).handlers({ params }),
})
