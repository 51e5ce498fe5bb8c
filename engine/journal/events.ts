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
    }
  | { readonly kind: 'note'; readonly host?: string; readonly text: string }
  | { readonly kind: 'warning'; readonly host?: string; readonly text: string }
  | { readonly kind: 'playStarted'; readonly play: string; readonly hosts: readonly string[]; readonly batches: number }
  | {
      readonly kind: 'batchStarted'
      readonly play: string
      readonly number: number
      readonly of: number
      readonly hosts: readonly string[]
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
      readonly kind: 'gate'
      readonly host: string
      readonly gate: string
      readonly status: 'waiting' | 'holds' | 'failed'
      readonly expected?: string
      readonly saw?: string
      readonly seconds?: number
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
    }
  | {
      readonly kind: 'around'
      readonly host: string
      readonly name: string
      readonly phase: 'enter' | 'leave'
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
  | { readonly kind: 'spent'; readonly host: string; readonly play: string; readonly seconds: Spent }
  | { readonly kind: 'stopped'; readonly reason: string }
  | {
      readonly kind: 'runFinished'
      readonly run: string
      readonly hosts: readonly HostTotal[]
      /** Plays that nobody was in, though the tags choose them. */
      readonly notRun?: readonly { readonly play: string; readonly why: string }[]
      readonly seconds: number
      readonly exitCode: number
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
