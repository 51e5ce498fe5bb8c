import { dirname } from 'node:path'
import { command, directory, file, flushHandlers, type Nested, quote, service, systemdUnit } from 'rota'
import { isServed, listeningContent, makeWay, unitRunsItsConfiguration } from '../../lib/cluster/index.ts'
import { buildHostOf } from '../../nginx-build/artefact.ts'
import { installBinary } from '../binary.ts'
import { confOf, listeningOf } from '../conf.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import { nginxConf } from '../nginx.conf.ts'
import type { Settings } from '../settings.ts'
import { sourceUnit } from '../source-unit.ts'
import type { PrefetchContext, Variant } from './variant.ts'

/** nginx built from source (document 003), by the role nginx-build; every host gets the same program. */
export const source: Variant = {
  prefetch,
  tasks: context => {
    const { settings, isSet, host, listing } = context
    const { unit, binary, config, prefix } = settings
    return [
      prefetch(context),
      file({
        path: config,
        content: listeningContent(listing, listeningOf(settings, host, isSet), (listed, listen) =>
          nginxConf({ ...confOf(settings, host), listen }, listed),
        ),
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

function prefetch({ settings, inventory, peers, binary: cache }: PrefetchContext): Nested {
  const { binary, config, prefix } = settings
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
  ]
}

/**
 * A new version is another file at the same path; what runs is still the old one. One that does not run is started by
 * its service.
 */
const runsItsProgram = ({ unit, binary }: Settings) =>
  command({
    title: `${unit} runs ${binary} as it is now`,
    why: 'what runs was started from another file',
    unless: `main=$(systemctl show -p MainPID -- ${quote(unit)} | sed 's/^MainPID=//')
[ "\${main:-0}" -eq 0 ] || [ "$(readlink "/proc/$main/exe")" = "$(readlink -f ${quote(binary)})" ]`,
    run: `systemctl daemon-reload
systemctl restart -- ${quote(unit)}`,
  })
