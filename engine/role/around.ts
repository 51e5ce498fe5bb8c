import type { StepContext } from './step.ts'
import type { HostView } from './view.ts'

/**
 * Work around the changes of one host (Ansible's pre and post upgrade): take it out of service before, put it back
 * after its gate holds. It runs only on hosts that have something to change. `enter` is written down on the host before
 * it starts and taken back when `leave` has succeeded, so a run that died in between still owes the `leave`: the next
 * run pays it, also when nothing else is left to change.
 */
export interface Around {
  readonly name: string
  /** Inventory variables it reads, so that `-e` may set them. */
  readonly vars?: readonly string[]
  /** What is wrong with the host's variables, all of it. Asked before any host is touched. */
  readonly check?: (host: HostView) => readonly string[]
  /** Idempotent. A failure fails the host; `leave` is then run at once, so a host is not left half out of service. */
  readonly enter: (context: StepContext) => Promise<void>
  /**
   * Idempotent. Runs after the gates hold. It is not run where the changes failed: a broken host stays out of service.
   */
  readonly leave: (context: StepContext) => Promise<void>
}

/** A hook of a play or a role: what is done on a host before and after its changes. Both ends must be idempotent. */
export const around = (hook: Around): Around => hook
