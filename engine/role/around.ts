import type { StepContext } from './step.ts'
import type { AnyCluster, ClusterOf, HostContext } from './view.ts'

/**
 * Work around the changes of one host (Ansible's pre and post upgrade): take it out of service before, put it back
 * after its gate holds. It runs only on hosts that have something to change. `enter` is written down on the host before
 * it starts and taken back when `leave` has succeeded, so a run that died in between still owes the `leave`: the next
 * run pays it, also when nothing else is left to change.
 */
export interface Around {
  readonly name: string
  /** Its values are handed over as `cluster`. */
  readonly cluster?: AnyCluster | undefined
  /** Inventory variables it reads, so that `-e` may set them. */
  readonly vars?: readonly string[]
  /** What is wrong with the host's variables, all of it. Asked before any host is touched. */
  readonly check?: (context: never) => readonly string[]
  /**
   * Idempotent. What all hosts that start at the same time, or are in flight, have done before one of them is entered:
   * nobody shall go from one that is about to leave to another. A failure fails the host, as that of `enter` does.
   */
  readonly announce?: (context: never) => Promise<void>
  /** Idempotent. A failure fails the host; `leave` is then run at once, so a host is not left half out of service. */
  readonly enter: (context: never) => Promise<void>
  /**
   * Idempotent. Runs after the gates hold. It is not run where the changes failed: a broken host stays out of service.
   */
  readonly leave: (context: never) => Promise<void>
}

/** What a hook works with: as a step, and the values of the cluster. */
export type HookContext<C = undefined> = StepContext & { readonly cluster: ClusterOf<C> }

/** A hook of a play or a role: what is done on a host before and after its changes. Both ends must be idempotent. */
export const around = <C extends AnyCluster | undefined = undefined>(
  hook: Omit<Around, 'cluster' | 'check' | 'announce' | 'enter' | 'leave'> & {
    readonly cluster?: C
    readonly check?: (context: HostContext<C>) => readonly string[]
    readonly announce?: (context: HookContext<C>) => Promise<void>
    readonly enter: (context: HookContext<C>) => Promise<void>
    readonly leave: (context: HookContext<C>) => Promise<void>
  },
): Around => hook
