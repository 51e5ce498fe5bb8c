import { dirname } from 'node:path'
import { directory, file, flushHandlers } from 'rota'
import { imageFirst, isServed, listingContent, makeWay, newPod, podImage, proxyPod } from '../../lib/cluster/index.ts'
import { confOf } from '../conf.ts'
import { type Contained, checkInContainer, containerRunsItsConfiguration, reloadContainer } from '../in-container.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import { nginxConf } from '../nginx.conf.ts'
import type { Settings } from '../settings.ts'
import type { Variant } from './variant.ts'

/**
 * nginx in a pod of the kubelet's (document 002). A new list of masters is a reload in the container that runs, and no
 * new pod.
 */
export const staticPod: Variant = {
  tasks: ({ settings, host, listing }) => [
    settings.pullPolicy !== 'Never' && podImage(settings.image),
    directory({ path: settings.configDir }),
    directory({ path: settings.manifestDir }),
    file({
      path: settings.config,
      content: listingContent(listing, listed => nginxConf(confOf(settings, host), listed)),
      mode: '0644',
      validate: checkInContainer(contained(settings)),
      notify: 'reload',
    }),
    makeWay(
      settings.port,
      otherProxies(settings, chosenProxy(settings)),
      imageFirst(settings.image, settings.pullPolicy),
    ),
    file({ path: manifestOf(settings), content: manifest(settings), mode: '0640', notify: 'pod' }),
    flushHandlers(),
    isServed(settings),
    containerRunsItsConfiguration(contained(settings)),
  ],
  handlers: settings => ({
    pod: newPod({ ref: refOf(settings), manifest: manifestOf(settings) }),
    reload: reloadContainer(contained(settings)),
  }),
}

const manifestOf = ({ manifestDir }: Settings): string => `${manifestDir}/nginx-proxy.yml`

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
    // The server that answers listens on the loopback only; kubespray's listens everywhere.
    health: { port: healthPort, host: '127.0.0.1' },
    config: { volume: 'etc-nginx', onHost: dirname(config), inside: '/etc/nginx' },
  })
}

const contained = ({ podName, image, config }: Settings): Contained => ({
  name: podName,
  ref: refOf({ podName }),
  image,
  config,
})
