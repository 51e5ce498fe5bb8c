import { type ParamsSchema, variableNames } from 'rota'
import {
  dnsDomain,
  externalLoadBalancer,
  kubeConfigDir,
  loadBalancerName,
  lvsKind,
  vipLoadBalancer,
  virtualAddress,
} from '../cluster/params.ts'
import { params as controlPlane } from '../control-plane/params.ts'
import { params as haproxy } from '../haproxy/params.ts'
import { params as keepalived } from '../keepalived/params.ts'
import { params as nginxVip } from '../nginx-vip/params.ts'
import { params as nodeProxy } from '../node-proxy-absent/params.ts'

type Schema = Exclude<ParamsSchema['properties'][string], boolean>

/** A param of another role: the same variables set it, and the same default holds. */
const of = <const S extends Schema>(
  role: string,
  name: string,
  schema: S,
): S & { readonly var: readonly string[] } => ({ ...schema, var: variableNames(role, name, schema) })

export const params = {
  type: 'object',
  properties: {
    ...nodeProxy.properties,
    virtualAddress: of('keepalived', 'virtualAddress', virtualAddress),
    vipLoadBalancer,
    apiserverPort: of('control-plane', 'apiserverPort', controlPlane.properties.apiserverPort),
    haproxyPort: of('haproxy', 'bindPort', haproxy.properties.bindPort),
    statsPort: of('haproxy', 'statsPort', haproxy.properties.statsPort),
    statsUri: of('haproxy', 'statsUri', haproxy.properties.statsUri),
    statsUser: of('haproxy', 'statsUser', haproxy.properties.statsUser),
    statsPassword: of('haproxy', 'statsPassword', haproxy.properties.statsPassword),
    nginxVipPort: of('nginx-vip', 'port', nginxVip.properties.port),
    nginxVipProtocol: of('nginx-vip', 'protocol', nginxVip.properties.protocol),
    nginxVipUnit: of('nginx-vip', 'unit', nginxVip.properties.unit),
    lvsKind,
    lvsPort: of('keepalived', 'lvsPort', keepalived.properties.lvsPort),
    kubeConfigDir: of('control-plane', 'kubeConfigDir', kubeConfigDir),
    dnsDomain: of('control-plane', 'dnsDomain', dnsDomain),
    serviceAddresses: of('control-plane', 'serviceAddresses', controlPlane.properties.serviceAddresses),
    loadBalancerName: of('control-plane', 'loadBalancerName', loadBalancerName),
    externalLoadBalancer: of('control-plane', 'externalLoadBalancer', externalLoadBalancer),
    supplementaryNames: of('control-plane', 'supplementaryNames', controlPlane.properties.supplementaryNames),
  },
} as const
