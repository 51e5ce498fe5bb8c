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
  haproxyAbsent,
  haproxyProxy,
  keepalived,
  keepalivedAbsent,
  kubeBinaries,
  kubeClients,
  lvsRealServer,
  lvsRealServerAbsent,
  majority,
  nginxBuild,
  nginxProxy,
  nginxVip,
  nginxVipAbsent,
  nodeProxyAbsent,
  noWorkers,
} from 'rota/roles'

await playbook('cluster', [
  play('every host knows every other', {
    hosts: ['k8s_cluster', 'etcd', 'calico_rr'],
    optional: noWorkers,
    tags: 'etchosts',
    roles: [etchosts()],
  }),
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
  play('masters that the kernel balances to', {
    hosts: 'kube_control_plane',
    tags: 'lvs',
    roles: [lvsRealServer()],
    anyErrorsFatal: true,
  }),
  play('load balancers of the masters, and their virtual address', {
    hosts: ['load_balancer', 'kube_control_plane'],
    roles: [
      haproxy({}, { tags: 'haproxy' }),
      nginxVip({}, { tags: 'nginx-vip' }),
      keepalived({}, { tags: ['keepalived', 'lvs'] }),
    ],
    anyErrorsFatal: true,
  }),
  play('masters', {
    hosts: 'kube_control_plane',
    tags: ['master', 'control-plane'],
    gate: apiServerReady(),
    keepAvailable: majority,
    roles: [kubeBinaries(), controlPlane()],
    anyErrorsFatal: true,
  }),
  play('nginx from source, built once', {
    hosts: 'k8s_cluster',
    optional: noWorkers,
    tags: ['nginx', 'nginx-proxy'],
    roles: [nginxBuild()],
    anyErrorsFatal: true,
  }),
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
  // Clients have gone to the new one. The address leaves first, then what it led to.
  play('nothing of another load balancer is left', {
    hosts: ['load_balancer', 'kube_control_plane'],
    tags: 'leftovers',
    roles: [keepalivedAbsent(), haproxyAbsent(), nginxVipAbsent(), lvsRealServerAbsent()],
    anyErrorsFatal: true,
  }),
])
