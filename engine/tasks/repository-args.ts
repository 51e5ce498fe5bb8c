export interface RepositoryArgs {
  /** Of its files: `/etc/apt/sources.list.d/NAME.sources`, `/etc/yum.repos.d/NAME.repo`, and the key's. */
  readonly name: string
  /** What a host with apt gets, and what one with dnf (yum). A host whose own is not given is refused. */
  readonly apt?: AptRepository
  readonly dnf?: DnfRepository
  /** Packages come from it; default true. */
  readonly enabled?: boolean
  /** Default present. */
  readonly state?: 'present' | 'absent'
  /** Seconds to wait for another apt that holds the lock of the lists; default 300. */
  readonly lockTimeout?: number
}

/** In the words of `man sources.list` (deb822). */
export interface AptRepository {
  readonly uris: string | readonly string[]
  /** `bookworm`; one that ends in a slash is a directory without components. */
  readonly suites: string | readonly string[]
  readonly components?: readonly string[]
  /** Default `deb`. */
  readonly types?: readonly ('deb' | 'deb-src')[]
  readonly architectures?: readonly string[]
  /** The key that signs it: its text (`-----BEGIN PGP PUBLIC KEY BLOCK-----`), or the path of a file on the host. */
  readonly signedBy: string
}

/** In the words of `man dnf.conf`. One of `baseurl`, `mirrorlist` and `metalink` is needed. */
export interface DnfRepository {
  /** What it is called for people; default its name. */
  readonly description?: string
  readonly baseurl?: string | readonly string[]
  readonly mirrorlist?: string
  readonly metalink?: string
  /** The key that signs its packages: its text, or the path of a file on the host, or a URL. */
  readonly gpgkey?: string
  /** false: packages are taken unsigned. Default true, and then `gpgkey` is needed. */
  readonly gpgcheck?: false
  /** The metadata are signed, too; default false. */
  readonly repoGpgcheck?: boolean
}

/** A repository as a host has it. */
export interface RepositoryFiles {
  readonly path: string
  readonly content: string
  readonly keyPath: string
  /** Text of the key, where it is a file of ours. */
  readonly key?: string
}

export const isKeyText = (key: string): boolean => key.trimStart().startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----')

export const keyFile = (keyPath: string, key: string | undefined): Pick<RepositoryFiles, 'keyPath' | 'key'> => ({
  keyPath,
  ...(key !== undefined && isKeyText(key) ? { key: `${key.trim()}\n` } : {}),
})
