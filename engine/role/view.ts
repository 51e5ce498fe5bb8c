/** What roles, gates and steps see of a host: plain values, resolved once. */
export interface HostView {
  readonly name: string
  /** Address that other hosts use: `access_ip`, `ip`, `ansible_host`, the name (the first that is set, as kubespray does). */
  readonly address: string
  /** Address that the host itself binds: `ip`, `ansible_host`, the name. */
  readonly ip: string
  readonly groups: readonly string[]
  /** Any inventory variable, templates evaluated; undefined where it is not set. Params declared in a schema are the better way. */
  readonly var: (name: string) => unknown
}

export interface InventoryView {
  readonly hosts: readonly HostView[]
  readonly host: (name: string) => HostView
  /** Hosts of a group, in inventory order; empty where there is no such group. */
  readonly group: (name: string) => readonly HostView[]
  /** Folder of the first inventory source, for files that belong to it (`pki/`). */
  readonly dir: string
}
