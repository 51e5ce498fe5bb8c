import { dirname } from 'node:path'
import { defineRole, directory, file, flushHandlers, isSetBy, packages, service, waitFor } from 'rota'
import {
  balancersOf,
  cluster,
  clusterProblems,
  listeningContent,
  makeWay,
  mastersOf,
  onEveryFamily,
  readyz,
  sayLeftOut,
  unitRunsItsConfiguration,
  unknownLeaving,
  vipSpeaksV6,
} from '../lib/cluster/index.ts'
import { isNobodyElses } from './foreign.ts'
import { haproxyCfg } from './haproxy.cfg.ts'
import { params } from './params.ts'
import { mayConnectAnywhere } from './selinux.ts'
import { readVersion, versionFacts } from './version.ts'

/**
 * haproxy in front of all masters: on hosts of `load_balancer`, or on the masters themselves; keepalived puts a virtual
 * address on one. A new list of masters is a reload.
 */
export const haproxy = defineRole({
  name: 'haproxy',
  description: 'a load balancer in front of all API servers, where the virtual address may be',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host, inventory }) => {
    const isMaster = mastersOf(inventory).some(master => master.name === host.name)
    const chosen = params.vipLoadBalancer === 'haproxy'
    return [
      ...unknownLeaving(inventory, params.leaving),
      ...(chosen && isMaster && params.bindPort === params.apiserverPort && isBalancer(host.name, inventory, [])
        ? [`bindPort: ${params.bindPort} is the API server's own port on this host: choose another, such as 8443`]
        : []),
      ...(mastersOf(inventory, params.leaving).length === 0 ? ['no master would be left to balance to'] : []),
    ]
  },
  peers: ({ params, host, inventory }) => ({
    hosts: concerns(params, host.name, inventory)
      ? mastersOf(inventory, params.leaving).map(master => master.name)
      : [],
    facts: master => ({ ready: readyz(master, params.apiserverPort, `${params.kubeConfigDir}/pki/ca.crt`) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    // A master on its way out keeps what it has until haproxy-absent has moved its clients away.
    if (!concerns(params, host.name, inventory)) return []
    const masters = mastersOf(inventory, params.leaving)
    const listing = { path: params.config, port: params.apiserverPort, masters, peers }
    const withSecret = params.statsPassword !== undefined
    return [
      params.virtualAddress === undefined && isNobodyElses(params.config),
      packages({ names: onEveryFamily(params.packages), start: false }),
      mayConnectAnywhere,
      // The package has made it, but not again when it was removed.
      directory({ path: dirname(params.config) }),
      file({
        path: params.config,
        content: listeningContent(
          listing,
          { listen: params.bind, bothFamilies: vipSpeaksV6(params, host) && !isSetBy(params, 'bind') },
          (listed, bind, values) => haproxyCfg({ ...params, bind }, listed, readVersion(values)),
          versionFacts,
        ),
        mode: withSecret ? '0600' : '0644',
        secret: withSecret,
        validate: 'haproxy -c -q -f',
        notify: 'reload',
      }),
      flushHandlers(),
      makeWay(params.bindPort, [{ name: 'nginx-vip', unit: params.nginxVipUnit }]),
      service({ name: 'haproxy', enabled: true, running: true }),
      unitRunsItsConfiguration({ unit: 'haproxy', config: params.config }),
      waitFor({
        port: params.bindPort,
        ...(params.bind.includes('0.0.0.0') || params.bind.includes('*')
          ? {}
          : { host: params.bind[0] ?? '127.0.0.1' }),
      }),
      sayLeftOut(listing),
    ]
  },
  handlers: { reload: service.reload('haproxy') },
})

type Inventory = Parameters<typeof balancersOf>[0]

const isBalancer = (name: string, inventory: Inventory, leaving: readonly string[] | string): boolean =>
  balancersOf(inventory, leaving).some(host => host.name === name)

const concerns = (
  { vipLoadBalancer, leaving }: { readonly vipLoadBalancer: string; readonly leaving: readonly string[] | string },
  name: string,
  inventory: Inventory,
): boolean => vipLoadBalancer === 'haproxy' && isBalancer(name, inventory, leaving)
