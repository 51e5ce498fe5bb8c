import type { HostView } from 'rota'
import { endpoint } from '../lib/cluster/index.ts'
import type { NginxConf } from './nginx.conf.ts'
import type { Settings } from './settings.ts'

/** The configuration of a host's proxy. */
export const confOf = (settings: Settings, host: HostView): NginxConf => ({
  ...settings,
  serverName: settings.serverName ?? endpoint(host.address, settings.port),
})
