import { dirname } from 'node:path'
import { computed, directory, facts, file, flushHandlers, type HostView } from 'rota'
import {
  hasItsImage,
  imageFirst,
  isServed,
  keptManifest,
  listeningContent,
  makeWay,
  newPod,
  podImage,
  podImageFirst,
  proxyPod,
} from '../../lib/cluster/index.ts'
import { confOf, listeningOf } from '../conf.ts'
import { type Contained, checkInContainer, containerRunsItsConfiguration, reloadContainer } from '../in-container.ts'
import { kubesprayConf } from '../kubespray.conf.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import { type NginxConf, nginxConf } from '../nginx.conf.ts'
import type { Settings } from '../settings.ts'
import { takenOver } from '../taken-over.ts'
import type { Variant } from './variant.ts'

/**
 * nginx in a pod of the kubelet's (document 002). A new list of masters is a reload in the container that runs, and no
 * new pod. What kubespray has left stays, but for the list and what the operator has set.
 */
export const staticPod: Variant = {
  prefetch: ({ settings, isSet }) => [
    podImageFirst(settings.image, settings.pullPolicy, imageIsSet(isSet) ? undefined : manifestOf(settings)),
  ],
  tasks: ({ settings, isSet, host, listing }) => [
    settings.pullPolicy !== 'Never' && podImage(settings.image, manifestOf(settings), { keeps: !imageIsSet(isSet) }),
    directory({ path: settings.configDir }),
    directory({ path: settings.manifestDir }),
    file({
      path: settings.config,
      content: listeningContent(listing, listeningOf(settings, host, isSet), (listed, listen, _, current) => {
        const conf = { ...confOf(settings, host), healthEverywhere: true }
        // Whether kubespray's listens on IPv6 has been kubespray's to say: it is no reason to write it anew.
        return takenOver(current, nginxConf(conf, listed), isSet) ?? fresh(settings, { ...conf, listen }, listed, isSet)
      }),
      validate: checkInContainer(contained(settings)),
      notify: 'reload',
    }),
    makeWay(
      settings.port,
      otherProxies(settings, chosenProxy(settings)),
      imageFirst(settings.image, settings.pullPolicy),
    ),
    file({
      path: manifestOf(settings),
      content: computed({ current: facts.path({ path: manifestOf(settings), content: true }) }, ({ current }) =>
        keptManifest(
          Buffer.from(facts.bytesOf(current) ?? new Uint8Array()).toString(),
          manifest(settings),
          imageIsSet(isSet),
        ),
      ),
      ...(settings.pullPolicy === 'Never' ? {} : { validate: hasItsImage(manifestOf(settings)) }),
      notify: 'pod',
    }),
    flushHandlers(),
    isServed(settings),
    containerRunsItsConfiguration(contained(settings)),
  ],
  handlers: settings => ({
    pod: newPod({ ref: refOf(settings), manifest: manifestOf(settings) }),
    reload: reloadContainer(contained(settings)),
  }),
}

/** On a node of a kubespray cluster what kubespray would write, with what the operator has set. */
function fresh(
  { keepaliveTimeout }: Settings,
  conf: NginxConf,
  masters: readonly HostView[],
  isSet: (param: string) => boolean,
): string {
  const ours = nginxConf(conf, masters)
  if (keepaliveTimeout === undefined || conf.protocol !== 'tcp') return ours
  return takenOver(kubesprayConf({ ...conf, keepaliveTimeout }, masters), ours, isSet) ?? ours
}

const imageIsSet = (isSet: (param: string) => boolean): boolean => isSet('imageRepo') || isSet('imageTag')

const manifestOf = ({ manifestDir }: Pick<Settings, 'manifestDir'>): string => `${manifestDir}/nginx-proxy.yml`

const refOf = ({ podName }: Pick<Settings, 'podName'>) => ({ pod: podName, container: 'nginx-proxy' }) as const

const manifest = (settings: Settings): string => {
  const { podName, image, pullPolicy, cpuRequests, memoryRequests, healthPort, config } = settings
  return proxyPod({
    name: podName,
    container: refOf(settings).container,
    app: 'kube-nginx',
    image,
    pullPolicy,
    cpuRequests,
    memoryRequests,
    health: { port: healthPort },
    config: { volume: 'etc-nginx', onHost: dirname(config), inside: '/etc/nginx' },
  })
}

const contained = ({ podName, image, config }: Settings): Contained => ({
  name: podName,
  ref: refOf({ podName }),
  image,
  config,
})
