import { sharedParams } from 'rota'
import {
  apiserverPort,
  ipv6Stack,
  kubeConfigDir,
  kubeVersion,
  leaving,
  manifestDir,
  nginxVariant,
  nodeLoadBalancer,
  nodeLoadBalancerWanted,
  nodeProxyPort,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { vipPortParams } from '../lib/cluster/vip-params.ts'
import { proxyPodParams } from '../lib/pods/proxy-pod.ts'
import { buildHost, configureFlags, prefix, sha256, version, workDir } from '../nginx-build/source-params.ts'
import * as conf from './conf-params.ts'
import { byVariant } from './defaults.ts'

export const params = {
  type: 'object',
  properties: {
    variant: nginxVariant,
    wanted: nodeLoadBalancerWanted,
    type: nodeLoadBalancer,
    masters: {
      type: 'boolean',
      ...byVariant('masters'),
      description: 'A master that is no node has a proxy too.',
    },
    protocol: conf.protocol,
    allowInsecureUpstream: conf.allowInsecureUpstream,
    listen: {
      ...conf.listen,
      ...byVariant('listen'),
      description:
        'Addresses to listen on. Where it is not set and IPv6 is spoken, `::1` too (`::` beside 0.0.0.0), if the kernel has it.',
    },
    ipv6Stack,
    port: nodeProxyPort,
    apiserverPort,
    insecurePort: conf.insecurePort,
    serverName: conf.serverName,
    balance: { ...conf.balance, ...byVariant('balance') },
    connectTimeout: { ...conf.connectTimeout, ...byVariant('connectTimeout') },
    proxyTimeout: {
      ...conf.proxyTimeout,
      ...byVariant('proxyTimeout'),
      var: 'loadbalancer_apiserver_proxy_timeout',
    },
    keepaliveTimeout: conf.keepaliveTimeout,
    maxFails: { ...conf.maxFails, ...byVariant('maxFails') },
    failTimeout: { ...conf.failTimeout, ...byVariant('failTimeout') },
    workerShutdownTimeout: {
      ...conf.workerShutdownTimeout,
      ...byVariant('workerShutdownTimeout'),
      var: 'loadbalancer_apiserver_worker_shutdown_timeout',
    },
    workerProcesses: conf.workerProcesses,
    workerConnections: { ...conf.workerConnections, ...byVariant('workerConnections') },
    workerOpenFiles: { ...conf.workerOpenFiles, ...byVariant('workerOpenFiles') },
    multiAccept: { ...conf.multiAccept, ...byVariant('multiAccept') },
    errorLog: { ...conf.errorLog, ...byVariant('errorLog') },
    healthPort: { ...conf.healthPort, var: 'loadbalancer_apiserver_healthcheck_port' },
    modules: { ...conf.modules, ...byVariant('modules') },
    unit: { ...conf.unitName, ...byVariant('unit'), description: "Name of the unit of a node's nginx." },
    config: {
      type: 'string',
      format: 'absolute-path',
      ...byVariant('config'),
      description:
        'The configuration, of `system` and `source`; `conf/kube-nginx.conf` below `prefix` where it is built.',
    },
    binary: {
      type: 'string',
      format: 'absolute-path',
      ...byVariant('binary'),
      description: 'The program, of `system`.',
    },
    packages: {
      type: 'array',
      items: { type: 'string', format: 'package-name' },
      ...byVariant('packages'),
      description:
        "Packages that are installed, by Debian's names; where dnf or yum installs them, by the names they have there.",
    },
    distributionUnit: { ...conf.distributionUnit },
    imageRepo: {
      type: 'string',
      format: 'image',
      ...byVariant('imageRepo'),
      var: 'nginx_image_repo',
      description: 'The image, of `docker` and `static-pod`.',
    },
    imageTag: {
      type: 'string',
      format: 'image-tag',
      ...byVariant('imageTag'),
      var: 'nginx_image_tag',
      description: 'Its tag.',
    },
    configDir: {
      type: 'string',
      format: 'absolute-path',
      pattern: '^/[^/]+/.*[^/]$',
      default: '/etc/nginx',
      var: 'nginx_config_dir',
      description:
        'Folder of the configuration, of `docker` and `static-pod`. The container sees the folder, not the file, so that a new file can take its place while it runs.',
    },
    dockerRestart: {
      type: 'string',
      enum: ['always', 'unless-stopped', 'on-failure', 'no'],
      default: 'always',
      description: "Docker's own restart policy, of `docker`; the unit restarts the container too.",
    },
    restartSeconds: {
      type: 'integer',
      minimum: 0,
      default: 15,
      description: "Seconds until the unit starts a container that has ended, of `docker` (systemd's `RestartSec`).",
    },
    manifestDir,
    podName: {
      type: 'string',
      pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
      default: 'nginx-proxy',
      var: 'loadbalancer_apiserver_pod_name',
      description: 'Name of the pod, of `static-pod`.',
    },
    ...proxyPodParams,
    prefix,
    version,
    sha256,
    configureFlags,
    buildHost,
    workDir,
    vipAddress: virtualAddress,
    ...vipPortParams,
    kubeVersion,
    kubeConfigDir,
    leaving,
  },
} as const

// By these the roles that take a proxy away, replace it or look at it know which one is this role's.
const { masters, protocol, listen, unit, config, configDir, podName, insecurePort } = params.properties
sharedParams({ masters, protocol, listen, unit, config, configDir, podName, insecurePort })

// And those that fetch what it is made of.
const { imageRepo, imageTag, packages, distributionUnit } = params.properties
sharedParams({ imageRepo, imageTag, packages, distributionUnit })
