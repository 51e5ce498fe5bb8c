import { sharedParams } from 'rota'
import {
  anonymousAuth,
  apiserverPort,
  ipv6Stack,
  kubeConfigDir,
  leaving,
  manifestDir,
  nodeLoadBalancer,
  nodeLoadBalancerWanted,
  nodeProxyPort,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { vipPortParams } from '../lib/cluster/vip-params.ts'
import { proxyPodParams } from '../lib/pods/proxy-pod.ts'
import { params as nginxProxy } from '../nginx-proxy/params.ts'

const time = '^[0-9]+(us|ms|s|m|h|d)?$'
const port = { type: 'integer', minimum: 1, maximum: 65535 } as const

export const params = {
  type: 'object',
  properties: {
    type: nodeLoadBalancer,
    wanted: nodeLoadBalancerWanted,
    bind: {
      type: 'array',
      items: { type: 'string', format: 'listen-address' },
      minItems: 1,
      default: ['127.0.0.1'],
      description: 'Addresses to listen on. Where it is not set and IPv6 is spoken, `::1` too, if the kernel has it.',
    },
    ipv6Stack,
    port: nodeProxyPort,
    apiserverPort,
    healthPort: {
      ...port,
      minimum: 0,
      default: 8081,
      var: 'loadbalancer_apiserver_healthcheck_port',
      description: "Port of `/healthz`, which the kubelet's probes of the pod ask for; 0 for none.",
    },
    healthBind: {
      type: 'string',
      format: 'listen-address',
      default: '0.0.0.0',
      description:
        'Address of that port; the kubelet asks at the address of the node. `::` too where the proxy is at `::1`.',
    },
    check: {
      type: 'string',
      enum: ['readyz', 'healthz'],
      default: 'healthz',
      description: 'What a healthy API server answers with 200, over TLS.',
    },
    anonymousAuth,
    checkInterval: { type: 'string', pattern: time, default: '15s', description: 'haproxy: `inter` and `downinter`.' },
    fall: { type: 'integer', minimum: 1, default: 2, description: 'haproxy: `fall`.' },
    rise: { type: 'integer', minimum: 1, default: 2, description: 'haproxy: `rise`.' },
    slowStart: { type: 'string', pattern: time, default: '60s', description: 'haproxy: `slowstart`.' },
    connectTimeout: { type: 'string', pattern: time, default: '30s', description: 'haproxy: `timeout connect`.' },
    clientTimeout: {
      type: 'string',
      pattern: time,
      default: '15m',
      var: 'loadbalancer_apiserver_keepalive_timeout',
      description: 'haproxy: `timeout client`.',
    },
    serverTimeout: { type: 'string', pattern: time, default: '15m', description: 'haproxy: `timeout server`.' },
    resilient: {
      type: 'boolean',
      default: true,
      description:
        'Write what kubespray does not: `option redispatch 1`, so that a connection that is refused goes to another master at once, and a check that notices within seconds (`fastinter 2s`).',
    },
    image: {
      type: 'string',
      format: 'image',
      default: 'docker.io/library/haproxy',
      var: 'haproxy_image_repo',
      description: 'The image.',
    },
    imageTag: {
      type: 'string',
      format: 'image-tag',
      default: '2.8.3-alpine',
      var: 'haproxy_image_tag',
      description: 'Its tag.',
    },
    ...proxyPodParams,
    configDir: {
      type: 'string',
      format: 'absolute-path',
      pattern: '^/[^:]+$',
      default: '/etc/haproxy',
      var: 'haproxy_config_dir',
      description:
        'Folder of the configuration on the host. The container sees the folder, not the file, so that a new file can take its place while it runs.',
    },
    manifestDir,
    // Of an nginx that may have the port until now.
    nginxUnit: nginxProxy.properties.unit,
    vipAddress: virtualAddress,
    ...vipPortParams,
    startTimeout: {
      type: 'integer',
      minimum: 1,
      default: 300,
      description: 'Seconds that the kubelet may take to start the pod; it may have to fetch the image.',
    },
    kubeConfigDir,
    leaving,
  },
} as const

// What fetches the image beforehand has to know it.
const { image, imageTag } = params.properties
sharedParams({ image, imageTag })
