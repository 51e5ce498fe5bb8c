import { vipPortParams } from '../lib/cluster/vip-params.ts'
import { params as proxy } from '../nginx-proxy/params.ts'

const { properties: of } = proxy

/** Params of nginx-proxy that tell which proxy is chosen, and by which names; it stays. */
export const params = {
  type: 'object',
  properties: {
    wanted: of.wanted,
    type: of.type,
    variant: of.variant,
    masters: of.masters,
    protocol: of.protocol,
    listen: of.listen,
    port: of.port,
    apiserverPort: of.apiserverPort,
    unit: of.unit,
    config: of.config,
    configDir: of.configDir,
    manifestDir: of.manifestDir,
    podName: of.podName,
    prefix: of.prefix,
    vipAddress: of.vipAddress,
    ...vipPortParams,
    leaving: of.leaving,
  },
} as const
