import { lvsPort, vipLoadBalancer } from './params.ts'

const port = { type: 'integer', minimum: 1, maximum: 65535 } as const

/** Ports of nginx behind the virtual address, where none is set. */
export const nginxVipPorts = { tcp: 8443, http: 8080 } as const

/**
 * The variables of the load balancers' own ports: what every role has to read that asks for the port of the virtual
 * address.
 */
export const haproxyPortVariables = ['haproxy_kube_apiserver_port', 'haproxy_bind_port'] as const
export const nginxVipPortVariables = ['nginx_vip_port', 'haproxy_kube_apiserver_port'] as const

/** Params that the port of the virtual address follows from (`vipPortOf`), beside the API servers' own. */
export const vipPortParams = {
  vipLoadBalancer,
  kubeVip: {
    type: 'boolean',
    default: false,
    var: 'kube_vip_enabled',
    description: "The virtual address is kube-vip's, on a master and with the API server's own port.",
  },
  haproxyPort: {
    ...port,
    default: 8443,
    var: haproxyPortVariables,
    description: 'Port of the haproxy behind the virtual address.',
  },
  nginxVipPort: {
    ...port,
    var: nginxVipPortVariables,
    defaults: nginxVipPorts,
    description: 'Port of the nginx behind the virtual address. Default: 8443; 8080 with http.',
  },
  nginxVipProtocol: {
    type: 'string',
    enum: ['tcp', 'http'],
    default: 'tcp',
    var: 'nginx_vip_protocol',
    description: 'What the nginx behind the virtual address speaks.',
  },
  lvsPort,
} as const

export const nginxVipUnit = {
  type: 'string',
  format: 'unit-name',
  default: 'nginx-vip',
  var: 'nginx_vip_unit',
  description: 'Unit of the nginx behind the virtual address.',
} as const
