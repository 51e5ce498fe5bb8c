#!/usr/bin/env zx
// @ts-check
// Takes a worker out: its pods go elsewhere, what kubeadm made of it is reset, and no other host knows it any more. A
// dead one is not connected to. Afterwards take its line out of the inventory.
import { assert, computed, play, playbook } from 'rota'
import {
  apiServerReady,
  drainNode,
  etchosts,
  halfOfNodes,
  kubesprayInventory,
  nodeAbsent,
  nodeIsGone,
  workerAbsent,
} from 'rota/roles'
import { leavesAlone, varsOfLeaving } from './parts/leaving.mjs'
import { nothingStandsInTheWayOfLeaving } from './parts/preflight.mjs'

await playbook(
  'remove-node',
  ({ vars: { node, gone } }) => {
    const leaving = { leaving: node }
    const anyErrorsFatal = true
    const everyHost = ['k8s_cluster', 'etcd', 'calico_rr']
    const apiServersAnswer = { hosts: 'kube_control_plane', gate: apiServerReady({ timeout: 30 }), anyErrorsFatal }
    const noNodeOfIt = play('the cluster has no node of it', {
      hosts: 'kube_control_plane',
      serial: 1,
      roles: [nodeAbsent(leaving)],
      anyErrorsFatal,
    })
    const noHostKnowsIt = (/** @type {readonly string[]} */ hosts) =>
      play('no host knows it any more', { hosts, roles: [etchosts(leaving)] })
    if (gone)
      return [
        play('the masters are ready and see it dead', {
          ...apiServersAnswer,
          tasks: nodeIsGone(node),
          // They say who may leave by this before any host is touched.
          roles: [leavesAlone(node), workerAbsent(leaving)],
        }),
        nothingStandsInTheWayOfLeaving(node, ['kube_control_plane']),
        noNodeOfIt,
        noHostKnowsIt([...everyHost, `!${node}`]),
      ]
    return [
      play('the node can be reached (one that is dead leaves with -e gone=true)', {
        hosts: node,
        roles: [leavesAlone(node)],
        tasks: [assert({ that: 'it can be reached', holds: computed({}, () => undefined) })],
        anyErrorsFatal,
      }),
      play('the masters are ready', apiServersAnswer),
      // Not of all: a worker that is down keeps no other one from leaving.
      nothingStandsInTheWayOfLeaving(node, ['kube_control_plane', node]),
      play('its pods go elsewhere, and nothing of the cluster is left on it', {
        hosts: node,
        around: [drainNode({ ready: halfOfNodes })],
        roles: [workerAbsent(leaving)],
        anyErrorsFatal,
      }),
      noNodeOfIt,
      noHostKnowsIt(everyHost),
    ]
  },
  {
    description:
      'Takes a worker out of the cluster: drained, reset, its node deleted. One that is dead and can not be reached is removed with -e gone=true.',
    // A node that is reset while its pods are still there, or that comes back by itself.
    needsEveryPlay: true,
    inventory: kubesprayInventory,
    vars: varsOfLeaving('worker'),
  },
)
