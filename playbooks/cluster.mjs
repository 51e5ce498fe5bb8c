#!/usr/bin/env zx
// @ts-check
// Brings a cluster up: everything that upgrade.mjs keeps in step, made from nothing and all hosts at once.
import { play, playbook } from 'rota'
import {
  apiServerReady,
  controlPlane,
  etcd,
  etcdHealthy,
  haproxyProxy,
  kubeBinaries,
  kubeClients,
  kubesprayInventory,
  majority,
  nginxProxy,
  nodeProxyAbsent,
  noWorkers,
} from 'rota/roles'
import { balancersAndTheirAddress, kernelBalancesToMasters, nothingOfOtherBalancers } from './parts/balancers.mjs'
import {
  everyHostKnowsEveryOther,
  nginxFromSource,
  nodesAreMarked,
  workersHavePrograms,
  workersJoin,
} from './parts/hosts.mjs'
import { nothingStandsInTheWay } from './parts/preflight.mjs'

await playbook(
  'cluster',
  [
    nothingStandsInTheWay,
    everyHostKnowsEveryOther,
    play('etcd', {
      hosts: 'etcd',
      // There is none where kubeadm keeps it inside the masters, or somebody else runs it.
      optional: true,
      tags: ['etcd', 'master'],
      gate: etcdHealthy(),
      keepAvailable: majority,
      roles: [etcd()],
      anyErrorsFatal: true,
    }),
    // Before the masters: those that kubeadm makes join through the virtual address.
    kernelBalancesToMasters(),
    balancersAndTheirAddress(),
    play('masters', {
      hosts: 'kube_control_plane',
      tags: ['master', 'control-plane'],
      gate: apiServerReady(),
      keepAvailable: majority,
      roles: [kubeBinaries(), controlPlane()],
      anyErrorsFatal: true,
    }),
    workersHavePrograms,
    workersJoin,
    nodesAreMarked,
    nginxFromSource,
    play('the proxy of every node, and its clients', {
      hosts: 'k8s_cluster',
      optional: noWorkers,
      roles: [
        nginxProxy({}, { tags: ['nginx', 'nginx-proxy'] }),
        haproxyProxy({}, { tags: 'haproxy-proxy' }),
        kubeClients({}, { tags: 'clients' }),
        nodeProxyAbsent({}, { tags: 'clients' }),
      ],
    }),
    nothingOfOtherBalancers(),
  ],
  { inventory: kubesprayInventory },
)
