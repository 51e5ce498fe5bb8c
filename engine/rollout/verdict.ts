import type { Outcome } from '../journal/index.ts'
import type { Play } from '../playbook/index.ts'

export interface HostResult {
  readonly host: string
  readonly outcome: Outcome
}

/** Why a rollout goes no further. */
export interface Stop {
  readonly reason: string
}

/** Ansible's rules for going on after failures, except that hosts which could not be reached count (ansible#56265). */
export function verdictOn(
  play: Pick<Play, 'name' | 'anyErrorsFatal' | 'maxFailPercentage'>,
  results: readonly HostResult[],
  total: number,
): Stop | undefined {
  const failed = results
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'unreachable')
    .map(({ host }) => host)
  if (failed.length === 0) return undefined
  const who = `${play.name}: failed on ${failed.join(', ')}`
  if (play.anyErrorsFatal) return { reason: who }
  if (failed.length >= total) return { reason: `${who}, the whole batch` }
  const percentage = (failed.length / total) * 100
  const limit = play.maxFailPercentage
  if (limit !== undefined && percentage > limit)
    return { reason: `${who}: ${percentage.toFixed(0)}% of the batch, more than ${limit}%` }
  return undefined
}
