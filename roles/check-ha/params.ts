import { type ParamsSchema, variableNames } from 'rota'
import {
  dnsDomain,
  externalLoadBalancer,
  kubeConfigDir,
  loadBalancerName,
  lvsKind,
  nodeLoadBalancer,
  nodeLoadBalancerWanted,
  vipLoadBalancer,
  virtualAddress,
} from '../cluster/params.ts'
import { params as controlPlane } from '../control-plane/params.ts'
import { params as haproxy } from '../haproxy/params.ts'
import { params as keepalived } from '../keepalived/params.ts'

type Schema = Exclude<ParamsSchema['properties'][string], boolean>

/** A param of another role: the same variables set it, and the same default holds. */
const of = <const S extends Schema>(
  role: string,
  name: string,
  schema: S,
): S & { readonly var: readonly string[] } => ({
  ...schema,
  var: variableNames(role, name, schema),
})

const port = { type: 'integer', minimum: 1, maximum: 65535 } as const
const protocol = { type: 'string', enum: ['tcp', 'http'], default: 'tcp' } as const

export const params = {
  type: 'object',
  properties: {
    virtualAddress: of('keepalived', 'virtualAddress', virtualAddress),
    vipLoadBalancer,
    apiserverPort: of('control-plane', 'apiserverPort', controlPlane.properties.apiserverPort),
    haproxyPort: of('haproxy', 'bindPort', haproxy.properties.bindPort),
    statsPort: of('haproxy', 'statsPort', haproxy.properties.statsPort),
    statsUri: of('haproxy', 'statsUri', haproxy.properties.statsUri),
    statsUser: of('haproxy', 'statsUser', haproxy.properties.statsUser),
    statsPassword: of('haproxy', 'statsPassword', haproxy.properties.statsPassword),
    nginxVipPort: {
      ...port,
      var: ['nginx_vip_port', 'haproxy_kube_apiserver_port'],
      description: 'Port of nginx behind the virtual address: 8443, or 8080 in front of an insecure port.',
    },
    nginxVipProtocol: {
      ...protocol,
      var: 'nginx_vip_protocol',
      description: 'What nginx behind the virtual address speaks.',
    },
    nginxVipUnit: { type: 'string', default: 'nginx-vip', var: 'nginx_vip_unit', description: 'Its unit.' },
    lvsKind,
    lvsPort: of('keepalived', 'lvsPort', keepalived.properties.lvsPort),
    nodeLoadBalancer,
    nodeLoadBalancerWanted,
    nodeProxyVariant: {
      type: 'string',
      enum: ['system', 'docker', 'static-pod', 'source'],
      default: 'system',
      var: 'nginx_proxy_variant',
      description: 'How nginx runs on every node.',
    },
    nodeProxyPort: {
      ...port,
      var: ['loadbalancer_apiserver_port', 'nginx_proxy_port', 'haproxy_proxy_port'],
      description: 'Port of the proxy of every node; that of its variant where it is not set.',
    },
    nodeProxyProtocol: {
      ...protocol,
      var: 'nginx_proxy_protocol',
      description: 'What nginx on every node speaks.',
    },
    nodeProxyUnit: {
      type: 'string',
      var: 'nginx_proxy_unit',
      description: 'Unit of nginx on every node; that of its variant where it is not set.',
    },
    nodeProxyMasters: {
      type: 'boolean',
      var: 'nginx_proxy_masters',
      description: 'A master that is no node has a proxy too; as its variant has it where it is not set.',
    },
    nodeProxyPod: {
      type: 'string',
      default: 'nginx-proxy',
      var: 'loadbalancer_apiserver_pod_name',
      description: 'Pod of nginx on every node.',
    },
    kubeConfigDir: of('control-plane', 'kubeConfigDir', kubeConfigDir),
    dnsDomain: of('control-plane', 'dnsDomain', dnsDomain),
    serviceAddresses: of('control-plane', 'serviceAddresses', controlPlane.properties.serviceAddresses),
    loadBalancerName: of('control-plane', 'loadBalancerName', loadBalancerName),
    externalLoadBalancer: of('control-plane', 'externalLoadBalancer', externalLoadBalancer),
    supplementaryNames: of('control-plane', 'supplementaryNames', controlPlane.properties.supplementaryNames),
  },
} as const
