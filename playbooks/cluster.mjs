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
  majority,
  nginxBuild,
  nginxProxy,
  nginxVip,
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
  play('masters', {
    ...masters,
    tags: ['master', 'control-plane'],
    gate: apiServerReady(),
    keepAvailable: majority,
    roles: [kubeBinaries(), controlPlane()],
  }),
  play('load balancers of the masters', { ...masters, tags: 'haproxy', roles: [haproxy()] }),
  play('nginx behind the virtual address', {
    hosts: ['load_balancer', 'kube_control_plane'],
    tags: 'nginx-vip',
    roles: [nginxVip()],
    anyErrorsFatal: true,
  }),
  play('the virtual address', { ...masters, tags: 'keepalived', roles: [keepalived()] }),
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
])
