import type { Outcome } from '../journal/index.ts'
import type { Play } from '../playbook/index.ts'

export interface HostResult {
  readonly host: string
  readonly outcome: Outcome
}

/** Why a rollout goes no further. */
export interface Stop {
  readonly reason: string
  /** The same in fewer words, for each of the hosts that it comes to nothing on; default: the reason. */
  readonly brief?: string
  /** Nothing is wrong: the time is over, or the operator has said so. */
  readonly isInOrder?: true
}

/** Of how many hosts those are that have ended: of all of a batch, or of those of a window that were begun. */
export type Scope =
  | { readonly batch: number }
  | {
      /** How many may be in flight, those that failed among them. */
      readonly window: number
      readonly begun: number
    }

/** Ansible's rules for going on after failures, except that hosts which could not be reached count (ansible#56265). */
export function verdictOn(
  play: Pick<Play, 'name' | 'anyErrorsFatal' | 'maxFailPercentage'>,
  results: readonly HostResult[],
  scope: Scope,
): Stop | undefined {
  const failed = results.filter(hasFailed).map(({ host }) => host)
  if (failed.length === 0) return undefined
  const who = `${play.name}: failed on ${failed.join(', ')}`
  if (play.anyErrorsFatal) return { reason: who }
  const whole = 'batch' in scope ? scope.batch : scope.window
  if (failed.length >= whole) return { reason: `${who}${'batch' in scope ? ', the whole batch' : noPlaceIn(whole)}` }
  // A window that is not filled yet is judged as the batch of its size would be.
  const total = 'batch' in scope ? scope.batch : Math.max(scope.begun, scope.window)
  const percentage = (failed.length / total) * 100
  const limit = play.maxFailPercentage
  const ofWhom = 'batch' in scope ? 'of the batch' : `of the ${total} hosts begun`
  if (limit !== undefined && percentage > limit)
    return { reason: `${who}: ${percentage.toFixed(0)}% ${ofWhom}, more than ${limit}%` }
  return undefined
}

const noPlaceIn = (places: number): string =>
  `: no place is left in the window of ${places}, for a host that failed keeps its own`

export const hasFailed = ({ outcome }: HostResult): boolean => outcome === 'failed' || outcome === 'unreachable'
