import { type HostView, type InventoryView, isSetBy, type ParamsOf } from 'rota'
import { manifestOf } from '../haproxy-proxy/manifest.ts'
import { params as haproxy } from '../haproxy-proxy/params.ts'
import { hasHaproxy } from '../haproxy-proxy/place.ts'
import { chosenProxy } from '../nginx-proxy/listeners.ts'
import { params as nginx } from '../nginx-proxy/params.ts'
import { hasProxy } from '../nginx-proxy/place.ts'
import { settingsOf } from '../nginx-proxy/settings.ts'
import { params } from './params.ts'

/** What tells which proxy is chosen, and its image. */
export const imageParams = {
  type: 'object',
  properties: {
    ...params.properties,
    imageRepo: nginx.properties.imageRepo,
    imageTag: nginx.properties.imageTag,
    haproxyImage: haproxy.properties.image,
    haproxyImageTag: haproxy.properties.imageTag,
    pullPolicy: nginx.properties.pullPolicy,
  },
} as const

type Params = ParamsOf<typeof imageParams>

export interface ProxyImage {
  readonly image: string
  /** Where this is on the host its pod keeps the image that it has. */
  readonly manifest?: string | undefined
}

/** The image of the proxy that a host shall have; nothing where it is made of something else, or there is none. */
export function proxyImage(params: Params, host: HostView, inventory: InventoryView): ProxyImage | undefined {
  if (hasHaproxy(params, host, inventory)) return haproxyImage(params)
  const settings = settingsOf(params)
  const { image, variant } = settings
  if (!hasProxy(settings, host, inventory)) return undefined
  if (variant === 'docker') return { image }
  if (variant !== 'static-pod') return undefined
  return unlessSet(params, ['imageRepo', 'imageTag'], image, chosenProxy(settings).pod?.manifest)
}

export const haproxyImage = (params: Params): ProxyImage =>
  unlessSet(
    params,
    ['haproxyImage', 'haproxyImageTag'],
    `${params.haproxyImage}:${params.haproxyImageTag}`,
    manifestOf(params),
  )

const unlessSet = (params: Params, names: readonly string[], image: string, manifest: string | undefined) =>
  names.some(name => isSetBy(params, name)) ? { image } : { image, manifest }
