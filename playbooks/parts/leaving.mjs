// @ts-check
// The plays that take a master out, by name: remove-master.mjs says which of them, in which order.
import { assert, computed, defineRole, play } from 'rota'
import {
  apiServerReady,
  clientsDoWithout,
  cluster,
  controlPlane,
  controlPlaneAbsent,
  drainApiServer,
  drainNode,
  etcdAbsent,
  etcdForget,
  etcdIsOurs,
  etchosts,
  haproxy,
  haproxyAbsent,
  haproxyProxy,
  isGone,
  keepalived,
  keepalivedAbsent,
  lvsRealServerAbsent,
  majority,
  nginxProxy,
  nginxVip,
  nginxVipAbsent,
  nodeAbsent,
  noWorkers,
} from 'rota/roles'

/**
 * @param {string} node the master that leaves
 * @param {import('rota').InventoryView} inventory
 */
export function playsOfLeaving(node, inventory) {
  const leaving = { leaving: node }
  const others = `kube_control_plane:!${node}`
  const everyHost = ['k8s_cluster', 'etcd', 'calico_rr']
  const hasBalancers = inventory.group('load_balancer').length > 0
  const around = [drainNode(), drainApiServer()]
  const anyErrorsFatal = true

  // An extra variable would beat what this playbook says, and of two masters each would be taken out by half.
  const leavesAlone = defineRole({
    name: 'remove-master',
    cluster,
    params: { type: 'object', properties: {} },
    check: ({ cluster: { leaving: said } }) =>
      [said].flat().join() === node
        ? []
        : [`${node} is to leave, and leaving_masters is ${JSON.stringify(said)}: leave -e leaving_masters=… away`],
    tasks: () => [],
  })

  const othersAreReady = {
    hosts: others,
    gate: apiServerReady({ timeout: 30 }),
    anyErrorsFatal,
  }

  return {
    // The name of the play is what the operator reads when it is not so.
    canBeReached: play('the master can be reached (one that is dead leaves with -e gone=true)', {
      hosts: node,
      roles: [leavesAlone()],
      tasks: context => [
        assert({ that: 'it can be reached', holds: computed({}, () => undefined) }),
        etcdIsOurs(context),
      ],
      anyErrorsFatal,
    }),

    othersAreReady: play('the masters that stay are ready', othersAreReady),

    othersAreReadyAndSeeItDead: play('the masters that stay are ready', {
      ...othersAreReady,
      roles: [leavesAlone()],
      tasks: context => [isGone(node)(context), etcdIsOurs(context)],
    }),

    outOfNodeProxies: play('out of the proxy of every node', {
      hosts: `k8s_cluster:!${node}`,
      optional: noWorkers,
      serial: '20%',
      tasks: clientsDoWithout(node),
      roles: [nginxProxy(leaving), haproxyProxy(leaving)],
      anyErrorsFatal,
    }),

    // With LVS it is keepalived that lists the masters.
    outOfBalancers: hasBalancers
      ? play('out of the other load balancers', {
          hosts: 'load_balancer',
          serial: 1,
          roles: [haproxy(leaving), nginxVip(leaving), keepalived(leaving)],
          anyErrorsFatal,
        })
      : play('out of the other load balancers', {
          hosts: others,
          serial: 1,
          roles: [haproxy(leaving), nginxVip(leaving)],
          anyErrorsFatal,
        }),

    addressGoesElsewhere: play('the virtual address goes elsewhere', {
      hosts: node,
      roles: [keepalivedAbsent(leaving), haproxyAbsent(leaving), nginxVipAbsent(leaving), lvsRealServerAbsent(leaving)],
      anyErrorsFatal,
    }),

    daemonsStop: play('its own daemons stop', {
      hosts: node,
      around,
      roles: [controlPlaneAbsent(leaving)],
      anyErrorsFatal,
    }),

    othersDoWithoutIt: play('the others do without it', {
      hosts: others,
      serial: 1,
      gate: apiServerReady(),
      keepAvailable: majority,
      around,
      roles: [controlPlane(leaving), keepalived(leaving)],
      anyErrorsFatal,
    }),

    noNodeOfIt: play('the cluster has no node of it', {
      hosts: others,
      serial: 1,
      roles: [nodeAbsent(leaving)],
      anyErrorsFatal,
    }),

    etcdMemberLeaves: play('out of the etcd cluster', {
      hosts: `etcd:&${node}`,
      // It may be that etcd is not on the masters.
      optional: true,
      roles: [etcdAbsent(leaving)],
      anyErrorsFatal,
    }),

    othersForgetItsEtcdMember: play('out of the etcd cluster', {
      hosts: ['etcd', 'kube_control_plane', `!${node}`],
      serial: 1,
      roles: [etcdForget(leaving)],
      anyErrorsFatal,
    }),

    noHostKnowsIt: play('no host knows it any more', {
      hosts: everyHost,
      optional: noWorkers,
      roles: [etchosts(leaving)],
    }),

    noOtherHostKnowsIt: play('no host knows it any more', {
      hosts: [...everyHost, `!${node}`],
      optional: noWorkers,
      roles: [etchosts(leaving)],
    }),
  }
}
