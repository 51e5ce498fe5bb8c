import { dirname } from 'node:path'
import {
  directory,
  type FactValues,
  facts,
  file,
  flushHandlers,
  type Nested,
  packages,
  quote,
  service,
  systemdUnit,
} from 'rota'
import {
  isServed,
  type Listener,
  type Listening,
  type ListingOptions,
  listeningContent,
  makeWay,
  onEveryFamily,
  unitRunsItsConfiguration,
} from '../lib/cluster/index.ts'
import { type NginxConf, nginxConf } from './nginx.conf.ts'
import { mayServe } from './selinux.ts'
import { nginxUnit } from './system-unit.ts'

export interface DistributionPackages {
  readonly packages: readonly string[]
  readonly distributionUnit: 'off' | 'leave'
}

export interface DistributionNginx extends Listening, DistributionPackages {
  readonly conf: NginxConf
  readonly unit: string
  readonly config: string
  readonly binary: string
  readonly listing: ListingOptions
  /** Who may hold the port, and has to let go of it. */
  readonly others: readonly Listener[]
}

/** The distribution's own nginx would take port 80, now or at the next boot. */
export const distributionPackages = (options: DistributionPackages): Nested => [
  options.packages.length > 0 && packages({ names: onEveryFamily(options.packages), start: false }),
  options.distributionUnit === 'off' && service({ name: 'nginx', enabled: false, running: false }),
]

/** The distribution's nginx with a unit and a configuration of its own. Notifies `reload`. */
export function distributionNginx(options: DistributionNginx): Nested {
  const { conf, unit, config, binary, listing } = options
  const pid = `/run/${unit}.pid`
  return [
    distributionPackages(options),
    mayServe([conf.port, ...(conf.healthPort > 0 ? [conf.healthPort] : [])]),
    // The package has made it, but not again when it was removed.
    directory({ path: dirname(config) }),
    file({
      path: config,
      content: listeningContent(
        listing,
        options,
        (listed, listen, { nginx }) =>
          nginxConf({ ...conf, listen, pid, modules: conf.modules.map(placeOn(nginx)) }, listed),
        { nginx: facts.packageState({ name: 'nginx' }) },
      ),
      mode: '0644',
      validate: `${quote(binary)} -t -q -c`,
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

/** Debian's place of a module is another one where dnf installs it. */
const placeOn =
  (nginx: FactValues<{ nginx: ReturnType<typeof facts.packageState> }>['nginx']) =>
  (module: string): string =>
    nginx.type !== 'unavailable' && nginx.manager === 'dnf'
      ? module.replace(/^\/usr\/lib\/nginx\/modules\//, '/usr/lib64/nginx/modules/')
      : module
