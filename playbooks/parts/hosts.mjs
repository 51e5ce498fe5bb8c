// @ts-check
// Plays about every host of the cluster, and about its nodes.
import { play } from 'rota'
import { etchosts, nginxBuild, noWorkers } from 'rota/roles'

export const everyHostKnowsEveryOther = play('every host knows every other', {
  hosts: ['k8s_cluster', 'etcd', 'calico_rr'],
  optional: noWorkers,
  tags: 'etchosts',
  roles: [etchosts()],
})

export const nginxFromSource = play('nginx from source, built once', {
  hosts: 'k8s_cluster',
  optional: noWorkers,
  tags: ['nginx', 'nginx-proxy'],
  roles: [nginxBuild()],
  anyErrorsFatal: true,
})
