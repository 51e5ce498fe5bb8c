#!/usr/bin/env zx
// @ts-check
// Replaces a master by another host, the first one too: the new one joins, is proven ready and listed in every proxy
// and balancer; then the old one leaves, as remove-master.mjs has it. Of a dead one the others are rid first, for the
// sake of etcd's quorum, and then the new one joins. Both are in kube_control_plane meanwhile; afterwards take the old
// one's line out of the inventory.
import { playbook } from 'rota'
import { kubesprayInventory } from 'rota/roles'
import { aName, varsOfLeaving } from './parts/leaving.mjs'
import { notAReplacement, playsOfReplacing } from './parts/replacing.mjs'

await playbook(
  'replace-master',
  ({ vars, inventory }) => {
    const refused = notAReplacement(vars, inventory)
    if (refused !== undefined) return [refused]
    const { before, after, ...plays } = playsOfReplacing(vars, inventory)
    const joins = [plays.programsOfNew, plays.etcdMemberJoins, plays.membersKnowIt, plays.newJoins, plays.allAreReady]
    const leadsToIt = [
      plays.kernelBalancesToNew,
      plays.inNodeProxies,
      plays.inProxiesOfMasters,
      plays.inBalancers,
      plays.clientsOfNew,
    ]
    // All plays have the same end in view, a cluster with the one and without the other: wherever a run is cut short,
    // the next one goes on from there, and lets nobody join who was about to leave.
    const alive = [
      plays.newCanBeReached,
      after.canBeReached,
      plays.othersAreReady,
      plays.nothingStandsInTheWay,
      plays.newMayJoin,
      after.proxyCanBeHad,
      ...joins,
      ...leadsToIt,
      after.addressGoesElsewhere,
      after.daemonsStop,
      before.othersDoWithoutIt,
      plays.addressMayComeToNew,
      after.noNodeOfIt,
      after.etcdMemberLeaves,
      plays.newIsMarked,
      after.noHostKnowsIt,
    ]
    const dead = [
      plays.newCanBeReached,
      plays.othersAreReadyAndSeeItDead,
      plays.nothingStandsInTheWay,
      plays.newMayJoin,
      before.outOfNodeProxies,
      before.outOfProxiesOfMasters,
      before.outOfBalancers,
      before.noNodeOfIt,
      before.othersForgetItsEtcdMember,
      ...joins,
      ...leadsToIt,
      before.othersDoWithoutIt,
      plays.addressMayComeToNew,
      plays.newIsMarked,
      after.noOtherHostKnowsIt,
    ]
    return vars.gone ? dead : alive
  },
  {
    description:
      'Replaces a master by another host, which joins and is proven before the old one leaves. The first master is no exception. One that is dead and can not be reached is replaced with -e gone=true. Both are in kube_control_plane meanwhile.',
    // A master that is stopped while others still lead to it, or before there is another one.
    needsEveryPlay: true,
    inventory: kubesprayInventory,
    vars: {
      ...varsOfLeaving('master', ', and the others remove it from their etcd cluster'),
      by: {
        type: 'string',
        pattern: aName,
        description: 'the host that takes its place, by its name in the inventory',
      },
    },
  },
)
