/** Shapes that the lab's scripts share; nothing of this file is there at run time. */

export type Runtime = 'docker' | 'containerd'

export type Kind = 'master' | 'node'

export type Sizes = Readonly<{ masters: number; nodes: number; spareMasters: number; spareNodes: number }>

export type LabOptions = Partial<Sizes> &
  Readonly<{
    name?: string
    /** false leaves the programs of Kubernetes out. */
    kube?: boolean
    /** Hosts whose /etc/hosts stays Docker's bind mount. */
    keepMounts?: readonly string[]
    /** Hosts that have dnf and rpm and no apt. */
    dnf?: readonly string[]
    /** Hosts of Debian's next release. */
    newer?: readonly string[]
    /** All hosts have Python. */
    python?: boolean
    /** A cluster is made on them, in the layout of kubespray or of one of its releases: kubespray-2.28. */
    layout?: string
    /** What runs the containers of such a cluster. */
    runtime?: Runtime
    /** Hosts of it that have another one, by name. */
    runtimes?: Readonly<Record<string, Runtime>>
  }>

export type Host = Readonly<{ name: string; ip: string; group: Kind | `spare-${Kind}` }>

export type Secrets = Readonly<{ publicKey: string; operatorPassword: string }>

export type LabFiles = Readonly<
  Record<'dir' | 'key' | 'knownHosts' | 'operatorPassword' | 'state' | 'inventoryDir' | 'inventory', string>
>

/** What state.json holds. */
export type LabState = Readonly<{ name: string; subnet: string; vip: string; image: string; hosts: readonly Host[] }>

export type LabInfo = Omit<LabState, 'hosts'> &
  Readonly<{ hosts: readonly (Host & { readonly container: string })[]; files: LabFiles; kubeDir: string }>
