#!/usr/bin/env zx
// @ts-check
// Takes a master out, the first one too: out of every proxy first, then the virtual address leaves it, then it is stopped. A dead one is
// not connected to: the others do without it, and its etcd member is removed through theirs. Afterwards take its line out of the inventory.
import { assert, computed, play, playbook } from 'rota'
import {
  apiServerReady,
  clientsDoWithout,
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

await playbook(
  'remove-master',
  ({ vars: { node, gone }, inventory }) => {
    const leaving = { leaving: node }
    const others = `kube_control_plane:!${node}`
    // Hosts of their own that the virtual address is on, where there are any.
    const balancers = inventory.group('load_balancer').length > 0 ? 'load_balancer' : others
    const around = [drainNode(leaving), drainApiServer(leaving)]
    const anyErrorsFatal = true
    return [
      ...(gone
        ? []
        : [
            // Found out before anything is changed; the name of the play is what the operator reads when it is not so.
            play('the master can be reached (one that is dead leaves with -e gone=true)', {
              hosts: node,
              tasks: context => [
                assert({ that: 'it can be reached', holds: computed({}, () => undefined) }),
                etcdIsOurs(context),
              ],
              anyErrorsFatal,
            }),
          ]),
      play('the masters that stay are ready', {
        hosts: others,
        gate: apiServerReady({ timeout: 30 }),
        ...(gone ? { tasks: context => [isGone(node)(context), etcdIsOurs(context)] } : {}),
        anyErrorsFatal,
      }),
      play('out of the proxy of every node', {
        hosts: `k8s_cluster:!${node}`,
        optional: noWorkers,
        serial: '20%',
        tasks: clientsDoWithout(node),
        roles: [nginxProxy(leaving), haproxyProxy(leaving)],
        anyErrorsFatal,
      }),
      play('out of the other load balancers', {
        hosts: balancers,
        serial: 1,
        // With LVS it is keepalived that lists the masters.
        roles: [haproxy(leaving), nginxVip(leaving), ...(balancers === others ? [] : [keepalived(leaving)])],
        anyErrorsFatal,
      }),
      ...(gone
        ? []
        : [
            play('the virtual address goes elsewhere', {
              hosts: node,
              roles: [
                keepalivedAbsent(leaving),
                haproxyAbsent(leaving),
                nginxVipAbsent(leaving),
                lvsRealServerAbsent(leaving),
              ],
              anyErrorsFatal,
            }),
            play('its own daemons stop', { hosts: node, around, roles: [controlPlaneAbsent(leaving)], anyErrorsFatal }),
          ]),
      play('the others do without it', {
        hosts: others,
        serial: 1,
        gate: apiServerReady(),
        keepAvailable: majority,
        around,
        roles: [controlPlane(leaving), keepalived(leaving)],
        anyErrorsFatal,
      }),
      play('the cluster has no node of it', { hosts: others, serial: 1, roles: [nodeAbsent(leaving)], anyErrorsFatal }),
      // Last, when no API server talks to its etcd any more: one whose endpoint goes away fails a request or two.
      gone
        ? play('out of the etcd cluster', {
            hosts: ['etcd', 'kube_control_plane', `!${node}`],
            serial: 1,
            roles: [etcdForget(leaving)],
            anyErrorsFatal,
          })
        : play('out of the etcd cluster', {
            hosts: `etcd:&${node}`,
            // It may be that etcd is not on the masters.
            optional: true,
            roles: [etcdAbsent(leaving)],
            anyErrorsFatal,
          }),
      play('no host knows it any more', {
        hosts: ['k8s_cluster', 'etcd', 'calico_rr', ...(gone ? [`!${node}`] : [])],
        optional: noWorkers,
        roles: [etchosts(leaving)],
      }),
    ]
  },
  {
    description:
      'Takes a master out of the cluster: out of every proxy first, then stopped. The first master is no exception. One that is dead and can not be reached is removed with -e gone=true.',
    // A master that is stopped while others still lead to it, or are not known to be ready.
    whole: true,
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
