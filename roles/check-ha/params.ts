import { type ParamsSchema, variableNames } from 'rota'
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
    virtualAddress,
    apiserverPort,
    statsPort: of('haproxy', 'statsPort', haproxy.properties.statsPort),
    statsUri: of('haproxy', 'statsUri', haproxy.properties.statsUri),
    statsUser: of('haproxy', 'statsUser', haproxy.properties.statsUser),
    statsPassword: of('haproxy', 'statsPassword', haproxy.properties.statsPassword),
    nginxVipUnit,
    lvsKind,
    kubeConfigDir,
    dnsDomain,
    serviceAddresses,
    loadBalancerName,
    externalLoadBalancer,
    supplementaryNames: of('control-plane', 'supplementaryNames', controlPlane.properties.supplementaryNames),
  },
} as const
