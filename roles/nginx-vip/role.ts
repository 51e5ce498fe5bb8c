import { defineRole, type HostView, type InventoryView, isSetBy, type ParamsOf, service } from 'rota'
import {
  balancersOf,
  cluster,
  clusterProblems,
  endpoint,
  isLeaving,
  mastersOf,
  sayLeftOut,
  unknownLeaving,
  vipSpeaksV6,
} from '../lib/cluster/index.ts'
import { distributionNginx } from '../nginx-proxy/distribution.ts'
import { type NginxConf, upstreamPort } from '../nginx-proxy/nginx.conf.ts'
import { insecureProblems, portProblems } from '../nginx-proxy/refusals.ts'
import { readyFact } from '../nginx-proxy/serving.ts'
import { byProtocol, params } from './params.ts'

type Params = ParamsOf<typeof params>

/** nginx in front of all API servers, behind the virtual address, where `kube_vip_load_balancer` is nginx. */
export const nginxVip = defineRole({
  name: 'nginx-vip',
  description: 'nginx as the load balancer behind the virtual address',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host, inventory }) => {
    if (!balances(params, host, inventory)) return unknownLeaving(inventory, params.leaving)
    const conf = confOf(params, host)
    return [
      ...unknownLeaving(inventory, params.leaving),
      ...(mastersOf(inventory, params.leaving).length === 0 ? ['no master would be left to balance to'] : []),
      ...insecureProblems(params, 'nginx_vip'),
      ...portProblems(conf.port, upstreamPort(conf), host),
    ]
  },
  peers: ({ params, host, inventory }) => ({
    hosts: balances(params, host, inventory) ? mastersOf(inventory, params.leaving).map(({ name }) => name) : [],
    facts: master => ({ ready: readyFact(params, master) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    if (!balances(params, host, inventory)) return []
    const conf = confOf(params, host)
    const masters = mastersOf(inventory, params.leaving)
    const listing = { path: params.config, port: upstreamPort(conf), masters, peers }
    return [
      distributionNginx({
        ...params,
        conf,
        bothFamilies: vipSpeaksV6(params, host) && !isSetBy(params, 'listen'),
        listing,
        others: [{ name: 'haproxy', unit: 'haproxy' }],
      }),
      sayLeftOut(listing),
    ]
  },
  handlers: ({ params }) => ({ reload: service.reload(params.unit) }),
})

/** A master on its way out keeps what it has until nginx-vip-absent comes, after its clients have gone. */
const balances = (params: Params, host: HostView, inventory: InventoryView): boolean =>
  params.vipLoadBalancer === 'nginx' &&
  !isLeaving(host, params.leaving) &&
  balancersOf(inventory).some(({ name }) => name === host.name)

function confOf(params: Params, host: HostView): NginxConf {
  const conf = { ...byProtocol[params.protocol], ...params }
  return { ...conf, serverName: params.serverName ?? endpoint(params.virtualAddress ?? host.address, conf.port) }
}
