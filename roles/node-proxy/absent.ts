import {
  absent,
  command,
  defineRole,
  type HostView,
  type InventoryView,
  type Nested,
  type ParamsOf,
  quote,
  waitFor,
} from 'rota'
import { hasHaproxy, withPort } from '../haproxy-proxy/place.ts'
import {
  absentUnit,
  balancersOf,
  cluster,
  clusterProblems,
  containerFunction,
  holdsPort,
} from '../lib/cluster/index.ts'
import { chosenProxy, type NodeProxy, nodeProxies, otherProxies } from '../nginx-proxy/listeners.ts'
import { hasProxy } from '../nginx-proxy/place.ts'
import { settingsOf } from '../nginx-proxy/settings.ts'
import { absentConfig } from './absent-config.ts'
import { params } from './params.ts'

type Params = ParamsOf<typeof params>

/**
 * Nothing of a proxy on a node that is not the chosen one: no unit, container, pod and configuration, nothing that
 * listens. Comes after the clients were pointed to the chosen one. With `loadbalancer_apiserver_localhost: false` all
 * of them go.
 */
export const nodeProxyAbsent = defineRole({
  name: 'node-proxy-absent',
  description: 'no proxy on this host but the chosen one',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: ({ params, host, inventory }) => {
    const chosen = chosenOn(params, host, inventory)
    const others = otherProxies(params, chosen)
    return [
      // The last one that works is not taken away.
      chosen !== undefined && holdsPort(portOf(params), chosen),
      others.map(({ unit }) => unit !== undefined && absentUnit({ name: unit })),
      others.map(({ container }) => container !== undefined && absentContainer(container)),
      [...new Set(others.flatMap(({ pod }) => pod?.manifest ?? []))].map(path => absent({ path })),
      others.map(({ pod }) => pod !== undefined && podIsGone(pod)),
      [...new Set(others.flatMap(({ configs }) => configs))]
        .filter(config => !isBalancers(config, params, host, inventory))
        .map(path => absentConfig({ path })),
      others.map(({ folder }) => folder !== undefined && absent({ path: folder })),
    ] satisfies Nested
  },
})

function chosenOn(params: Params, host: HostView, inventory: InventoryView): NodeProxy | undefined {
  const settings = settingsOf(params)
  if (params.type === 'haproxy')
    return hasHaproxy({ ...params, port: portOf(params) }, host, inventory)
      ? nodeProxies(params).find(({ pod }) => pod?.container === 'haproxy')
      : undefined
  return hasProxy(settings, host, inventory) ? chosenProxy(settings) : undefined
}

/** The default of haproxy-proxy is one for all. */
const portOf = (params: Params): number => (params.type === 'haproxy' ? withPort(params).port : settingsOf(params).port)

const absentContainer = (name: string) =>
  command({
    title: `no container ${name}`,
    why: 'there is one',
    onlyIf: `docker container inspect ${quote(name)} >/dev/null`,
    run: `docker rm -f ${quote(name)}`,
  })

/** The kubelet ends a pod some seconds after its manifest has gone. */
const podIsGone = ({ pod, container }: NonNullable<NodeProxy['pod']>) =>
  waitFor({
    title: `the pod ${pod} is gone`,
    check: { run: `${containerFunction({ pod, container })}\ncontainer` },
    gone: true,
    timeout: 90,
  })

/** haproxy's own configuration belongs to the load balancer behind the virtual address where there is one. */
const isBalancers = (config: string, params: Params, host: HostView, inventory: InventoryView): boolean =>
  config.startsWith('/etc/haproxy/') &&
  params.vipLoadBalancer === 'haproxy' &&
  balancersOf(inventory).some(({ name }) => name === host.name)
