import type { Origin, Problem } from '../failure/index.ts'
import type { ParamsSchema, Rendered } from '../values/index.ts'

/**
 * The variables that give a host its address for others, the first that is set, as kubespray has it. Where a cluster
 * speaks IPv6 alone a playbook may name others (`InventoryRules.addresses`).
 */
export const addressVariables = ['access_ip', 'ip', 'ansible_host'] as const

/** What roles, gates and steps see of a host: plain values, resolved once. */
export interface HostView {
  readonly name: string
  /**
   * Address that other hosts use: `access_ip`, `ip`, `ansible_host`, the name (the first that is set). It is one, IPv4
   * or IPv6, whatever the inventory says: where that is a name or anything else, reading this throws a refusal
   * with its place.
   */
  readonly address: string
  /** Address that the host itself binds: `ip`, `ansible_host`, the name. Of the same kind. */
  readonly ip: string
  /** What is wrong with these two, where they can not be read. */
  readonly addressProblems: readonly Problem[]
  readonly groups: readonly string[]
  /**
   * Any inventory variable, templates evaluated; undefined where it is not set. Params declared in a schema are the
   * better way.
   */
  readonly var: (name: string) => unknown
  /**
   * A Jinja file of the control machine, rendered with the host's variables and `values` before them; and whether it
   * reads a secret. What `template` writes. Throws a refusal at the place in the file.
   */
  readonly render: (file: string, values?: Readonly<Record<string, unknown>>) => Rendered
  /** Where a variable of the host was set, for problems with it; without a name, where the inventory names the host. */
  readonly place: (variable?: string) => Origin | undefined
}

/** What roles see of the inventory, all of it, whatever `--limit` leaves. */
export interface InventoryView {
  /**
   * The value of a cluster for a host: what a `cluster` in a context is. Before the plays of a playbook are known,
   * without what they give to roles. Throws a Failure (refused) where something is wrong with it.
   */
  readonly cluster: <C extends AnyCluster>(definition: C, host: HostView) => ClusterOf<C>
  readonly hosts: readonly HostView[]
  readonly host: (name: string) => HostView
  /** Hosts of a group, in inventory order; empty where there is no such group. */
  readonly group: (name: string) => readonly HostView[]
  /** Folder of the first inventory source, for files that belong to it (`pki/`). */
  readonly dir: string
}

/** What is handed to whoever works on one host. `cluster` is undefined where they have not said which they mean. */
export interface HostContext<C = undefined> {
  readonly host: HostView
  readonly inventory: InventoryView
  readonly cluster: ClusterOf<C>
}

/**
 * What several roles, gates, hooks and checks must agree on, as one typed value a host. A role's param that has one of
 * its schemas is this value, whoever sets it. Made by `defineCluster`.
 */
export interface ClusterDefinition<V extends object = object> {
  readonly params: ParamsSchema
  /** What follows from the values of a host, best by getters, which are worked out when somebody asks. */
  readonly derive: (context: ClusterContext<never>) => object
  /** Of types only: it is never there. */
  readonly value?: V
}

export interface ClusterContext<V> {
  /** What is set for the host, with the defaults. */
  readonly values: V
  readonly host: HostView
  readonly inventory: InventoryView
  /** What is set for another host. */
  readonly of: (host: HostView) => V
}

/** A definition of whatever values. */
export type AnyCluster = ClusterDefinition

/** The value for a host: what is set, and what follows from it. */
export type ClusterOf<C> = C extends ClusterDefinition<infer V> ? V & ClusterAccess<V> : undefined

export interface ClusterAccess<V> {
  /** The value for another host. Throws a Failure (refused) where something is wrong with that host's. */
  readonly of: (host: HostView) => V & ClusterAccess<V>
  /** Where a value was set, or a part of it, for problems with it; undefined where it is the default. */
  readonly placeOf: (name: string, path?: readonly (string | number)[]) => Origin | undefined
}
