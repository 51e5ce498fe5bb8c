#!/usr/bin/env zx
// @ts-check
// A rolling upgrade of the masters and of everything that leads to them. A master that the inventory names for the
// first time joins, is proven ready, and only then appears in the load balancers. Which set-up there is, say the
// inventory's variables: roles of others do nothing.
import { play, playbook } from 'rota'
import {
  apiServerReady,
  controlPlane,
  drainApiServer,
  drainNode,
  etcd,
  etcdHealthy,
  haproxyProxy,
  kubeBinaries,
  kubeClients,
  kubesprayInventory,
  majority,
  nginxProxy,
  nodeProxyAbsent,
  nodeServes,
  noWorkers,
} from 'rota/roles'
import { balancersAndTheirAddress, kernelBalancesToMasters, nothingOfOtherBalancers } from './parts/balancers.mjs'
import { everyHostKnowsEveryOther, nginxFromSource } from './parts/hosts.mjs'

await playbook(
  'upgrade',
  [
    play('programs of the version, beside those in use', {
      hosts: 'kube_control_plane',
      tags: ['master', 'control-plane', 'download'],
      roles: [kubeBinaries()],
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
    play('masters, a few at a time', {
      hosts: 'kube_control_plane',
      serial: '20%',
      tags: ['master', 'control-plane'],
      gate: apiServerReady(),
      keepAvailable: majority,
      around: [drainNode(), drainApiServer()],
      roles: [controlPlane()],
      anyErrorsFatal: true,
    }),
    everyHostKnowsEveryOther,
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
  ],
  { inventory: kubesprayInventory },
)
