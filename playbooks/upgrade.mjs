#!/usr/bin/env zx
// @ts-check
// A rolling upgrade of the masters and of everything that leads to them. A master that the inventory names for the first time joins, is
// proven ready, and only then appears in the load balancers.
import { play, playbook } from 'rota'
import {
  apiServerReady,
  controlPlane,
  drainApiServer,
  drainNode,
  etcd,
  etcdHealthy,
  etchosts,
  haproxy,
  keepalived,
  kubeBinaries,
  kubeClients,
  majority,
  nginxProxy,
  nodeServes,
} from 'rota/roles'

await playbook('upgrade', [
  play('programs of the version, beside those in use', {
    hosts: 'kube_control_plane',
    tags: ['master', 'control-plane', 'download'],
    roles: [kubeBinaries()],
    anyErrorsFatal: true,
  }),
  play('etcd members', {
    hosts: 'etcd',
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
  play('every host knows every other', {
    hosts: ['k8s_cluster', 'etcd', 'calico_rr'],
    tags: 'etchosts',
    roles: [etchosts()],
  }),
  play('load balancers of the masters', {
    hosts: 'kube_control_plane',
    serial: '20%',
    tags: 'haproxy',
    roles: [haproxy()],
    anyErrorsFatal: true,
  }),
  play('the virtual address', {
    hosts: 'kube_control_plane',
    serial: '20%',
    tags: 'keepalived',
    roles: [keepalived()],
    anyErrorsFatal: true,
  }),
  play('the proxy of every node', {
    hosts: 'kube_node',
    serial: '20%',
    tags: ['nginx', 'nginx-proxy'],
    roles: [nginxProxy()],
  }),
  play('clients go through the proxies', {
    hosts: 'k8s_cluster',
    serial: '20%',
    tags: 'clients',
    around: [nodeServes()],
    roles: [kubeClients()],
    anyErrorsFatal: true,
  }),
])
