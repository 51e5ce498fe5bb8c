// @ts-check
// Plays that come before all others: they look, and change nothing.
import { play } from 'rota'
import {
  clusterPreflight,
  etcdPreflight,
  hostPreflight,
  masterEnginePreflight,
  preflight,
  workerEnginePreflight,
  workerPreflight,
} from 'rota/roles'

const ofMasters = ['master', 'control-plane', 'preflight']

export const nothingStandsInTheWay = play('nothing stands in the way', {
  hosts: ['kube_control_plane', 'kube_node', 'calico_rr', 'etcd', 'load_balancer'],
  roles: [
    etcdPreflight({}, { tags: [...ofMasters, 'etcd'] }),
    preflight({}, { tags: ofMasters }),
    workerPreflight({}, { tags: ['node', 'preflight'] }),
    clusterPreflight({}, { tags: [...ofMasters, 'node'] }),
    // Who is not worked on is not connected to either.
    hostPreflight({ among: 'masters' }, { tags: ofMasters }),
    hostPreflight({ among: 'balancers' }, { tags: ['haproxy', 'nginx-vip', 'keepalived', 'lvs', 'preflight'] }),
    hostPreflight({ among: 'workers' }, { tags: ['node', 'preflight'] }),
    masterEnginePreflight({}, { tags: [...ofMasters, 'container-engine'] }),
    workerEnginePreflight({}, { tags: ['node', 'preflight', 'container-engine'] }),
  ],
  anyErrorsFatal: true,
})

/**
 * The same where a host leaves: what a version asks for does not matter then, and a disk that is full for it neither.
 * @param {string} node
 * @param {readonly string[]} hosts that are worked on, or asked
 */
export const nothingStandsInTheWayOfLeaving = (node, hosts) =>
  play('nothing stands in the way', {
    hosts,
    roles: [clusterPreflight({ leaving: node }), hostPreflight({ leaving: node, fetches: false })],
    anyErrorsFatal: true,
  })
