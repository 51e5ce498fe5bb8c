import type { ClusterOf } from 'rota'
import { seconds } from 'rota'
import type { cluster } from '../cluster/index.ts'

/** How a node is drained, from the values of its cluster (drain-params.ts). */
export interface DrainSettings {
  readonly drain: boolean
  /** The operator is asked, or time passes, before a node is cordoned and before it is uncordoned. */
  readonly before: Wait
  readonly after: Wait
  /** How long a node that was Ready may take until it is so again, before it takes pods. */
  readonly readySeconds: number
  readonly selector: string
  readonly first: DrainAttempt
  /** A second way, around budgets: pods are deleted, not evicted. */
  readonly fallback: DrainAttempt | undefined
  readonly uncordonAfterFailure: boolean
  /** Whether one that could not be drained is left as it is; else it is changed all the same. */
  readonly failAfterFailure: boolean
}

/** As in kubespray, nobody who was asked waits as well. */
export interface Wait {
  readonly confirm: boolean
  readonly pauseSeconds: number
}

export interface DrainAttempt {
  readonly graceSeconds: number
  readonly timeoutSeconds: number
  readonly retries: number
  readonly delaySeconds: number
}

/** The settings of a host, from the values of its cluster. */
export const drainSettings = (values: ClusterOf<typeof cluster>): DrainSettings => ({
  drain: values.drainNodes,
  before: { confirm: values.confirmBefore, pauseSeconds: seconds(values.pauseBefore) },
  after: { confirm: values.confirmAfter, pauseSeconds: seconds(values.pauseAfter) },
  readySeconds: seconds(values.nodeReadyTimeout),
  selector: values.drainPodSelector,
  first: {
    graceSeconds: seconds(values.drainGracePeriod),
    timeoutSeconds: seconds(values.drainTimeout),
    retries: values.drainRetries,
    delaySeconds: seconds(values.drainRetryDelay),
  },
  fallback: values.drainFallback
    ? {
        graceSeconds: seconds(values.drainFallbackGracePeriod),
        timeoutSeconds: seconds(values.drainFallbackTimeout),
        retries: values.drainFallbackRetries,
        delaySeconds: seconds(values.drainFallbackRetryDelay),
      }
    : undefined,
  uncordonAfterFailure: values.uncordonAfterFailure,
  failAfterFailure: values.failAfterDrainFailure,
})
