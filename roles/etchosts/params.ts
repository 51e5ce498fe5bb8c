import {
  dnsDomain,
  externalLoadBalancer,
  leaving,
  leavingStayNodes,
  loadBalancerName,
  virtualAddress,
} from '../lib/cluster/params.ts'

export const params = {
  type: 'object',
  properties: {
    populate: {
      type: 'boolean',
      default: true,
      var: 'populate_inventory_to_hosts_file',
      description: 'false removes the block.',
    },
    dnsDomain,
    groups: {
      type: 'array',
      items: { type: 'string', text: 'line' },
      default: ['k8s_cluster', 'etcd', 'calico_rr'],
      description: 'Groups whose hosts are written.',
    },
    virtualAddress,
    externalLoadBalancer,
    loadBalancerName,
    virtualAddressLine: {
      type: 'boolean',
      default: true,
      var: 'populate_loadbalancer_apiserver_to_hosts_file',
      description: 'Write a line for the external load balancer, or the virtual address, where there is one.',
    },
    leaving,
    leavingStayNodes,
  },
} as const
