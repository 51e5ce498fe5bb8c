import { variableNames } from 'rota'
import { vipPortParams } from '../lib/cluster/vip-params.ts'
import { params as proxy } from '../nginx-proxy/params.ts'

const { properties: of } = proxy
type Properties = typeof of

/** The variables of nginx-proxy: what is said there once is known here. */
const same = (name: keyof Properties) => ({ var: variableNames('nginx-proxy', name, of[name]) })

/** Params of nginx-proxy that tell which proxy is chosen, and by which names; it stays. */
export const params = {
  type: 'object',
  properties: {
    wanted: of.wanted,
    type: of.type,
    variant: of.variant,
    masters: { ...of.masters, ...same('masters') },
    protocol: { ...of.protocol, ...same('protocol') },
    listen: { ...of.listen, ...same('listen') },
    port: of.port,
    apiserverPort: of.apiserverPort,
    unit: { ...of.unit, ...same('unit') },
    config: { ...of.config, ...same('config') },
    configDir: of.configDir,
    manifestDir: of.manifestDir,
    podName: of.podName,
    prefix: of.prefix,
    vipAddress: of.vipAddress,
    ...vipPortParams,
    leaving: of.leaving,
  },
} as const
