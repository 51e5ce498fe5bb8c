import { dirname } from 'node:path'
import { command, directory, file, flushHandlers, quote, service, systemdUnit } from 'rota'
import { isServed, listingContent, makeWay, unitRunsItsConfiguration } from '../../lib/cluster/index.ts'
import { buildHostOf } from '../../nginx-build/artefact.ts'
import { installBinary } from '../binary.ts'
import { confOf } from '../conf.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import { nginxConf } from '../nginx.conf.ts'
import type { Settings } from '../settings.ts'
import { sourceUnit } from '../source-unit.ts'
import type { Variant } from './variant.ts'

/** nginx built from source (document 003), by the role nginx-build; every host gets the same program. */
export const source: Variant = {
  tasks: ({ settings, host, inventory, listing, peers, binary: cache }) => {
    const { unit, binary, config, prefix } = settings
    const builder = buildHostOf(settings, inventory)
    return [
      [dirname(binary), dirname(config), `${prefix}/logs`].map(path => directory({ path })),
      builder !== undefined &&
        installBinary({
          source: settings,
          target: binary,
          builder,
          built: peers.get(builder.name)?.built,
          binary: cache,
        }),
      file({
        path: config,
        content: listingContent(listing, listed => nginxConf(confOf(settings, host), listed)),
        mode: '0644',
        validate: `${quote(binary)} -t -q -p ${quote(prefix)} -c`,
        notify: 'reload',
      }),
      systemdUnit({ name: `${unit}.service`, content: sourceUnit({ binary, config, prefix }), notify: 'reload' }),
      makeWay(settings.port, otherProxies(settings, chosenProxy(settings))),
      runsItsProgram(settings),
      flushHandlers(),
      service({ name: unit, enabled: true, running: true }),
      unitRunsItsConfiguration({ unit, config }),
      isServed(settings),
    ]
  },
  handlers: ({ unit }) => ({ reload: service.reload(unit) }),
}

/**
 * A new version is another file at the same path; what runs is still the old one. One that does not run is started by
 * its service.
 */
const runsItsProgram = ({ unit, binary }: Settings) =>
  command({
    title: `${unit} runs ${binary} as it is now`,
    unless: `main=$(systemctl show -p MainPID -- ${quote(unit)} | sed 's/^MainPID=//')
[ "\${main:-0}" -eq 0 ] || [ "$(readlink "/proc/$main/exe")" = "$(readlink -f ${quote(binary)})" ]`,
    run: `systemctl daemon-reload
systemctl restart -- ${quote(unit)}`,
  })
