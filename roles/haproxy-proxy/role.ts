import { defineRole, directory, file, flushHandlers, type HostView, type InventoryView, waitFor } from 'rota'
import {
  isLeaving,
  type Listener,
  listingContent,
  makeWay,
  mastersOf,
  readyz,
  runsItsConfiguration,
  sayLeftOut,
  unknownLeaving,
} from '../cluster/index.ts'
import { logText, reload, reloadText, validate } from './container.ts'
import { proxyCfg } from './haproxy.cfg.ts'
import { pod, proxyManifest } from './manifest.ts'
import { params } from './params.ts'

/**
 * kubespray's `loadbalancer_apiserver_type: haproxy`: every node reaches the API through a haproxy of its own, in a static pod. A new list
 * of masters is a reload in the running container.
 */
export const haproxyProxy = defineRole({
  name: 'haproxy-proxy',
  description: 'a proxy to the API servers on every node: haproxy in a static pod',
  params,
  check: ({ params, inventory }) => [
    ...unknownLeaving(inventory, params.leaving),
    ...(mastersOf(inventory, params.leaving).length === 0
      ? ['there is no master to proxy to: the group kube_control_plane is empty']
      : []),
    ...(params.type === 'haproxy' && params.healthPort === params.port
      ? [`healthPort: ${params.healthPort} is the port of the proxy itself`]
      : []),
  ],
  peers: ({ params, host, inventory }) => ({
    hosts: concerns(params, host, inventory) ? mastersOf(inventory, params.leaving).map(master => master.name) : [],
    facts: master => ({ ready: readyz(master, params.apiserverPort, `${params.kubeConfigDir}/pki/ca.crt`) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    if (!concerns(params, host, inventory)) return []
    const { configDir, manifestDir, bind, port } = params
    const config = `${configDir}/haproxy.cfg`
    const image = `${params.image}:${params.imageTag}`
    const listing = {
      path: config,
      port: params.apiserverPort,
      masters: mastersOf(inventory, params.leaving),
      peers,
    }
    return [
      directory({ path: configDir, mode: '0755' }),
      file({
        path: config,
        content: listingContent(listing, listed => proxyCfg(params, listed)),
        mode: '0644',
        validate: validate(image, configDir),
        notify: 'reload',
      }),
      flushHandlers(),
      // As late as can be: from here on until the pod runs, nobody has the port.
      makeWay(port, nginxProxies(manifestDir)),
      directory({ path: manifestDir, mode: '0755' }),
      file({ path: `${manifestDir}/haproxy.yml`, content: proxyManifest(params), mode: '0644' }),
      waitFor({ host: dialled(bind), port, timeout: params.startTimeout }),
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
  handlers: { reload },
})

/** A master whose own API server has the port, or that leaves, needs no proxy. */
const concerns = (
  params: {
    readonly type: string
    readonly wanted: boolean
    readonly port: number
    readonly apiserverPort: number
    readonly leaving: readonly string[] | string
  },
  host: HostView,
  inventory: InventoryView,
): boolean =>
  params.wanted &&
  params.type === 'haproxy' &&
  !isLeaving(host, params.leaving) &&
  !(params.port === params.apiserverPort && mastersOf(inventory).some(master => master.name === host.name))

/** What may have the port now: the proxies that loadbalancer_apiserver_type nginx makes. */
const nginxProxies = (manifestDir: string): readonly Listener[] => [
  { name: 'nginx-proxy', unit: 'nginx-proxy' },
  { name: 'kube-nginx', unit: 'kube-nginx' },
  { name: 'nginx-lb', unit: 'nginx-lb', container: 'nginx-lb' },
  {
    name: 'nginx-proxy (pod)',
    pod: { pod: 'nginx-proxy', container: 'nginx-proxy', manifest: `${manifestDir}/nginx-proxy.yml` },
  },
]

const dialled = ([first = '127.0.0.1']: readonly string[]): string =>
  first === '0.0.0.0' || first === '*' ? '127.0.0.1' : first === '::' ? '::1' : first
