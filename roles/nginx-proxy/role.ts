import { defineRole, isSetBy } from 'rota'
import { cluster, clusterProblems, mastersOf, sayLeftOut, unknownLeaving } from '../lib/cluster/index.ts'
import { buildHostOf } from '../nginx-build/artefact.ts'
import { binaryCache, builtFact } from './binary.ts'
import { upstreamPort } from './nginx.conf.ts'
import { params } from './params.ts'
import { hasProxy } from './place.ts'
import { settingsProblems } from './refusals.ts'
import { readyFact } from './serving.ts'
import { settingsOf } from './settings.ts'
import { variants } from './variants/index.ts'

/**
 * Every node reaches the API through a proxy of its own (kubespray's `loadbalancer_apiserver_localhost`). A new list of
 * masters is a reload. Where something else is chosen, or serves the port already, there is nothing to do.
 */
export const nginxProxy = defineRole({
  name: 'nginx-proxy',
  description: 'a proxy to the API servers on every node',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host, inventory }) => {
    const settings = settingsOf(params)
    return [
      ...unknownLeaving(inventory, params.leaving),
      ...(mastersOf(inventory, params.leaving).length === 0
        ? ['there is no master to proxy to: the group kube_control_plane is empty']
        : []),
      ...(hasProxy(settings, host, inventory) ? settingsProblems(settings, inventory) : []),
    ]
  },
  peers: ({ params, host, inventory }) => {
    const settings = settingsOf(params)
    const builder = settings.variant === 'source' ? buildHostOf(settings, inventory) : undefined
    const asked = [...mastersOf(inventory, params.leaving), ...(builder === undefined ? [] : [builder])]
    return {
      hosts: hasProxy(settings, host, inventory) ? [...new Set(asked.map(({ name }) => name))] : [],
      facts: peer => ({ ready: readyFact(settings, peer), built: builtFact(settings) }),
    }
  },
  prepare: async () => binaryCache(),
  tasks: ({ params, host, inventory, peers, prepared }) => {
    const settings = settingsOf(params)
    if (!hasProxy(settings, host, inventory)) return []
    const masters = mastersOf(inventory, params.leaving)
    const listing = { path: settings.config, port: upstreamPort(settings), masters, peers }
    const binary = prepared ?? binaryCache()
    return [
      variants[settings.variant].tasks({
        settings,
        isSet: param => isSetBy(params, param),
        host,
        inventory,
        listing,
        peers,
        binary,
      }),
      sayLeftOut(listing),
    ]
  },
  handlers: ({ params }) => variants[params.variant].handlers(settingsOf(params)),
})
