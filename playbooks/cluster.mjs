#!/usr/bin/env zx
// @ts-check
// Brings a cluster up: everything that upgrade.mjs keeps in step, made from nothing and all hosts at once.
import { play, playbook } from 'rota'
import {
  apiServerReady,
  controlPlane,
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

const masters = { hosts: 'kube_control_plane', anyErrorsFatal: true }

await playbook('cluster', [
  play('every host knows every other', {
    hosts: ['k8s_cluster', 'etcd', 'calico_rr'],
    tags: 'etchosts',
    roles: [etchosts()],
  }),
  play('etcd', {
    hosts: 'etcd',
    tags: ['etcd', 'master'],
    gate: etcdHealthy(),
    keepAvailable: majority,
    roles: [etcd()],
    anyErrorsFatal: true,
  }),
  // Before the masters: those that kubeadm makes join through the virtual address.
  play('load balancers of the masters', { ...masters, tags: 'haproxy', roles: [haproxy()] }),
  play('the virtual address', { ...masters, tags: 'keepalived', roles: [keepalived()] }),
  play('masters', {
    ...masters,
    tags: ['master', 'control-plane'],
    gate: apiServerReady(),
    keepAvailable: majority,
    roles: [kubeBinaries(), controlPlane()],
  }),
  play('the proxy of every node', { hosts: 'kube_node', tags: ['nginx', 'nginx-proxy'], roles: [nginxProxy()] }),
  play('clients go through the proxies', {
    hosts: 'k8s_cluster',
    tags: 'clients',
    around: [nodeServes()],
    roles: [kubeClients()],
    anyErrorsFatal: true,
  }),
])
