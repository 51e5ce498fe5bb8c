export interface PackagesArgs {
  /**
   * Names; `name=version` pins one (`kubelet=1.30.4-1.1`, `kubelet=1.30.*`; dnf: version or version-release). One that
   * is called otherwise by the other package manager is given twice: `{ apt: 'iproute2', dnf: 'iproute' }`.
   */
  readonly names: readonly PackageName[]
  /** Default present. `latest` upgrades to what the package lists know. */
  readonly state?: 'present' | 'absent' | 'latest'
  /**
   * Fetch the package lists first when they are older, in seconds. Without it only when there are none or a package is
   * not known.
   */
  readonly listsMaxAge?: number
  /** Install what is recommended too; default false. */
  readonly recommends?: boolean
  /**
   * Keep these packages from being upgraded by others (`apt-mark hold`), true or false; held ones are then changed by
   * this task. apt only.
   */
  readonly hold?: boolean
  /** Let Debian start the daemons of new packages; default true. */
  readonly start?: boolean
  /** Remove configuration files too (state absent, apt); default false. */
  readonly purge?: boolean
  /** Seconds to wait for another package manager that holds the lock; default 300. */
  readonly lockTimeout?: number
}

/** A package, where need be with a name for each package manager. */
export type PackageName = string | { readonly apt: string; readonly dnf: string }

export interface Package {
  readonly name: string
  readonly version?: string
}
