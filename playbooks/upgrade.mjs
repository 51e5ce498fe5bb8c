#!/usr/bin/env zx
// @ts-check
// A rolling upgrade of the masters and of everything that leads to them. A master that the inventory names for the first time joins, is
// proven ready, and only then appears in the load balancers. Which set-up there is, say the inventory's variables: roles of others do nothing.
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
  nodeServes,
  noWorkers,
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
  play('every host knows every other', {
    hosts: ['k8s_cluster', 'etcd', 'calico_rr'],
    optional: noWorkers,
    tags: 'etchosts',
    roles: [etchosts()],
  }),
  play('masters that the kernel balances to', {
    hosts: 'kube_control_plane',
    serial: '20%',
    tags: 'lvs',
    roles: [lvsRealServer()],
    anyErrorsFatal: true,
  }),
  // What was there before stays until its clients have gone, but for one on the same port.
  play('load balancers of the masters, and their virtual address', {
    hosts: ['load_balancer', 'kube_control_plane'],
    serial: '20%',
    roles: [
      haproxy({}, { tags: 'haproxy' }),
      nginxVip({}, { tags: 'nginx-vip' }),
      keepalived({}, { tags: ['keepalived', 'lvs'] }),
    ],
    anyErrorsFatal: true,
  }),
  play('nginx from source, built once', {
    hosts: 'k8s_cluster',
    optional: noWorkers,
    tags: ['nginx', 'nginx-proxy'],
    roles: [nginxBuild()],
    anyErrorsFatal: true,
  }),
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
  // Clients have gone to the new one. The address leaves first, then what it led to.
  play('nothing of another load balancer is left', {
    hosts: ['load_balancer', 'kube_control_plane'],
    serial: '20%',
    tags: 'leftovers',
    roles: [keepalivedAbsent(), haproxyAbsent(), nginxVipAbsent(), lvsRealServerAbsent()],
    anyErrorsFatal: true,
  }),
])
