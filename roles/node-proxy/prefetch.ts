import { defineRole, isSetBy } from 'rota'
import { hasHaproxy } from '../haproxy-proxy/place.ts'
import { cluster, clusterProblems, podImageFirst } from '../lib/cluster/index.ts'
import { buildHostOf } from '../nginx-build/artefact.ts'
import { binaryCache, builtFact } from '../nginx-proxy/binary.ts'
import { hasProxy } from '../nginx-proxy/place.ts'
import { settingsOf } from '../nginx-proxy/settings.ts'
import { variants } from '../nginx-proxy/variants/index.ts'
import { haproxyImage } from './image.ts'
import { prefetchParams } from './prefetch-params.ts'

/**
 * What the chosen proxy of a node is made of, before what has its port is stopped: its image, its packages or its
 * program. What can't be had is refused, and whatever serves there goes on.
 */
export const nodeProxyPrefetch = defineRole({
  name: 'node-proxy-prefetch',
  description: "what a node's proxy is made of is on the host, before its port is free",
  params: prefetchParams,
  cluster,
  inventoryCheck: clusterProblems,
  peers: ({ params, host, inventory }) => {
    const settings = settingsOf(params)
    const isBuilt = settings.variant === 'source' && hasProxy(settings, host, inventory)
    const builder = isBuilt ? buildHostOf(settings, inventory) : undefined
    return {
      hosts: builder === undefined ? [] : [builder.name],
      facts: () => ({ built: builtFact(settings) }),
    }
  },
  prepare: async () => binaryCache(),
  tasks: ({ params, host, inventory, peers, prepared }) => {
    if (hasHaproxy(params, host, inventory)) {
      const { image, manifest } = haproxyImage(params)
      return [podImageFirst(image, params.pullPolicy, manifest)]
    }
    const settings = settingsOf(params)
    if (!hasProxy(settings, host, inventory)) return []
    const binary = prepared ?? binaryCache()
    const isSet = (param: string): boolean => isSetBy(params, param)
    return variants[settings.variant].prefetch({ settings, isSet, inventory, peers, binary })
  },
})
