import type { HostView } from 'rota'
import { endpoint, type Listening, speaksV6 } from '../lib/cluster/index.ts'
import type { NginxConf } from './nginx.conf.ts'
import type { Settings } from './settings.ts'

/** Where a host's proxy listens: of both families where the operator has not said otherwise. */
export const listeningOf = (settings: Settings, host: HostView, isSet: (param: string) => boolean): Listening => ({
  listen: settings.listen,
  bothFamilies: speaksV6(settings, host) && !isSet('listen'),
})

/** The configuration of a host's proxy. */
export const confOf = (settings: Settings, host: HostView): NginxConf => ({
  ...settings,
  serverName: settings.serverName ?? endpoint(host.address, settings.port),
})
