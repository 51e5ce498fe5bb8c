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
    hosts: 'kube_control_plane',
    serial: '20%',
    tags: 'haproxy',
    roles: [haproxy()],
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
    hosts: 'kube_control_plane',
    serial: '20%',
    tags: 'keepalived',
    roles: [keepalived()],
    anyErrorsFatal: true,
  }),
  play('no nginx behind the virtual address where another balances', {
    hosts: ['load_balancer', 'kube_control_plane'],
    serial: '20%',
    tags: ['nginx-vip', 'haproxy', 'lvs'],
    roles: [nginxVipAbsent()],
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
  // After the clients were pointed to the proxy above.
  play('no other proxy of a node is left', {
    hosts: ['kube_node', 'kube_control_plane'],
    serial: '20%',
    tags: 'node-proxy-absent',
    roles: [nodeProxyAbsent()],
  }),
])
