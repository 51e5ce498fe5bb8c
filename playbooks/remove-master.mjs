#!/usr/bin/env zx
// @ts-check
// Takes a master out, the first one too: out of every proxy first, then the virtual address leaves it, then it is
// stopped. A dead one is not connected to: the others do without it, and its etcd member is removed through theirs.
// Afterwards take its line out of the inventory.
import { playbook } from 'rota'
import { kubesprayInventory } from 'rota/roles'
import { playsOfLeaving } from './parts/leaving.mjs'

await playbook(
  'remove-master',
  ({ vars: { node, gone }, inventory }) => {
    const plays = playsOfLeaving(node, inventory)
    // etcd is the last that leaves, when no API server talks to its member any more: one whose endpoint goes away fails
    // a request or two.
    const alive = [
      plays.canBeReached,
      plays.othersAreReady,
      plays.outOfNodeProxies,
      plays.outOfBalancers,
      plays.addressGoesElsewhere,
      plays.daemonsStop,
      plays.othersDoWithoutIt,
      plays.noNodeOfIt,
      plays.etcdMemberLeaves,
      plays.noHostKnowsIt,
    ]
    const dead = [
      plays.othersAreReadyAndSeeItDead,
      plays.outOfNodeProxies,
      plays.outOfBalancers,
      plays.othersDoWithoutIt,
      plays.noNodeOfIt,
      plays.othersForgetItsEtcdMember,
      plays.noOtherHostKnowsIt,
    ]
    return gone ? dead : alive
  },
  {
    description:
      'Takes a master out of the cluster: out of every proxy first, then stopped. The first master is no exception. One that is dead and can not be reached is removed with -e gone=true.',
    // A master that is stopped while others still lead to it, or are not known to be ready.
    needsEveryPlay: true,
    inventory: kubesprayInventory,
    vars: {
      node: {
        type: 'string',
        pattern: '^[^\\s,:;!&*?~@$|()\\[\\]\\{\\}]+$',
        description: 'the master that leaves, by its name in the inventory',
      },
      gone: {
        type: 'boolean',
        default: false,
        description:
          'it is dead or unreachable: it is not connected to, and the others remove it from their etcd cluster',
      },
    },
  },
)
