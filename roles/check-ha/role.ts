import { type Check, defineRole, facts, type HostView, hostCheck, type InventoryView } from 'rota'
import { servedNames } from '../control-plane/credentials/certificates.ts'
import {
  balancersOf,
  cluster,
  clusterProblems,
  isOneOf,
  mastersOf,
  vipPortOf,
  vipProtocolOf,
} from '../lib/cluster/index.ts'
import type { Alternatives } from '../lib/pki/index.ts'
import { unitName } from '../lvs-real-server/unit.ts'
import { answersPing, isOnLo, oneHolder } from './address.ts'
import { answers, sameAuthority, showsEveryName, type Way } from './answers.ts'
import { balancesTo } from './lvs.ts'
import { params } from './params.ts'
import { balancerOn, nodeProxyOn, type Params } from './places.ts'
import { isActive, listens, runs } from './services.ts'

/**
 * Everything between a client and an API server, as document 001 looks at it and a little further: what is expected
 * follows from the same variables as the set-up itself. Changes nothing.
 */
export const checkHa = defineRole({
  name: 'check-ha',
  description: 'what leads to the API servers, looked at',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: () => [],
  checks: ({ params, host, inventory }) => {
    const ways = waysOf(params, host, inventory)
    const ca = `${params.kubeConfigDir}/pki/ca.crt`
    return [
      ...balancerChecks(params, host, inventory),
      ...realServerChecks(params, host, inventory),
      ...nodeProxyChecks(params, host, inventory),
      isOneOf(mastersOf(inventory), host) && listens('kube-apiserver', params.apiserverPort),
      ...holderChecks(params, host, inventory),
      ...ways.map(way => answers(way, ca)),
      ...ways
        .filter(({ protocol }) => protocol === 'tcp')
        .map(way => showsEveryName(way, namesOf(way, params, inventory))),
      ways.length > 0 && sameAuthority(ways, ca, `${params.kubeConfigDir}/ssl/ca.crt`),
    ]
  },
})

/** Whoever dials a master itself uses its address; behind a proxy or a balancer that may be any master. */
const namesOf = ({ address }: Way, params: Params, inventory: InventoryView): Alternatives =>
  servedNames(
    params,
    inventory,
    mastersOf(inventory, params.leaving).filter(master => master.address === address),
  ).needed

function balancerChecks(params: Params, host: HostView, inventory: InventoryView): readonly Check[] {
  const { virtualAddress: address } = params
  if (address === undefined || !isOneOf(balancersOf(inventory), host)) return []
  const balancer = balancerOn(params, host, inventory)
  return [
    ...(balancer === undefined
      ? [balancesTo({ address, port: vipPortOf(params) }, mastersOf(inventory), params.apiserverPort)]
      : [runs(balancer), listens(balancer.program, balancer.port)]),
    ...(balancer?.program === 'haproxy' && params.statsPassword !== undefined
      ? [listens('haproxy', params.statsPort), statsPage(params)]
      : []),
    isActive('keepalived', 'keepalived'),
  ]
}

/** The password travels over stdin of the program that asks, and is replaced in all that is shown. */
const statsPage = ({ statsPort, statsUri, statsUser, statsPassword = '' }: Params): Check =>
  hostCheck({
    name: 'the statistics page answers',
    facts: {
      page: facts.http({
        url: `http://127.0.0.1:${statsPort}${statsUri}`,
        user: statsUser,
        password: statsPassword,
        status: 200,
        contains: 'Statistics Report',
      }),
    },
    verdict: ({ page }) => ({
      ok: page.type === 'answered' && page.expected,
      expected: `200 and the report, at ${statsUri}`,
      saw: page.type === 'answered' ? `${page.status}` : page.reason,
    }),
  })

const realServerChecks = (params: Params, host: HostView, inventory: InventoryView): readonly Check[] =>
  params.vipLoadBalancer === 'lvs' &&
  params.lvsKind === 'DR' &&
  params.virtualAddress !== undefined &&
  isOneOf(mastersOf(inventory), host)
    ? [isActive(unitName, unitName), isOnLo(params.virtualAddress)]
    : []

function nodeProxyChecks(params: Params, host: HostView, inventory: InventoryView): readonly Check[] {
  const proxy = nodeProxyOn(params, host, inventory)
  return proxy === undefined ? [] : [runs(proxy), listens(proxy.program, proxy.port)]
}

function holderChecks(params: Params, host: HostView, inventory: InventoryView): readonly Check[] {
  const { virtualAddress } = params
  if (virtualAddress === undefined) return []
  const balancers = params.kubeVip ? mastersOf(inventory) : balancersOf(inventory)
  return [
    oneHolder(
      virtualAddress,
      balancers.map(({ name }) => name),
    ),
    ...(isOneOf([...balancers, ...mastersOf(inventory)], host) ? [answersPing(virtualAddress)] : []),
  ]
}

/** The ways to an API server that clients on this host take. */
export function waysOf(params: Params, host: HostView, inventory: InventoryView): readonly Way[] {
  const proxy = nodeProxyOn(params, host, inventory)
  const isMaster = isOneOf(mastersOf(inventory), host)
  const { virtualAddress, externalLoadBalancer: external } = params
  // Who has a proxy of its own needs neither the external load balancer nor the virtual address.
  const goesOut = proxy === undefined || isMaster
  const usesVip = virtualAddress !== undefined && goesOut
  return [
    ...(isMaster
      ? [{ name: 'on its own host', address: host.address, port: params.apiserverPort, protocol: 'tcp' } as const]
      : []),
    ...(proxy === undefined
      ? []
      : [{ name: `through ${proxy.name}`, address: '127.0.0.1', port: proxy.port, protocol: proxy.protocol }]),
    ...(external !== undefined && goesOut
      ? [
          {
            name: 'through the external load balancer',
            address: external.address,
            port: Number(external.port ?? params.apiserverPort),
            protocol: 'tcp' as const,
          },
        ]
      : []),
    ...(usesVip
      ? [
          {
            name: 'through the virtual address',
            address: virtualAddress,
            port: vipPortOf(params),
            protocol: vipProtocolOf(params),
          },
        ]
      : []),
  ]
}
