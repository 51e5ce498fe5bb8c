import { params as controlPlane } from '../control-plane/params.ts'
import { params as haproxy } from '../haproxy/params.ts'
import {
  apiserverPort,
  dnsDomain,
  externalLoadBalancer,
  ipv4Stack,
  ipv6Stack,
  kubeConfigDir,
  loadBalancerName,
  lvsKind,
  serviceAddresses,
  serviceAddressesV6,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { nginxVipUnit } from '../lib/cluster/vip-params.ts'
import { params as nodeProxy } from '../node-proxy/params.ts'

/** What tells which proxy and which balancer a host has. */
export const placeParams = {
  type: 'object',
  properties: { ...nodeProxy.properties, virtualAddress, apiserverPort, nginxVipUnit },
} as const

export const params = {
  type: 'object',
  properties: {
    ...placeParams.properties,
    statsPort: haproxy.properties.statsPort,
    statsUri: haproxy.properties.statsUri,
    statsUser: haproxy.properties.statsUser,
    statsPassword: haproxy.properties.statsPassword,
    lvsKind,
    kubeConfigDir,
    dnsDomain,
    ipv4Stack,
    ipv6Stack,
    serviceAddresses,
    serviceAddressesV6,
    loadBalancerName,
    externalLoadBalancer,
    supplementaryNames: controlPlane.properties.supplementaryNames,
  },
} as const
