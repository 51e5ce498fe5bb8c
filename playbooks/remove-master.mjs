#!/usr/bin/env zx
// @ts-check
// Takes a master out, the first one too: out of every proxy first, then the virtual address leaves it, then it is stopped. Afterwards take its
// line out of the inventory.
import { play, playbook } from 'rota'
import {
  apiServerReady,
  controlPlane,
  controlPlaneAbsent,
  drainApiServer,
  drainNode,
  etcdAbsent,
  etchosts,
  haproxy,
  haproxyAbsent,
  keepalived,
  keepalivedAbsent,
  majority,
  nginxProxy,
} from 'rota/roles'

await playbook(
  'remove-master',
  ({ vars }) => {
    const node = String(vars.node)
    const leaving = { leaving: node }
    const others = `kube_control_plane:!${node}`
    return [
      play('out of the proxy of every node', {
        hosts: 'kube_node',
        serial: '20%',
        roles: [nginxProxy(leaving)],
        anyErrorsFatal: true,
      }),
      play('out of the other load balancers', {
        hosts: others,
        serial: 1,
        roles: [haproxy(leaving)],
        anyErrorsFatal: true,
      }),
      play('the virtual address goes elsewhere', {
        hosts: node,
        roles: [keepalivedAbsent(leaving), haproxyAbsent(leaving)],
        anyErrorsFatal: true,
      }),
      play('its own daemons stop', {
        hosts: node,
        around: [drainNode(), drainApiServer()],
        roles: [controlPlaneAbsent(leaving)],
        anyErrorsFatal: true,
      }),
      play('the others do without it', {
        hosts: others,
        serial: 1,
        gate: apiServerReady(),
        keepAvailable: majority,
        around: [drainNode(), drainApiServer()],
        roles: [controlPlane(leaving), keepalived(leaving)],
        anyErrorsFatal: true,
      }),
      // Last, when no API server talks to its etcd any more: one whose endpoint goes away fails a request or two.
      play('out of the etcd cluster', { hosts: node, roles: [etcdAbsent(leaving)], anyErrorsFatal: true }),
      play('no host knows it any more', { hosts: ['k8s_cluster', 'etcd', 'calico_rr'], roles: [etchosts(leaving)] }),
    ]
  },
  {
    description:
      'Takes a master out of the cluster: out of every proxy first, then stopped. The first master is no exception.',
    vars: {
      node: { type: 'string', minLength: 1, description: 'the master that leaves, by its name in the inventory' },
    },
  },
)
