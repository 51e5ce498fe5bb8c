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
  lvsRealServer,
  lvsRealServerAbsent,
  majority,
  nginxBuild,
  nginxProxy,
  nginxVip,
  nginxVipAbsent,
} from 'rota/roles'

const masters = { hosts: 'kube_control_plane', anyErrorsFatal: true }
/** Hosts that the virtual address may be on: those of load_balancer, or the masters. */
const balancers = { hosts: ['load_balancer', 'kube_control_plane'], anyErrorsFatal: true }

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
  play('masters', {
    ...masters,
    tags: ['master', 'control-plane'],
    gate: apiServerReady(),
    keepAvailable: majority,
    roles: [kubeBinaries(), controlPlane()],
  }),
  play('load balancers of the masters', { ...balancers, tags: 'haproxy', roles: [lvsRealServerAbsent(), haproxy()] }),
  play('masters that the kernel balances to', {
    ...masters,
    tags: 'lvs',
    roles: [lvsRealServer()],
  }),
  play('nginx behind the virtual address', { ...balancers, tags: 'nginx-vip', roles: [nginxVip()] }),
  play('the virtual address', { ...balancers, tags: ['keepalived', 'lvs'], roles: [keepalived()] }),
  play('nothing is left of another load balancer', {
    ...balancers,
    tags: ['haproxy', 'nginx-vip', 'keepalived', 'lvs'],
    roles: [keepalivedAbsent(), haproxyAbsent(), nginxVipAbsent()],
  }),
  play('nginx from source, built once', {
    hosts: ['kube_node', 'kube_control_plane'],
    tags: ['nginx', 'nginx-proxy'],
    roles: [nginxBuild()],
    anyErrorsFatal: true,
  }),
  play('the proxy of every node', {
    hosts: ['kube_node', 'kube_control_plane'],
    tags: ['nginx', 'nginx-proxy'],
    roles: [nginxProxy()],
  }),
  play('or haproxy on every node', { hosts: 'kube_node', tags: 'haproxy-proxy', roles: [haproxyProxy()] }),
])
