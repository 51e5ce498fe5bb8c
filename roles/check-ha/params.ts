import { params as controlPlane } from '../control-plane/params.ts'
import { params as haproxy } from '../haproxy/params.ts'
import {
  apiserverPort,
  dnsDomain,
  externalLoadBalancer,
  kubeConfigDir,
  loadBalancerName,
  lvsKind,
  serviceAddresses,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { nginxVipUnit } from '../lib/cluster/vip-params.ts'
import { params as nodeProxy } from '../node-proxy/params.ts'

export const params = {
  type: 'object',
  properties: {
    ...nodeProxy.properties,
    virtualAddress,
    apiserverPort,
    statsPort: haproxy.properties.statsPort,
    statsUri: haproxy.properties.statsUri,
    statsUser: haproxy.properties.statsUser,
    statsPassword: haproxy.properties.statsPassword,
    nginxVipUnit,
    lvsKind,
    kubeConfigDir,
    dnsDomain,
    serviceAddresses,
    loadBalancerName,
    externalLoadBalancer,
    supplementaryNames: controlPlane.properties.supplementaryNames,
  },
} as const
