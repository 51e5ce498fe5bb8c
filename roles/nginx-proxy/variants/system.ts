import { service } from 'rota'
import { confOf } from '../conf.ts'
import { distributionNginx } from '../distribution.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import type { Variant } from './variant.ts'

/** The distribution's nginx, with its stream module, as a unit of its own. */
export const system: Variant = {
  tasks: ({ settings, host, listing }) =>
    distributionNginx({
      ...settings,
      conf: confOf(settings, host),
      listing,
      others: otherProxies(settings, chosenProxy(settings)),
    }),
  handlers: ({ unit }) => ({ reload: service.reload(unit) }),
}
