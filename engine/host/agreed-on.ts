/** What an operator was shown of one host in one play, and has said yes to. */
export interface AgreedOn {
  /** Undefined where the play, or another one of the host, could not be planned. */
  readonly shown: Shown | undefined
  /** This run has changed something, be it on another host. */
  readonly isBegun: () => boolean
  /** Whether what is at one of these paths may be another by what this run has done on the host. */
  readonly isOwnWork: (paths: readonly string[]) => boolean
  /** This run changes the host at these paths, and in ways that have none. */
  readonly changes: (paths: readonly string[]) => void
}

export interface Shown {
  readonly own: readonly Sum[]
  readonly others: readonly Sum[]
}

/** A checksum of what is done. */
export interface Sum extends Doing {
  readonly sum: string
}

export interface Doing {
  /** Role and title, numbered where these come again in the play. */
  readonly name: string
  /** What it changes, as far as it is known before. */
  readonly paths: readonly string[]
  /** Of what runs once: any host of the play may come to run it. */
  readonly once?: boolean
}
