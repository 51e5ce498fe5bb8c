import { addressVariables, type ClusterOf, type HostView, type InventoryView, type Origin, type Problem } from 'rota'
import { canonicalAddress } from './address.ts'
import { cluster } from './cluster.ts'
import { balancerGroups, etcdMembersOf, mastersOf, nodesOf } from './groups.ts'
import { isNodeName } from './node-name.ts'
import { overrideHostname } from './params.ts'

/**
 * What is wrong with the hosts that a cluster is made of, all of it, each with its place: names and addresses end in
 * configurations, certificates and hosts files of other hosts. Every role of a cluster has it as its `inventoryCheck`.
 */
export function clusterProblems(inventory: InventoryView): readonly Problem[] {
  const masters = mastersOf(inventory)
  const balancers = balancerGroups.flatMap(inventory.group)
  const addressed = unique([...masters, ...etcdMembersOf(inventory), ...balancers])
  const nodes = unique([...masters, ...nodesOf(inventory)])
  return [
    ...nameProblems(unique([...addressed, ...nodes])),
    ...nodeProblems(nodes, inventory),
    ...addressProblems(addressed, inventory),
    ...masters.slice(0, 1).flatMap(master => stackProblems(master, inventory)),
  ]
}

function stackProblems(host: HostView, inventory: InventoryView): readonly Problem[] {
  const values = valuesOn(host, inventory)
  if (values === undefined || values.ipv4Stack || values.ipv6Stack) return []
  return [
    at(values.placeOf('ipv4Stack'), {
      message: `host ${host.name}: ipv4_stack is false, and ipv6_stack is not true: the cluster would speak neither`,
      hint: 'set ipv6_stack: true for IPv6 alone',
    }),
  ]
}

/** The same, and of every host of the groups that are written to the hosts file. */
export const hostsFileProblems =
  (groups: readonly string[]) =>
  (inventory: InventoryView): readonly Problem[] => {
    const listed = unique(groups.flatMap(inventory.group))
    return [...clusterProblems(inventory), ...nameProblems(listed), ...addressProblems(listed, inventory)]
  }

const { var: hostnameVariable } = overrideHostname

/** A name is a word of haproxy's configuration, of the hosts file, of certificates. */
const nameProblems = (hosts: readonly HostView[]): readonly Problem[] =>
  hosts
    .filter(({ name }) => !isHostName(name))
    .map(host =>
      at(host.place(), {
        message: `host ${host.name}: its name can be no name in the hosts file, in a certificate or a configuration: letters, digits, - . and _ can`,
        hint: 'name it otherwise; ansible_host is where it is reached',
      }),
    )

const isHostName = (name: string): boolean =>
  name.length <= 253 && /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(name)

function nodeProblems(hosts: readonly HostView[], inventory: InventoryView): readonly Problem[] {
  const named = hosts.flatMap(host => {
    const values = valuesOn(host, inventory)
    return values === undefined ? [] : [{ key: values.nodeName, host, set: values.placeOf('overrideHostname') }]
  })
  const wrong = named
    .filter(({ host, key }) => isHostName(host.name) && !isNodeName(key))
    .map(({ host, key, set }) =>
      at(set ?? host.place(), {
        message: `host ${host.name}: Kubernetes can't have a node of the name ${JSON.stringify(key)}: letters, digits, - and . can be in it, and each part begins and ends with a letter or digit`,
        hint:
          set === undefined
            ? `set ${hostnameVariable} for it, or name it otherwise`
            : `set ${hostnameVariable} to another name`,
      }),
    )
  const placed = named.map(({ key, host, set }) => ({ key, host, place: set ?? host.place() }))
  return [...wrong, ...twice(placed, ({ key, host }) => `host ${host.name}: the name of its node, ${key}, is that of`)]
}

function addressProblems(hosts: readonly HostView[], inventory: InventoryView): readonly Problem[] {
  const wrong = hosts.flatMap(host => host.addressProblems)
  const addresses = hosts
    .filter(host => host.addressProblems.length === 0)
    .flatMap(host =>
      [...new Set([host.address, host.ip].map(canonicalAddress))].map(key => ({
        key,
        host,
        place: addressPlace(host),
      })),
    )
  return [
    ...wrong,
    ...twice(addresses, ({ key, host }) => `host ${host.name}: its address ${key} is that of`),
    ...virtualProblems(hosts, addresses, inventory),
  ]
}

/** A host that had the virtual address as its own would never let go of it. */
function virtualProblems(
  hosts: readonly HostView[],
  addresses: readonly Named[],
  inventory: InventoryView,
): readonly Problem[] {
  const byAddress = new Map(addresses.map(named => [named.key, named]))
  return hosts.flatMap(host => {
    const { virtualAddress, placeOf } = valuesOn(host, inventory) ?? {}
    const taken = virtualAddress === undefined ? undefined : byAddress.get(canonicalAddress(virtualAddress))
    if (!taken || !placeOf) return []
    return [
      at(placeOf('virtualAddress'), {
        message: `the virtual address ${virtualAddress} is the address of the host ${taken.host.name}${shown(taken.place)}: it is one that no host has`,
      }),
    ]
  })
}

/** Nothing where something is wrong with them: the run says so itself, and what is found here is said beside it. */
function valuesOn(host: HostView, inventory: InventoryView): ClusterOf<typeof cluster> | undefined {
  try {
    return inventory.cluster(cluster, host)
  } catch {
    return undefined
  }
}

interface Named {
  readonly key: string
  readonly host: HostView
  readonly place: Origin | undefined
}

/** Those whose key another host has had before, with both places. */
function twice(list: readonly Named[], message: (named: Named) => string): readonly Problem[] {
  const known = new Map<string, Named>()
  return list.flatMap(named => {
    const first = known.get(named.key)
    if (first === undefined) known.set(named.key, named)
    if (first === undefined || first.host.name === named.host.name) return []
    return [at(named.place, { message: `${message(named)} ${first.host.name} too${shown(first.place)}` })]
  })
}

const addressPlace = (host: HostView): Origin | undefined =>
  [...addressVariables, 'access_ip6', 'ip6'].map(name => host.place(name)).find(place => place !== undefined) ??
  host.place()

const at = (origin: Origin | undefined, problem: Problem): Problem => ({ ...problem, ...(origin ? { origin } : {}) })

const shown = (place: Origin | undefined): string =>
  place === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`

const unique = (hosts: readonly HostView[]): readonly HostView[] => [
  ...new Map(hosts.map(host => [host.name, host])).values(),
]
