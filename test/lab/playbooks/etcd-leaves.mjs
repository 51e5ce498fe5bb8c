#!/usr/bin/env zx
// @ts-check
// The member of one host leaves the etcd cluster: -e leaving_masters=HOST.
import { play, playbook } from 'rota'
import { etcdAbsent } from 'rota/roles'

await playbook('etcd-leaves', [play('out of the etcd cluster', { hosts: 'etcd', roles: [etcdAbsent()] })])
