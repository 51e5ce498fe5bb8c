import { vipLoadBalancer as shared, virtualAddress } from '../cluster/params.ts'

/** What a proxy of a node has to know of the load balancer behind the virtual address, which may be on the same host. */
export const vipLoadBalancer = shared
export const vipAddress = virtualAddress
export const vipPort = {
  type: 'integer',
  minimum: 1,
  maximum: 65535,
  default: 8443,
  var: ['haproxy_kube_apiserver_port', 'haproxy_bind_port', 'nginx_vip_port'],
  description: 'Port of the load balancer behind the virtual address.',
} as const
