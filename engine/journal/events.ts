/**
 * Everything that happens in a run, in the order in which it happens. The journal writes it down and the report shows
 * it; nothing else prints.
 */
export type RunEvent =
  | {
      readonly kind: 'runStarted'
      readonly run: string
      readonly playbook: string
      readonly check: boolean
      readonly diff: boolean
      /** Seconds since the process began: start, inventory, params, work on this machine. */
      readonly after?: number
      readonly asked?: Asked
    }
  | {
      /** What the run was made of; said before anything is begun on a host. */
      readonly kind: 'madeOf'
      readonly inventory: readonly Digest[]
      readonly code: readonly Digest[]
    }
  | { readonly kind: 'note'; readonly host?: string; readonly text: string }
  | { readonly kind: 'warning'; readonly host?: string; readonly text: string }
  | {
      readonly kind: 'playStarted'
      readonly play: string
      /** Its place among the plays of the run, from 1 on. */
      readonly number: number
      readonly hosts: readonly string[]
      readonly batches: number
      /** The last batch is a window, with so many hosts in flight. */
      readonly window?: number
    }
  | {
      readonly kind: 'batchStarted'
      readonly play: string
      readonly number: number
      readonly of: number
      readonly hosts: readonly string[]
      readonly window?: number
    }
  | {
      /** A host of a window begins. */
      readonly kind: 'hostStarted'
      readonly host: string
      readonly play: string
      /** Who is at work, this host the last of them. */
      readonly inFlight: readonly string[]
      /** How many hosts of the window have come to an end, and of how many. */
      readonly done: number
      readonly of: number
    }
  | {
      readonly kind: 'planned'
      readonly host: string
      readonly play: string
      readonly tasks: number
      readonly changes: number
      readonly seconds: number
    }
  | ({ readonly kind: 'task' } & TaskEvent)
  | {
      readonly kind: 'taskStarted'
      readonly host: string
      readonly play: string
      readonly role: string
      readonly task: string
    }
  | {
      /** What the rollout waits for: of a host, or of what is served after a batch or a host of a window. */
      readonly kind: 'gate'
      /** Of one after a batch there is none. */
      readonly host?: string
      readonly gate: string
      /** Where it is said, as `file:line:column`, of one about what is served. */
      readonly from?: string
      /** `interrupted`: it is no longer waited for. */
      readonly status: 'waiting' | 'holds' | 'failed' | 'interrupted'
      readonly expected?: string
      readonly saw?: string
      readonly seconds?: number
    }
  | {
      /** Time passes between two batches. */
      readonly kind: 'pause'
      readonly play: string
      /** As in `batch 2 of 5`. */
      readonly before: string
      readonly seconds: number
      readonly status: 'started' | 'ended'
    }
  | {
      /** What a check of a play saw; without a host it is about several together. */
      readonly kind: 'check'
      readonly play: string
      readonly role: string
      readonly check: string
      readonly host?: string
      readonly ok: boolean
      readonly expected: string
      readonly saw: string
      readonly warnings?: readonly string[]
    }
  | {
      readonly kind: 'around'
      readonly host: string
      readonly name: string
      readonly phase: 'announce' | 'enter' | 'leave'
      readonly status: 'started' | 'done' | 'failed'
      readonly message?: string
    }
  | {
      readonly kind: 'hostFinished'
      readonly host: string
      readonly play: string
      readonly outcome: Outcome
      readonly changes: number
      readonly message?: string
      readonly hint?: string
    }
  | {
      /** How far work on this machine is, for who watches: no line of a report, and nothing for the journal. */
      readonly kind: 'progress'
      readonly what: string
      /** In bytes. */
      readonly done: number
      readonly total?: number
      readonly ended?: true
    }
  | { readonly kind: 'spent'; readonly host: string; readonly play: string; readonly seconds: Spent }
  | { readonly kind: 'stopped'; readonly reason: string }
  | {
      readonly kind: 'runFinished'
      readonly run: string
      readonly hosts: readonly HostTotal[]
      /** Plays that nobody was in, though the tags choose them. */
      readonly notRun?: readonly { readonly play: string; readonly why: string }[]
      /** What checks have warned of, each once, with the hosts it is about: none where it is about several together. */
      readonly warnings?: readonly CheckWarning[]
      readonly seconds: number
      readonly exitCode: number
    }

export interface CheckWarning {
  readonly check: string
  readonly warning: string
  readonly hosts: readonly string[]
}

/** What has to be known of a run to go on with it, should it be broken off. No secret is among it. */
export interface Asked {
  /** Who has started it, and on which machine. */
  readonly user: string
  readonly machine: string
  readonly version: string
  readonly cwd: string
  readonly file: string
  readonly inventory: readonly string[]
  /** By which the same is known again, also where a secret has been taken out of its name. */
  readonly marks: { readonly cwd: string; readonly file: string; readonly inventory: string }
  readonly flags: readonly AskedFlag[]
  /** With how many hosts each. */
  readonly plays: readonly { readonly play: string; readonly hosts: number }[]
  /** The run that it goes on with. */
  readonly resumes?: string
  /** The run that it takes back. */
  readonly takesBack?: string
}

/** A flag as it was given, or, where its value holds a secret, what has to be given again. */
export type AskedFlag =
  | { readonly flag: string; readonly value?: string }
  | { readonly flag: string; readonly secret: readonly string[] }

/** A file, or what a script has printed, and its SHA-256. */
export interface Digest {
  readonly path: string
  readonly digest: string
}

/**
 * What a host's time is spent on. Connecting ends when its shell says that it is ready; verifying is the probe right
 * behind the changes.
 */
export type Phase = 'connect' | 'probe' | 'plan' | 'apply' | 'verify' | 'steps' | 'around' | 'gates'

/** Seconds by phase. */
export type Spent = { readonly [P in Phase]?: number }

export type Outcome = 'ok' | 'changed' | 'failed' | 'unreachable' | 'skipped'

export interface TaskEvent {
  readonly host: string
  readonly play: string
  readonly role: string
  readonly task: string
  /** `file`, `service`, … or `step`. */
  readonly taskKind?: string
  readonly status: 'ok' | 'changed' | 'would change' | 'failed' | 'not run' | 'waited'
  readonly summary?: string
  /** The host keeps what was there before: all that was changed, or a part of it. */
  readonly keeps?: 'all' | 'part'
  readonly handler?: boolean
  readonly diff?: { readonly path: string; readonly before: string; readonly after: string }
  readonly output?: string
  readonly seconds?: number
}

export interface HostTotal {
  readonly host: string
  readonly outcome: Outcome
  readonly ok: number
  readonly changed: number
  readonly failed: number
  /** Programs sent to it, and how often the controller waited for it. */
  readonly programs: number
  readonly roundTrips: number
  readonly connections: number
}

export type Emit = (event: RunEvent) => void
