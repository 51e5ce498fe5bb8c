#!/usr/bin/env zx
// @ts-check
// A rolling upgrade of the masters, of everything that leads to them, and of the workers. A master that the inventory
// names for the first time joins, is proven ready, and only then appears in the load balancers. Which set-up there is,
// say the inventory's variables: roles of others do nothing.
import { play, playbook } from 'rota'
import {
  allButOne,
  apiServerReady,
  apiServersAreNew,
  containerEngine,
  containerEnginePrograms,
  controlPlane,
  drainApiServer,
  drainNode,
  etcd,
  etcdHealthy,
  etcdMembersHealthy,
  etcdUpgrade,
  halfOfNodes,
  haproxyProxy,
  kubeBinaries,
  kubeClients,
  kubesprayInventory,
  majority,
  nginxProxy,
  nodeProxyAbsent,
  nodeServes,
  noWorkers,
  systemUpgrade,
  upgradeGates,
  worker,
} from 'rota/roles'
import { addonsFollow, addonsGoFirst, addonsInPlace } from './parts/addons.mjs'
import { balancersAndTheirAddress, kernelBalancesToMasters, nothingOfOtherBalancers } from './parts/balancers.mjs'
import {
  everyHostKnowsEveryOther,
  nginxFromSource,
  nodesAreMarked,
  ofWorkers,
  workersHaveEngine,
  workersHavePrograms,
  workersJoin,
} from './parts/hosts.mjs'
import { nothingStandsInTheWay } from './parts/preflight.mjs'

await playbook(
  'upgrade',
  [
    nothingStandsInTheWay,
    addonsInPlace,
    play('programs of the version, beside those in use', {
      hosts: 'kube_control_plane',
      tags: ['master', 'control-plane', 'download'],
      roles: [kubeBinaries(), containerEnginePrograms({}, { tags: 'container-engine' })],
      anyErrorsFatal: true,
    }),
    workersHavePrograms,
    workersHaveEngine,
    // Before members are added: whoever is new gets the programs of those that serve.
    play('etcd at the version that is asked for, one member after the other', {
      hosts: 'etcd',
      optional: true,
      tags: ['master', 'control-plane', 'etcd'],
      gate: etcdMembersHealthy(),
      keepAvailable: allButOne,
      roles: [etcdUpgrade()],
      anyErrorsFatal: true,
    }),
    play('etcd members', {
      hosts: 'etcd',
      // There is none where kubeadm keeps it inside the masters, or somebody else runs it.
      optional: true,
      tags: ['master', 'control-plane', 'etcd'],
      gate: etcdHealthy(),
      keepAvailable: majority,
      roles: [etcd()],
      anyErrorsFatal: true,
    }),
    addonsGoFirst,
    play('masters, a few at a time', {
      hosts: 'kube_control_plane',
      serial: '20%',
      tags: ['master', 'control-plane'],
      gate: apiServerReady(),
      keepAvailable: majority,
      afterBatch: [upgradeGates()],
      around: [drainNode(), drainApiServer()],
      roles: [
        systemUpgrade({}, { tags: ['system', 'system-upgrade'] }),
        containerEngine({}, { tags: 'container-engine' }),
        controlPlane(),
      ],
      anyErrorsFatal: true,
    }),
    addonsFollow('masters'),
    everyHostKnowsEveryOther,
    workersJoin,
    kernelBalancesToMasters({ serial: '20%' }),
    balancersAndTheirAddress({ serial: '20%' }),
    nginxFromSource,
    play('the proxy of every node', {
      hosts: 'k8s_cluster',
      optional: noWorkers,
      serial: '20%',
      roles: [nginxProxy({}, { tags: ['nginx', 'nginx-proxy'] }), haproxyProxy({}, { tags: 'haproxy-proxy' })],
    }),
    play('clients go through the proxies, and nothing of another proxy is left', {
      hosts: 'k8s_cluster',
      optional: noWorkers,
      serial: '20%',
      tags: 'clients',
      around: [nodeServes()],
      roles: [kubeClients(), nodeProxyAbsent()],
      anyErrorsFatal: true,
    }),
    nothingOfOtherBalancers({ serial: '20%' }),
    // So late, for it takes the longest, and nobody's way to the API servers waits for it.
    play('workers, a few at a time', {
      ...ofWorkers,
      serial: '20%',
      tags: 'node',
      afterBatch: [upgradeGates()],
      around: [apiServersAreNew(), drainNode({ ready: halfOfNodes }), nodeServes()],
      roles: [
        systemUpgrade({}, { tags: ['system', 'system-upgrade'] }),
        containerEngine({}, { tags: 'container-engine' }),
        worker(),
      ],
    }),
    nodesAreMarked,
    addonsFollow('nodes'),
  ],
  { inventory: kubesprayInventory },
)
