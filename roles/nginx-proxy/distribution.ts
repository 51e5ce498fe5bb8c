import { file, flushHandlers, type HostView, type Nested, packages, service, systemdUnit } from 'rota'
import {
  type Listener,
  type ListingOptions,
  listingContent,
  makeWay,
  onEveryFamily,
  unitRunsItsConfiguration,
} from '../cluster/index.ts'
import { type NginxConf, nginxConf } from './nginx.conf.ts'
import { isServed } from './place.ts'
import { nginxUnit } from './system-unit.ts'

export interface DistributionNginx {
  readonly conf: NginxConf
  readonly unit: string
  readonly config: string
  readonly binary: string
  readonly packages: readonly string[]
  readonly distributionUnit: 'off' | 'leave'
  readonly listing: ListingOptions
  /** Who may hold the port, and has to let go of it. */
  readonly others: readonly Listener[]
}

/** The distribution's nginx with a unit and a configuration of its own. Notifies `reload`. */
export function distributionNginx(options: DistributionNginx): Nested {
  const { conf, unit, config, binary, listing } = options
  const pid = `/run/${unit}.pid`
  return [
    // The distribution's own nginx would take port 80, now or at the next boot.
    options.packages.length > 0 && packages({ names: onEveryFamily(options.packages), start: false }),
    options.distributionUnit === 'off' && service({ name: 'nginx', enabled: false, running: false }),
    file({
      path: config,
      content: listingContent(listing, (listed: readonly HostView[]) => nginxConf({ ...conf, pid }, listed)),
      mode: '0644',
      validate: `${binary} -t -q -c`,
      notify: 'reload',
    }),
    systemdUnit({ name: `${unit}.service`, content: nginxUnit({ binary, config, pid }), notify: 'reload' }),
    makeWay(conf.port, options.others),
    flushHandlers(),
    service({ name: unit, enabled: true, running: true }),
    unitRunsItsConfiguration({ unit, config }),
    isServed(conf),
  ]
}
