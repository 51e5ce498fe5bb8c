import {
  apiserverPort,
  ipv6Stack,
  kubeConfigDir,
  kubeVersion,
  leaving,
  nginxVipConfig,
  packageNames,
  vipLoadBalancer,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { nginxVipPorts, nginxVipUnit, vipPortParams } from '../lib/cluster/vip-params.ts'
import * as conf from '../nginx-proxy/conf-params.ts'
import { httpDefaults } from '../nginx-proxy/defaults.ts'

/** Defaults of `protocol: tcp`; with `http` those of document 004. */
export const byProtocol = {
  tcp: { port: nginxVipPorts.tcp, balance: 'least_conn', connectTimeout: '1s', proxyTimeout: '10m' },
  http: httpDefaults,
} as const

const from = (name: keyof typeof byProtocol.tcp) => ({
  defaults: { tcp: byProtocol.tcp[name], http: byProtocol.http[name] },
})

export const params = {
  type: 'object',
  properties: {
    vipLoadBalancer,
    protocol: vipPortParams.nginxVipProtocol,
    allowInsecureUpstream: conf.allowInsecureUpstream,
    listen: {
      ...conf.listen,
      default: ['0.0.0.0'],
      description: 'Addresses to listen on. Where it is not set and IPv6 is spoken, `::` too, if the kernel has it.',
    },
    ipv6Stack,
    port: vipPortParams.nginxVipPort,
    apiserverPort,
    insecurePort: conf.insecurePort,
    serverName: conf.serverName,
    balance: { ...conf.balance, ...from('balance') },
    connectTimeout: { ...conf.connectTimeout, ...from('connectTimeout') },
    proxyTimeout: { ...conf.proxyTimeout, ...from('proxyTimeout') },
    maxFails: conf.maxFails,
    failTimeout: conf.failTimeout,
    workerShutdownTimeout: { ...conf.workerShutdownTimeout, default: '10m' },
    workerProcesses: conf.workerProcesses,
    workerConnections: { ...conf.workerConnections, default: 16384 },
    workerOpenFiles: { ...conf.workerOpenFiles, default: 130048 },
    multiAccept: { ...conf.multiAccept, default: true },
    errorLog: { ...conf.errorLog, default: 'stderr notice' },
    healthPort: conf.healthPort,
    modules: { ...conf.modules, default: ['/usr/lib/nginx/modules/ngx_stream_module.so'] },
    unit: nginxVipUnit,
    config: nginxVipConfig,
    binary: { type: 'string', format: 'absolute-path', default: '/usr/sbin/nginx', description: 'The program.' },
    packages: packageNames(['nginx', 'libnginx-mod-stream', 'psmisc']),
    distributionUnit: conf.distributionUnit,
    virtualAddress,
    kubeVersion,
    kubeConfigDir,
    leaving,
  },
} as const
