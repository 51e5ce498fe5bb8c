import type { Origin, Problem } from '../failure/index.ts'

/** The variables that give a host its address for others, the first that is set, as kubespray has it. */
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
  /** Where a variable of the host was set, for problems with it; without a name, where the inventory names the host. */
  readonly place: (variable?: string) => Origin | undefined
}

/** What roles see of the inventory, all of it, whatever `--limit` leaves. */
export interface InventoryView {
  readonly hosts: readonly HostView[]
  readonly host: (name: string) => HostView
  /** Hosts of a group, in inventory order; empty where there is no such group. */
  readonly group: (name: string) => readonly HostView[]
  /** Folder of the first inventory source, for files that belong to it (`pki/`). */
  readonly dir: string
}
