#!/usr/bin/env zx
// @ts-check
// Takes a master out, the first one too: out of every proxy first, then the virtual address leaves it, then it is
// stopped. A dead one is not connected to: the others do without it, and its etcd member is removed through theirs.
// Afterwards take its line out of the inventory.
import { playbook } from 'rota'
import { kubesprayInventory } from 'rota/roles'
import { playsOfLeaving, tooMany, varsOfLeaving } from './parts/leaving.mjs'

await playbook(
  'remove-master',
  ({ vars: { node, gone }, inventory }) => {
    const refused = tooMany(node, inventory)
    if (refused !== undefined) return [refused]
    const plays = playsOfLeaving({ node, gone }, inventory)
    // etcd is the last that leaves, when no API server talks to its member any more: one whose endpoint goes away fails
    // a request or two.
    const alive = [
      plays.canBeReached,
      plays.othersAreReady,
      plays.nothingStandsInTheWay,
      plays.proxyCanBeHad,
      plays.outOfNodeProxies,
      plays.outOfProxiesOfMasters,
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
      plays.nothingStandsInTheWay,
      plays.outOfNodeProxies,
      plays.outOfProxiesOfMasters,
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
    vars: varsOfLeaving('master', ', and the others remove it from their etcd cluster'),
  },
)
