import { isDeepStrictEqual } from 'node:util'
import { formatOrigin, type Origin, type Problem, refused } from '../failure/index.ts'
import { type Host, hostNamed, type Inventory, namesSetIn } from '../inventory/index.ts'
import type { Play } from '../playbook/index.ts'
import type { AnyCluster, ClusterAccess, ClusterOf, HostView, InventoryView } from '../role/index.ts'
import {
  type Asked,
  isShared,
  type Lookup,
  type ParamSchema,
  type PlaybookValue,
  type PlaybookValues,
  resolveDefault,
  resolveParams,
  resolveVar,
  sourcesOf,
  variableNames,
} from '../values/index.ts'

/** What a playbook gives to the values of the cluster, host by host. */
export interface GivenByPlays {
  readonly on: (host: string) => PlaybookValues
  readonly problems: readonly Problem[]
}

interface Given extends PlaybookValue {
  readonly hosts: ReadonlySet<string>
}

export const nothingGiven: GivenByPlays = { on: () => () => undefined, problems: [] }

/**
 * A playbook gives a value of the cluster to one role and means all who have it, also on hosts that this role does not
 * run on. Where two calls give different values, those count of the plays that a host is in; two of these are a
 * contradiction.
 */
export function givenByPlays(plays: readonly (readonly [Play, readonly Host[]])[]): GivenByPlays {
  const bySchema = new Map<ParamSchema, Given[]>()
  for (const [{ roles = [] }, everyone] of plays) {
    const hosts = new Set(everyone.map(({ name }) => name))
    for (const { role, params, site } of roles) {
      for (const [param, value] of Object.entries(params)) {
        const schema = role.params.properties[param]
        if (schema === undefined || value === undefined || !isShared(schema)) continue
        const given = { value, site, role: role.name, param, hosts }
        const list = bySchema.get(schema) ?? []
        list.push(given)
        bySchema.set(schema, list)
      }
    }
  }
  if (bySchema.size === 0) return nothingGiven
  const chosen = new Map([...bySchema].map(([schema, given]) => [schema, chosenOf(given)]))
  return {
    on: host => schema => chosen.get(schema)?.on(host),
    problems: [...chosen.values()].flatMap(({ problems }) => problems),
  }
}

/**
 * By host what the first of its plays gives; on one in no play that gives it a value, whatever the first play gives.
 */
function chosenOf(given: readonly Given[]): {
  readonly on: (host: string) => PlaybookValue | undefined
  readonly problems: readonly Problem[]
} {
  const [first] = given
  const isSame = (one: Given, other: Given) => isDeepStrictEqual(one.value, other.value)
  if (first === undefined || given.every(one => isSame(one, first))) return { on: () => first, problems: [] }
  const byHost = new Map<string, Given>()
  const problems: Problem[] = []
  for (const one of given) {
    const others = [...one.hosts].map(host => {
      const known = byHost.get(host)
      if (known === undefined) byHost.set(host, one)
      return known
    })
    const other = problems.length > 0 ? undefined : others.find(known => known !== undefined && !isSame(known, one))
    if (other !== undefined) problems.push(contradiction(one, other))
  }
  return { on: host => byHost.get(host) ?? first, problems }
}

function contradiction(one: Given, other: Given): Problem {
  const named = ({ role, param }: Given) => `${role}'s ${param}`
  return {
    message: `${named(one)} is one value with ${named(other)}, which is given another (${formatOrigin(other.site)})`,
    origin: one.site,
    hint: 'all roles of a cluster have it in common: give it the same value, or give it in the inventory',
  }
}

/** Refuses what is wrong. */
export type Refuse = (problems: readonly Problem[]) => void

const refuseAll: Refuse = problems => {
  throw refused(problems)
}

/**
 * The values of clusters for the hosts of an inventory, each worked out once. `onSecrets` is told of those in them.
 * Where `refuse` lets wrong ones pass they are left out.
 */
