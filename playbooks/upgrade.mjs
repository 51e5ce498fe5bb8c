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
  haproxyAbsent,
  haproxyProxy,
  keepalived,
  keepalivedAbsent,
  kubeBinaries,
  lvsRealServer,
  lvsRealServerAbsent,
  majority,
  nginxBuild,
  nginxProxy,
  nginxVip,
  nginxVipAbsent,
  nodeProxyAbsent,
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
    hosts: ['load_balancer', 'kube_control_plane'],
    serial: '20%',
    tags: 'haproxy',
    roles: [lvsRealServerAbsent(), haproxy()],
    anyErrorsFatal: true,
  }),
  play('masters that the kernel balances to', {
    hosts: 'kube_control_plane',
    serial: '20%',
    tags: 'lvs',
    roles: [lvsRealServer()],
    anyErrorsFatal: true,
  }),
  play('nginx behind the virtual address', {
    hosts: ['load_balancer', 'kube_control_plane'],
    serial: '20%',
    tags: 'nginx-vip',
    roles: [nginxVip()],
    anyErrorsFatal: true,
  }),
  play('the virtual address', {
    hosts: ['load_balancer', 'kube_control_plane'],
    serial: '20%',
    tags: ['keepalived', 'lvs'],
    roles: [keepalived()],
    anyErrorsFatal: true,
  }),
  // Last: by now the virtual address is where it shall be.
  play('nothing is left of another load balancer', {
    hosts: ['load_balancer', 'kube_control_plane'],
    serial: '20%',
    tags: ['haproxy', 'nginx-vip', 'keepalived', 'lvs'],
    roles: [keepalivedAbsent(), haproxyAbsent(), nginxVipAbsent()],
    anyErrorsFatal: true,
  }),
  play('nginx from source, built once', {
    hosts: ['kube_node', 'kube_control_plane'],
    tags: ['nginx', 'nginx-proxy'],
    roles: [nginxBuild()],
    anyErrorsFatal: true,
  }),
  play('the proxy of every node', {
    hosts: ['kube_node', 'kube_control_plane'],
    serial: '20%',
    tags: ['nginx', 'nginx-proxy'],
    roles: [nginxProxy()],
  }),
  play('or haproxy on every node', {
    hosts: 'kube_node',
    serial: '20%',
    tags: 'haproxy-proxy',
    roles: [haproxyProxy()],
  }),
  // After the clients were pointed to the proxy above.
  play('no other proxy of a node is left', {
    hosts: ['kube_node', 'kube_control_plane'],
    serial: '20%',
    tags: 'node-proxy-absent',
    roles: [nodeProxyAbsent()],
  }),
])
