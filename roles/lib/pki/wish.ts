/** Subject alternative names. */
export interface Alternatives {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

/** A certificate that must exist. */
export interface Wish extends Alternatives {
  /** Path in the store, without ending: `hosts/m1/apiserver`. */
  readonly name: string
  /** Name of the authority that signs it: `ca`, `etcd/ca`, `front-proxy-ca`. */
  readonly ca: string
  readonly subject: Subject
  /**
   * Those that must be there, more may be; without it all that the certificate is made with. Others are no reason to
   * make it anew.
   */
  readonly needed?: Alternatives
  readonly usages: readonly Usage[]
}

/** Kubernetes reads the user from the common name and the group from the organization. */
export interface Subject {
  readonly commonName: string
  readonly organization?: string
}

export type Usage = 'server' | 'client'

/** Lifetimes, in days. */
export interface Lifetime {
  readonly certificateDays: number
  readonly caDays: number
}

/** A certificate with its key, both PEM. */
export interface Pair {
  readonly certificate: string
  readonly key: string
}
