import { type HostView, type InventoryView, isSetBy } from 'rota'
import {
  cluster,
  mastersOf,
  nodeNameOf,
  nodesOf,
  type ServiceAddresses,
  serviceRanges,
} from '../../lib/cluster/index.ts'
import {
  apiServerNames,
  type ClusterNames,
  defaultLifetime,
  kubernetesAuthorities,
  masterWishes,
  type PreparedCertificates,
  prepareCertificates,
  prepareTokens,
  type Wish,
} from '../../lib/pki/index.ts'
import type { Params } from '../daemons/daemons.ts'
import type { Preparing } from '../preparing.ts'

type NameParams = Pick<
  Params,
  | 'leaving'
  | 'dnsDomain'
  | keyof ServiceAddresses
  | 'loadBalancerName'
  | 'virtualAddress'
  | 'externalLoadBalancer'
  | 'supplementaryNames'
>

/** What the certificates of the masters are made from. */
export const clusterNames = (params: NameParams, inventory: InventoryView): ClusterNames => ({
  masters: mastersOf(inventory, params.leaving),
  nodeNames: mastersOf(inventory, params.leaving).map(master => nodeNameOf(master, inventory)),
  dnsDomain: params.dnsDomain,
  services: serviceRanges(params),
  loadBalancerName: params.loadBalancerName,
  namesLoadBalancer: isSetBy(params, 'loadBalancerName'),
  loadBalancerAddresses: [params.virtualAddress, params.externalLoadBalancer?.address].filter(
    address => address !== undefined,
  ),
  secondAddresses: secondAddresses(params, inventory),
  supplementary: params.supplementaryNames,
})

const secondAddresses = ({ leaving, ipv6Stack }: NameParams, inventory: InventoryView): readonly string[] =>
  ipv6Stack
    ? mastersOf(inventory, leaving).flatMap(master => inventory.cluster(cluster, master).secondAddress ?? [])
    : []

/**
 * The names of an API server's certificate: what it is made with, and, as `needed`, what clients of this cluster use.
 * For those who make it, those who look whether it is to be made anew, and those who look at what is shown. `dialled`
 * are the masters that show it at their own addresses.
 */
export const servedNames = (params: NameParams, inventory: InventoryView, dialled: readonly HostView[]) =>
  apiServerNames(clusterNames(params, inventory), dialled)

/** What `prepare` gives to the tasks of the masters. */
export interface MasterPrepared extends PreparedCertificates {
  /** The content of known_tokens.csv, where there is one. */
  readonly tokens?: string | undefined
}

/** The certificates of the masters, and their tokens; `wanted` leaves out those that a method does not need. */
export async function prepareMasters(
  { hosts, inventory, check }: Preparing,
  wanted: (wish: Wish) => boolean = () => true,
): Promise<MasterPrepared> {
  const [first] = hosts
  const prepared = await prepareCertificates(
    { inventory, check },
    hosts.flatMap(({ host, params }) => masterWishes(host, clusterNames(params, inventory))).filter(wanted),
    kubernetesAuthorities,
    lifetimeOf(first?.params),
  )
  if (!first?.params.tokenAuth) return prepared
  return { ...prepared, tokens: await prepareTokens({ inventory, check }, tokenUsers(first.params, inventory)) }
}

export const lifetimeOf = (params: Params | undefined) => ({
  ...defaultLifetime,
  certificateDays: params?.certificateDays ?? defaultLifetime.certificateDays,
})

/** kubespray's names: who has a token. */
export const tokenUsers = (params: Params, inventory: InventoryView): readonly string[] => [
  ...mastersOf(inventory, params.leaving).map((host: HostView) => `system:kubectl-${host.name}`),
  ...nodesOf(inventory, params.leaving).map((host: HostView) => `system:kubelet-${host.name}`),
]
