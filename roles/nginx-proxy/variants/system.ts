import { service } from 'rota'
import { confOf, listeningOf } from '../conf.ts'
import { distributionNginx, distributionPackages } from '../distribution.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import type { Variant } from './variant.ts'

/** The distribution's nginx, with its stream module, as a unit of its own. */
export const system: Variant = {
  prefetch: ({ settings }) => distributionPackages(settings),
  tasks: ({ settings, isSet, host, listing }) =>
    distributionNginx({
      ...settings,
      conf: confOf(settings, host),
      ...listeningOf(settings, host, isSet),
      listing,
      others: otherProxies(settings, chosenProxy(settings)),
    }),
  handlers: ({ unit }) => ({ reload: service.reload(unit) }),
}
