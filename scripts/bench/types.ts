/** Shapes that the bench's modules share; nothing of this file is there at run time. */

export type Target = Readonly<{ name: string; address: string; port: number }>

/** What all tools are given: the same hosts, the same key. */
export interface Setup {
  /** Private folder of this bench. */
  readonly dir: string
  readonly targets: readonly Target[]
  readonly key: string
  readonly knownHosts: string
  readonly inventory: string
  /** JSON: what the configuration files are made of. */
  readonly site: string
  readonly vip: string
}

export interface Command {
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Tool {
  readonly name: string
  /** Why it can't be measured here. */
  readonly missing?: () => Promise<string | undefined>
  /** A run that makes it so, with so many upstreams. */
  readonly run: (setup: Setup, upstreams: number) => Promise<Command>
  /** Opens the connections that a warm run finds; without it the tool keeps none. */
  readonly warm?: (setup: Setup) => Promise<Command>
  /** What it runs connects only, and changes nothing. */
  readonly connectsOnly?: boolean
}

/** Of one run: seconds, CPU seconds and peak memory (anonymous, bytes) of all its processes. */
export interface Figures {
  readonly wall: number
  readonly cpu?: number
  readonly memory?: number
}
