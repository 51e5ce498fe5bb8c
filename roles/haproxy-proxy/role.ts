import {
  computed,
  defineRole,
  directory,
  facts,
  file,
  flushHandlers,
  type HostView,
  type InventoryView,
  isSetBy,
  type ParamsOf,
} from 'rota'
import {
  cluster,
  clusterProblems,
  hasItsImage,
  imageFirst,
  isServed,
  keptManifest,
  type Listener,
  listeningContent,
  makeWay,
  mastersOf,
  newPod,
  podImage,
  readyz,
  runsItsConfiguration,
  sayLeftOut,
  speaksV6,
  unknownLeaving,
} from '../lib/cluster/index.ts'
import { nodeProxies } from '../nginx-proxy/listeners.ts'
import { logText, reload, reloadText, validate } from './container.ts'
import { proxyCfg } from './haproxy.cfg.ts'
import { manifestOf, pod, proxyManifest } from './manifest.ts'
import { params } from './params.ts'
import { hasHaproxy, sharesConfig, withPort } from './place.ts'
import { takenOver } from './taken-over.ts'

type Params = ParamsOf<typeof params>

/**
 * kubespray's `loadbalancer_apiserver_type: haproxy`: every node reaches the API through a haproxy of its own, in a
 * static pod. A new list of masters is a reload in the running container. What kubespray has left stays, but for the
 * list and what the operator has set.
 */
export const haproxyProxy = defineRole({
  name: 'haproxy-proxy',
  description: 'a proxy to the API servers on every node: haproxy in a static pod',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host, inventory }) => [
    ...unknownLeaving(inventory, params.leaving),
    ...(mastersOf(inventory, params.leaving).length === 0
      ? ['there is no master to proxy to: the group kube_control_plane is empty']
      : []),
    ...(hasHaproxy(params, host, inventory) ? problemsOn(params, host, inventory) : []),
  ],
  peers: ({ params, host, inventory }) => ({
    hosts: hasHaproxy(params, host, inventory) ? mastersOf(inventory, params.leaving).map(master => master.name) : [],
    facts: master => ({ ready: readyz(master, params.apiserverPort, `${params.kubeConfigDir}/pki/ca.crt`) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    if (!hasHaproxy(params, host, inventory)) return []
    const { configDir, manifestDir, bind } = params
    const { port } = withPort(params)
    const config = configOf(params)
    const image = `${params.image}:${params.imageTag}`
    const isSet = (param: string): boolean => isSetBy(params, param)
    const imageIsSet = isSet('image') || isSet('imageTag')
    const manifest = manifestOf(params)
    const listing = {
      path: config,
      port: params.apiserverPort,
      masters: mastersOf(inventory, params.leaving),
      peers,
    }
    return [
      params.pullPolicy !== 'Never' && podImage(image, manifest, { keeps: !imageIsSet }),
      directory({ path: configDir }),
      file({
        path: config,
        content: listeningContent(
          listing,
          { listen: bind, bothFamilies: speaksV6(params, host) && !isSet('bind') },
          (listed, listen, _, current) => {
            const conf = withPort(params)
            // Whether kubespray's listens on IPv6 has been kubespray's to say: it is no reason to write it anew.
            return takenOver(current, proxyCfg(conf, listed), isSet) ?? proxyCfg({ ...conf, bind: listen }, listed)
          },
        ),
        validate: validate(image, configDir),
        notify: 'reload',
      }),
      flushHandlers(),
      // As late as can be: from here on until the pod runs, nobody has the port.
      makeWay(port, nginxProxies(params), imageFirst(image, params.pullPolicy)),
      directory({ path: manifestDir }),
      file({
        path: manifest,
        content: computed({ current: facts.path({ path: manifest, content: true }) }, ({ current }) =>
          keptManifest(
            Buffer.from(facts.bytesOf(current) ?? new Uint8Array()).toString(),
            proxyManifest(params),
            imageIsSet,
          ),
        ),
        ...(params.pullPolicy === 'Never' ? {} : { validate: hasItsImage(manifest) }),
        notify: 'pod',
      }),
      flushHandlers(),
      isServed({ listen: bind, port, timeout: params.startTimeout }),
      runsItsConfiguration({
        name: 'haproxy',
        config,
        daemon: { container: pod },
        reload: reloadText,
        log: logText,
      }),
      sayLeftOut(listing),
    ]
  },
  handlers: ({ params }) => ({
    reload,
    pod: newPod({ ref: pod, manifest: manifestOf(params), timeout: params.startTimeout }),
  }),
})

function problemsOn(params: Params, host: HostView, inventory: InventoryView): readonly string[] {
  const config = configOf(params)
  return [
    ...(params.healthPort === withPort(params).port
      ? [`healthPort: ${params.healthPort} is the port of the proxy itself`]
      : []),
    ...(sharesConfig({ ...params, config }, host, inventory)
      ? [
          `configDir: ${config} is that of the haproxy behind the virtual address, which is on this host too: set haproxy_config_dir to another folder`,
        ]
      : []),
  ]
}

const configOf = ({ configDir }: Params): string => `${configDir}/haproxy.cfg`

/** What may have the port now: the proxies that loadbalancer_apiserver_type nginx makes. */
const nginxProxies = ({ manifestDir, nginxUnit }: Params): readonly Listener[] =>
  nodeProxies({ manifestDir, configDir: '', prefix: '', unit: nginxUnit }).filter(proxy => proxy.pod?.pod !== pod.pod)