export function clusterValues(
  lookupOn: (host: string) => Lookup,
  view: () => InventoryView,
  given: GivenByPlays,
  onSecrets: (secrets: readonly string[]) => void = () => {},
  refuse: Refuse = refuseAll,
): InventoryView['cluster'] {
  const asked = new Map<AnyCluster, Asked>()
  const values = (definition: AnyCluster, { name }: HostView): Readonly<Record<string, unknown>> => {
    const call = asked.get(definition) ?? askedAs(definition)
    asked.set(definition, call)
    const resolved = resolveParams(call, lookupOn(name), given.on(name))
    if (resolved.secrets.length > 0) onSecrets(resolved.secrets)
    if (resolved.ok) return resolved.params
    refuse(resolved.problems)
    return resolved.right
  }
  const valueOn = (definition: AnyCluster, host: HostView): object => {
    const set = values(definition, host)
    const context = { values: set, host, inventory: view(), of: (other: HostView) => values(definition, other) }
    const access: ClusterAccess<object> = {
      of: other => view().cluster(definition, other) as ReturnType<ClusterAccess<object>['of']>,
      placeOf: (param, path = []) => placeOf(definition, param, path, lookupOn(host.name), given.on(host.name)),
    }
    return clusterValue(set, definition.derive(context as never), access)
  }
  const known = new WeakMap<HostView, Map<AnyCluster, object>>()
  return <C extends AnyCluster>(definition: C, host: HostView) => {
    const ofHost = known.get(host) ?? new Map<AnyCluster, object>()
    known.set(host, ofHost)
    const value = ofHost.get(definition) ?? valueOn(definition, host)
    ofHost.set(definition, value)
    return value as ClusterOf<C>
  }
}

/**
 * What is set, what follows from it, and what is asked of others, in one plain object: whoever spreads it, or asks for
 * its keys, has all of it. Only what follows is defined one by one: all of it so took 1.3 s of 6 with 10,000 nodes
 * (`bench.mjs nodes`).
 */
const clusterValue = (
  set: Readonly<Record<string, unknown>>,
  derived: object,
  { of, placeOf }: ClusterAccess<object>,
): object => Object.defineProperties({ ...set, of, placeOf }, Object.getOwnPropertyDescriptors(derived))

function placeOf(
  definition: AnyCluster,
  param: string,
  path: readonly (string | number)[],
  lookup: Lookup,
  given: PlaybookValues,
): Origin | undefined {
  const schema = definition.params.properties[param]
  if (schema === undefined) return undefined
  const [source] = sourcesOf(variableNames(clusterName, param, schema), lookup, given(schema))
  return source?.kind === 'playbook' ? source.given.site : source?.variable.locate(path)
}

const clusterName = 'cluster'

export const askedAs = ({ params }: AnyCluster): Asked => ({
  role: { name: clusterName, label: 'the cluster', params },
  params: {},
})

export function lookupNamed(inventory: Inventory, name: string): Lookup {
  const host = hostNamed(inventory, name)
  return host === undefined ? () => undefined : lookupIn(inventory, host)
}

/** A host's variables for `resolveParams`. */
export function lookupIn(inventory: Inventory, host: Host): Lookup {
  const lookup = (name: string) => {
    // Resolved, it also tells whether the value was made from a secret.
    const variable = resolveVar(inventory, host, name)
    return variable && { value: variable.value, variable }
  }
  const defaultOf: Lookup['defaultOf'] = name => resolveDefault(inventory, host, name)
  // An implicit localhost has variables that no host of the inventory has.
  const names = inventory.hosts.has(host.name) ? { names: namesIn(inventory) } : {}
  return Object.assign(lookup, names, { defaultOf })
}

function namesIn(inventory: Inventory): ReadonlySet<string> {
  const known = allNames.get(inventory)
  if (known) return known
  const names = new Set([...(inventory.defaults?.names ?? []), ...namesSetIn(inventory)])
  allNames.set(inventory, names)
  return names
}

// A memory of a pure function: an inventory does not change.
const allNames = new WeakMap<Inventory, ReadonlySet<string>>()
